"""Logs of served slates: every step replayed user by user, also those with which an episode ends."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftrec.agents.baselines import Random
from driftrec.agents.ranker.logs import collect
from driftrec.agents.ranker.protocol import Logs, as_tensors, joined
from driftrec.agents.setup import NEWS, WorldArgs, set_up
from driftrec.envs.news import news_world
from driftrec.simulators.noise import child_seeds, user_seeds
from tests.agents.every_world import made, unfitted

LANES, STEPS, SEED = 12, 25, 3
BUDGET = '{"time_budget": 20}'  # some users leave before the horizon, some do not
WORLDS = {
    "texts": WorldArgs(NEWS, slate_size=3, history=7, horizon=9),
    "leaves": WorldArgs("driftrec/RecSim-InterestEvolution-v0", horizon=9, config=BUDGET),
    "blind": WorldArgs("driftrec/RecSim-LongTermSatisfaction-v0", horizon=9),
    "ideal": WorldArgs("driftrec/Sardine-SlateRerank-Bored-v0", horizon=7),
    "partial": WorldArgs("driftrec/Sardine-SlateRerank-Bored-v0", horizon=7, options='{"observation": "partial"}'),
}


class Recorded:
    """A policy whose slates are written down."""

    def __init__(self, policy):
        self.policy, self.slates, self.resets = policy, [], []

    def reset(self, num_users, seed):
        self.resets.append((num_users, seed))
        self.policy.reset(num_users, seed)

    def act(self, observation):
        self.slates.append(self.policy.act(observation))
        return self.slates[-1]


def leaving(setup):
    """The news with users who leave for good before the horizon."""
    config = {"comeback": {"churn_rate": 0.05}}
    return replace(setup, world=news_world(slate_size=3, history=7, config=config))


@pytest.mark.parametrize("name", WORLDS)
def test_every_lane_is_what_its_users_lived_one_after_the_other(name):
    setup = made(WORLDS[name])
    setup = leaving(setup) if name == "texts" else setup
    judge, policy, world = unfitted(setup), Recorded(Random(setup.context)), setup.world
    logs, ends, clicks_at_ends = collect(setup.envs(LANES), policy, judge, STEPS, SEED), [], 0
    assert policy.resets == [(LANES, SEED)]
    assert logs.engagement.shape == (STEPS, LANES, world.slate_size)
    for lane, lane_seed in enumerate(user_seeds(SEED, "logging", LANES)):
        episode, lived = 0, 0
        state = world.reset(child_seeds(np.array([lane_seed]), np.array([0])))
        for t in range(STEPS):
            seen, slate = world.observe(state), policy.slates[t][lane][None]
            for key, value in judge.ranker.remember(as_tensors(seen)).items():
                torch.testing.assert_close(logs.seen[key][t, lane], value[0], rtol=1e-6, atol=1e-6)
            assert torch.equal(logs.shown[t, lane], judge.items.of(seen, slate)[0])
            feedback = world.step(state, slate)
            lived += 1
            over = bool(feedback.left[0]) or lived == setup.horizon
            assert logs.clicks[t, lane].tolist() == feedback.clicks[0].tolist(), (lane, t)
            assert logs.engagement[t, lane].tolist() == feedback.engagement[0].tolist(), (lane, t)
            assert logs.over[t, lane] == over, (lane, t)
            if over:
                ends.append(lived)
                clicks_at_ends += feedback.clicks[0].sum()
                episode, lived = episode + 1, 0
                state = world.reset(child_seeds(np.array([lane_seed]), np.array([episode])))
    assert len(ends) > LANES
    assert clicks_at_ends > 0  # which the next user's first info does not hold
    assert ((logs.engagement > 0) <= logs.clicks).all()
    if name in ("texts", "leaves"):
        assert min(ends) < setup.horizon == max(ends)


def test_a_ranker_remembers_what_it_learns_from(make_setup):
    """All of the observation where the encoder learns, else what it makes of it."""
    texts, features = make_setup(), set_up(WORLDS["partial"])
    for setup, names in ((texts, set(texts.world.fields)), (features, {"state"})):
        seen = as_tensors(setup.world.observe(setup.world.reset(np.arange(4, dtype=np.uint64))))
        assert set(unfitted(setup).ranker.remember(seen)) == names


def small(start, steps=3, users=2):
    """Logs of numbers that say where they stand."""
    numbers = start + torch.arange(steps * users, dtype=torch.float32).reshape(steps, users)
    slates = numbers[..., None].repeat(1, 1, 2)
    seen = {"state": numbers[..., None], "clock": -numbers[..., None]}
    return Logs(seen, slates[..., None], slates > 0, slates, numbers > 0)


def test_rows_go_step_by_step():
    rows = small(0).rows()
    assert len(rows) == 6
    assert rows.seen["state"][:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert rows.shown.shape == (6, 2, 1)
    picked = rows[torch.tensor([4, 1])]
    assert picked.engagement.tolist() == [[4, 4], [1, 1]]
    assert picked.seen["clock"][:, 0].tolist() == [-4, -1]


def test_joined_logs_stand_in_a_row():
    both = joined([small(0).rows(), small(10, steps=1).rows()])
    assert both.seen["state"][:, 0].tolist() == [0, 1, 2, 3, 4, 5, 10, 11]
    assert both.seen["clock"][:, 0].tolist() == [0, -1, -2, -3, -4, -5, -10, -11]
    assert len(both) == len(both.over) == len(both.clicks) == 8
