"""What decides a training: rounds of fitting, and what is out of range."""

import pytest

from driftrec.agents.ranker.fitting import FitSettings
from driftrec.agents.worlds.settings import TextSettings, TrainSettings


def told(rounds):
    return [(each.epochs, each.farsighted) for each in rounds]


def test_every_round_looks_ahead_where_no_texts_are():
    settings = TrainSettings(FitSettings(rounds=3, epochs=2))
    assert told(settings.rounds(0)) == [(2, True)] * 3
    assert told(settings.myopic_rounds(0)) == [(2, False)] * 3


def test_rounds_with_texts_look_ahead_from_the_last_fit_on():
    settings = TextSettings(FitSettings(rounds=3, epochs=2), refits=2)
    assert told(settings.rounds(0)) == [(1, False), (1, False), (1, True), (2, True), (2, True)]
    assert told(settings.myopic_rounds(0)) == [(1, False), (1, False), (2, False)]


def test_one_fit_without_refits_is_one_round():
    settings = TextSettings(FitSettings(rounds=1, epochs=2), refits=0)
    assert told(settings.rounds(0)) == [(1, True)]
    assert told(settings.myopic_rounds(0)) == [(2, False)]


@pytest.mark.parametrize("settings", [TrainSettings(), TextSettings()])
def test_no_two_rounds_have_one_seed_and_the_same_seed_repeats(settings):
    first, again, other = ([each.seed for each in settings.rounds(seed)] for seed in (1, 1, 2))
    assert first == again
    assert len({*first, *other}) == 2 * len(first)
    assert [each.seed for each in settings.myopic_rounds(1)] == first[: settings.fit.rounds]


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (TrainSettings, {"validations": 1}, "TrainSettings.validations is 1; it must be between 2"),
        (TrainSettings, {"value_steps": -1}, "TrainSettings.value_steps is -1; it must be between 0"),
        (TrainSettings, {"validation_users": 0}, "TrainSettings.validation_users is 0; it must be between 1"),
        (TextSettings, {"validations": 1}, "TextSettings.validations is 1; it must be between 2"),
        (TextSettings, {"belief_steps": -1}, "TextSettings.belief_steps is -1; it must be between 0"),
        (TextSettings, {"refits": -1}, "TextSettings.refits is -1; it must be between 0"),
        (TextSettings, {"encoder": "transfomer"}, "Encoder 'transfomer' is unknown. Did you mean 'transformer'?"),
        (
            TextSettings,
            {"true_state": True, "encoder": "recurrent"},
            "TextSettings.true_state stands in for an encoder",
        ),
        (TextSettings, {"true_state": True, "told_encoder": True}, "told_encoder True. Leave true_state out"),
        (TextSettings, {"withheld": 1.0}, "TextSettings.withheld is 1.0; it must be between 0"),
    ],
)
def test_settings_out_of_range_are_refused(kind, changes, message):
    with pytest.raises(ValueError, match=message):
        kind(**changes)
