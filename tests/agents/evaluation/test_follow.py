"""One user's life: the same as in a comparison, told three times."""

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.evaluation.follow import follow
from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.registry import builders
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import KITS


def life(setup, name="random", user=7, horizon=12):
    policy = builders(setup).policies[name](setup.context)
    return follow(setup.world, policy, np.uint64(user), horizon=horizon, seed=0, name=name)


@pytest.mark.parametrize("world", KITS)
def test_words_impressions_and_hidden_numbers_tell_the_same_steps(world):
    setup = set_up(WorldArgs(world, horizon=12))
    told = life(setup)
    steps = told.impressions.step.nunique()
    assert len(told.words) == steps + 1
    assert told.hidden.step.unique().tolist() == list(range(steps + 1)) or told.hidden.empty
    policy = builders(setup).policies["random"](setup.context)
    engagement = mean_engagement(setup.world, policy, np.array([7], np.uint64), 12)
    assert told.impressions.engagement.sum() == pytest.approx(engagement, rel=1e-5)
    for number, slate in told.impressions.groupby("step"):
        words = told.words[number + 1]
        assert words.startswith(f"Step {number + 1} of 12")
        assert words.count("<- opened") == slate.clicked.sum()
        assert all(title in words for title in slate.title)
        assert slate.title.ne("").all() == (setup.world.catalogue is not None)


def test_what_is_hidden_is_what_the_world_reveals(make_setup):
    setup = make_setup(40)
    told = life(setup)
    state = setup.world.reset(np.array([7], np.uint64))
    first = told.hidden[told.hidden.step == 0].set_index(["kind", "topic"]).value
    truth = setup.world.reveal(state)
    assert first["satisfaction", ""] == pytest.approx(truth["satisfaction"][0])
    for topic, direction in setup.world.topics.items():
        assert first["interest", topic] == pytest.approx(float(truth["interest"][0] @ direction), abs=1e-6)
    assert first["satiation"].tolist() == [0.0] * len(setup.world.topics)


def test_another_user_has_another_life(make_setup):
    setup = make_setup(40)
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(life(setup).hidden, life(setup, user=8).hidden)
    pd.testing.assert_frame_equal(life(setup).hidden, life(setup).hidden)
