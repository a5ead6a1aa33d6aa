"""Imitation approaches a planted planner, from what the candidate stage shows."""

import numpy as np

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.play import play
from driftrec.agents.oracles.told import Told
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.rivals.imitation import Imitation, labels
from driftrec.agents.rivals.rival_settings import ImitationSettings
from driftrec.agents.setup import WorldArgs
from tests.agents.every_world import made, unfitted

ARGS = WorldArgs("driftrec/Sardine-SlateRerank-Bored-v0", horizon=4)


class Ordered(Told):
    """Orders items by one of their features, from the top down for those who like its topic, from below for others."""

    def __init__(self, world):
        self.world = world

    def act(self, observation):
        order = np.argsort(-self.world.item_features[:, 0])
        likes = self.state.current[:, 0] > 0.1
        return np.where(likes[:, None], order, order[::-1])


def agreement(setup, policy, planner):
    """Share of positions at which the policy shows what the planner shows, of new users."""
    state, steps = play(setup.world, policy, np.arange(900, 964, dtype=np.uint64), horizon=1, seed=0)
    planner.see(state)
    wanted = planner.act({})
    return (next(steps).slates == wanted).mean()


def test_what_is_not_among_the_candidates_is_not_learned():
    seen = {"candidates": np.array([[7, 2, 5, 9]], np.int32)}
    found = labels(seen, np.array([[5, 8, 7]]))
    assert found.known.tolist() == [[True, False, True]]
    assert found.picks.tolist() == [[2, 1, 0]]  # in the place of 8 the best that the slate does not hold
    assert labels(seen, np.array([[1, 3, 4]])).picks.tolist() == [[0, 1, 2]]


def test_the_policy_comes_to_show_what_the_planner_shows():
    setup = made(ARGS)
    planner = Ordered(setup.world)
    stage = CandidateStage(unfitted(setup), 10, setup.slate_size)
    settings = ImitationSettings(users=64, rounds=1, epochs=10, batch_size=64, learning_rate=0.02, validation_users=4)
    curve = Curve(setup.world, np.arange(4, dtype=np.uint64), setup.horizon)
    imitation = Imitation(setup, planner, stage, settings, seed=0, curve=curve)
    before = agreement(setup, imitation.policy, planner)
    imitation.keeper.restore = lambda: None  # as learned last, whatever it earns
    imitation.run()
    assert agreement(setup, imitation.policy, planner) > before + 0.3
    assert imitation.steps == 2 * 64 * setup.horizon
