"""What PPO may be told, and how its steps shrink."""

from dataclasses import replace

import pytest

from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.ppo_settings import PPOSettings, build_ppo
from tests.agents.every_world import TEXTS, begin

TOY = PPOSettings(total_steps=128, lanes=16, rollout=4, batch_size=64, epochs=1, candidates=20)


def test_the_step_size_falls_linearly_to_nothing():
    setup, judge, _ = begin(TEXTS)
    settings = replace(TOY, learning_rate=0.04)
    model = build_ppo(setup.envs(16), CandidateStage(judge, 20, 5), settings, 0)
    assert [model.lr_schedule(left) for left in (1.0, 0.5, 0.25, 0.0)] == pytest.approx([0.04, 0.02, 0.01, 0.0])
    assert model.lr_schedule(-0.1) == 0.0  # a last rollout goes beyond the steps asked for


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"candidates": 0}, "PPOSettings.candidates is 0; it must be between 1"),
        ({"lanes": 0}, "PPOSettings.lanes is 0"),
        ({"gamma": 1.5}, "PPOSettings.gamma is 1.5"),
        ({"clip": 0.0}, "PPOSettings.clip is 0.0"),
        ({"temper": -1.0}, "PPOSettings.temper is -1.0"),
        ({"learning_rate": float("nan")}, "PPOSettings.learning_rate is nan"),
        ({"lanes": 1, "rollout": 1}, "PPOSettings.lanes and rollout are 1; an update needs at least 2 steps"),
    ],
)
def test_settings_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        PPOSettings(**changes)
