"""What comes after a step, and the weight of it that serves best."""

import numpy as np
import pytest

from driftrec.agents.engines.engine import Local
from driftrec.agents.engines.processes import Processes
from driftrec.agents.evaluation.play import mean_engagement, tried
from driftrec.agents.ranker import future as future_module
from driftrec.agents.ranker.future import FutureSettings, engagement_after, weigh
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.setup import NEWS, WorldArgs
from tests.agents.every_world import made, unfitted

EVOLUTION = WorldArgs("driftrec/RecSim-InterestEvolution-v0", horizon=30, config='{"time_budget": 20}')


def test_engagement_after_is_the_discounted_sum_within_the_episode():
    engagement = np.array([[1.0], [2.0], [4.0], [8.0], [16.0]])
    over = np.array([[False], [False], [True], [False], [False]])
    expected = [0.5 * 2 + 0.25 * 4, 0.5 * 4, 0.0, 0.5 * 16, 0.0]
    np.testing.assert_allclose(engagement_after(engagement, over, 0.5)[:, 0], expected)


@pytest.mark.parametrize("args", [WorldArgs(NEWS, horizon=30), EVOLUTION], ids=["texts", "features"])
@pytest.mark.parametrize(("earned", "best"), [((3.0, 9.0, 5.0), 2.0), ((4.0, 4.0, 1.0), 0.0), ((1.0, 2.0, 3.0), 5.0)])
def test_the_weight_that_serves_best_is_kept_of_equals_the_first(args, earned, best, monkeypatch):
    setup, met = made(args), []
    judge = unfitted(setup)
    to_come = np.arange(len(judge.ranker.future), dtype=np.float32)

    def serve(world, policy, users, horizon):
        assert (world, len(users), horizon) == (setup.world, 9, 30)
        met.append(policy.judge.ranker.future.clone())
        return earned[len(met) - 1], 100

    monkeypatch.setattr(future_module, "tried", serve)
    settings, lines = FutureSettings(weights=(0.0, 2.0, 5.0), users=9), []
    steps = weigh(setup, judge, to_come, seed=0, settings=settings, report=lines.append)
    assert steps == 300
    assert [future.tolist() for future in met] == [(weight * to_come).tolist() for weight in (0.0, 2.0, 5.0)]
    assert judge.ranker.future.tolist() == (best * to_come).tolist()
    assert lines[1] == f"Weight 2 of what is to come: {earned[1]:.2f} {setup.world.unit} an episode"


@pytest.mark.usefixtures("one_thread")
def test_weights_tried_in_several_processes_come_to_the_same(monkeypatch):
    """Failed where each weight was set here before any job was sent: all were served by the last."""
    setup, found = made(WorldArgs(NEWS, horizon=20)), []
    to_come = np.random.default_rng(0).normal(size=setup.world.num_items).astype(np.float32)
    for engine in (Local(), Processes(2)):
        monkeypatch.setattr(future_module, "engine_of", lambda device, items, engine=engine: engine)
        judge, lines = unfitted(setup), []
        settings = FutureSettings(weights=(0.0, 1.0, 5.0), users=16)
        steps = weigh(setup, judge, to_come, seed=0, settings=settings, report=lines.append)
        found.append((steps, lines, judge.ranker.future.tolist()))
    assert found[0] == found[1]
    assert len({line.split(": ")[1] for line in found[0][1]}) == 3


def test_steps_of_users_who_left_are_not_counted():
    setup = made(EVOLUTION)
    policy, users = Greedy(unfitted(setup), setup.slate_size), np.arange(50, dtype=np.uint64)
    engagement, steps = tried(setup.world, policy, users, 30)
    assert engagement == mean_engagement(setup.world, policy, users, 30)
    state, by_hand, here = setup.world.reset(users), 0, np.ones(50, bool)
    for _ in range(30):
        by_hand += here.sum()
        here &= ~setup.world.step(state, policy.act(setup.world.observe(state))).left
    assert 50 < steps == by_hand < 50 * 30


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gamma": 1.0}, "FutureSettings.gamma is 1.0; it must be between 0 and 0.9999"),
        ({"weights": ()}, "FutureSettings.weights is empty; give at least one, such as 0"),
        ({"users": 0}, "FutureSettings.users is 0; it must be between 1"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        FutureSettings(**changes)
