"""What SlateQ may be told, and how its exploration falls."""

import pytest

from driftrec.agents.slateq.slateq_settings import SlateQSettings, SlateQTraining


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gamma": 1.5}, "SlateQSettings.gamma is 1.5; it must be between 0 and 1"),
        ({"lanes": 0}, "SlateQSettings.lanes is 0"),
        ({"unit": 0.0}, "SlateQSettings.unit is 0.0"),
        ({"annealed": 0.0}, "SlateQSettings.annealed is 0.0"),
        ({"memory": 100}, "SlateQSettings.memory is 100; it must hold a step of all 128 lanes"),
    ],
)
def test_settings_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        SlateQSettings(**changes)


@pytest.mark.parametrize(("name", "lowest"), [("validations", 2), ("validation_users", 1)])
def test_training_out_of_range_is_named(name, lowest):
    with pytest.raises(ValueError, match=rf"SlateQTraining\.{name} is 0; it must be between {lowest} and"):
        SlateQTraining(**{name: 0})


def test_exploration_falls_and_stays():
    settings = SlateQSettings(total_steps=1000, epsilon=0.9, last_epsilon=0.1, annealed=0.5)
    chances = [settings.exploration(steps) for steps in (0, 250, 500, 900)]
    assert chances == pytest.approx([0.9, 0.5, 0.1, 0.1])
