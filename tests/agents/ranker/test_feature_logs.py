"""Logs of served slates: every step replayed user by user, also those with which an episode ends."""

import numpy as np
import pytest
import torch

from driftrec.agents.baselines import Random
from driftrec.agents.ranker.feature_logs import Logs, collect, joined
from driftrec.agents.ranker.feature_training import make_items, make_ranker
from driftrec.agents.setup import WorldArgs
from driftrec.agents.worlds.published_setup import set_up_published
from driftrec.simulators.noise import child_seeds, user_seeds

LANES, STEPS, SEED = 12, 25, 3


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


def served(args):
    """Setup, recorded policy, logs, and the encoder and items they were made with."""
    setup = set_up_published(args)
    items = make_items(setup.world)
    encoder = make_ranker(setup.world, items, 0).encoder
    policy = Recorded(Random(setup.context))
    logs = collect(setup.envs(LANES), policy, encoder, items, STEPS, SEED)
    return setup, policy, logs, encoder, items


BUDGET = '{"time_budget": 20}'  # some users leave before the horizon, some do not


@pytest.mark.parametrize(
    "args",
    [
        WorldArgs("driftrec/RecSim-InterestEvolution-v0", horizon=9, config=BUDGET),
        WorldArgs("driftrec/RecSim-LongTermSatisfaction-v0", horizon=9),
        WorldArgs("driftrec/Sardine-SlateRerank-Bored-v0", horizon=7),
        WorldArgs("driftrec/Sardine-SlateRerank-Bored-v0", horizon=7, options='{"observation": "partial"}'),
    ],
    ids=["leaves", "blind", "ideal", "partial"],
)
def test_every_lane_is_what_its_users_lived_one_after_the_other(args):
    setup, policy, logs, encoder, items = served(args)
    world, ends, clicks_at_ends = setup.world, [], 0
    assert policy.resets == [(LANES, SEED)]
    assert logs.engagement.shape == (STEPS, LANES, world.slate_size)
    for lane, lane_seed in enumerate(user_seeds(SEED, "logging", LANES)):
        episode, lived = 0, 0
        state = world.reset(child_seeds(np.array([lane_seed]), np.array([0])))
        for t in range(STEPS):
            seen, slate = world.observe(state), policy.slates[t][lane][None]
            tensors = {name: torch.from_numpy(value) for name, value in seen.items()}
            torch.testing.assert_close(logs.state[t, lane], encoder(tensors)[0], rtol=1e-6, atol=1e-6)
            assert torch.equal(logs.columns[t, lane], items.of(seen, slate)[0])
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
    if args.config == BUDGET:
        assert min(ends) < setup.horizon == max(ends)


def small(start, steps=3, users=2):
    """Logs of numbers that say where they stand."""
    numbers = start + torch.arange(steps * users, dtype=torch.float32).reshape(steps, users)
    slates = numbers[..., None].repeat(1, 1, 2)
    return Logs(numbers[..., None], slates[..., None], slates > 0, slates, numbers > 0)


def test_rows_go_step_by_step():
    rows = small(0).rows()
    assert len(rows) == 6
    assert rows.state[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert rows.columns.shape == (6, 2, 1)
    assert rows[torch.tensor([4, 1])].engagement.tolist() == [[4, 4], [1, 1]]


def test_joined_logs_stand_in_a_row():
    both = joined([small(0).rows(), small(10, steps=1).rows()])
    assert both.state[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 10, 11]
    assert len(both) == len(both.over) == len(both.clicks) == 8
