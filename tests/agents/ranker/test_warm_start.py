"""What PPO starts from: rounds of logging and fitting, and when what is to come is learned and measured."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.ranker import warm_start as module
from driftrec.agents.ranker.fitting import FitSettings
from driftrec.agents.ranker.future import FutureSettings
from driftrec.agents.ranker.warm_start import Round, fit_rounds, warm_start
from driftrec.agents.setup import WorldArgs
from driftrec.agents.worlds.kits import settings_of
from tests.agents.every_world import REQUEST, TEXTS, made, unfitted

FIT = FitSettings(lanes=8, log_steps=6, batch_size=16)
RESPONSES = WorldArgs("driftrec/RecSim-InterestExploration-v0", history=8)
EITHER = pytest.mark.parametrize("args", [TEXTS, REQUEST], ids=["texts", "features"])


@dataclass(frozen=True)
class Settled:
    weights: tuple[float, ...]
    far: tuple[bool, ...]
    fit: FitSettings = FIT

    @property
    def future(self):
        return FutureSettings(weights=self.weights, users=3)

    def rounds(self, seed):
        return [Round(seed + number, 1, far) for number, far in enumerate(self.far)]


@EITHER
@pytest.mark.parametrize(
    ("weights", "far", "stages"),
    [
        ((0.0,), (True, True), ["myopic", "refitted"]),
        ((0.0, 1.0), (True, True), ["myopic", "farsighted", "refitted"]),
        ((1.0,), (False, True), ["myopic", "farsighted"]),
        ((1.0,), (False, True, True, True), ["myopic", "farsighted", "refitted", "refitted"]),
    ],
)
def test_what_is_to_come_is_learned_once_and_weighed_after_every_farsighted_round(args, weights, far, stages):
    setup, told, lines = made(replace(args, horizon=4)), [], []
    judge = unfitted(setup)

    def estimate(setup, judge, logs, settings, *, seed, report):
        told.append((logs.over.shape, seed, judge.ranker.future.any().item()))
        return np.ones(len(judge.ranker.future), np.float32), 1000

    curve = Curve(setup.world, np.arange(3, dtype=np.uint64), 4)
    warm_start(setup, estimate, judge, Settled(weights, far), seed=7, report=lines.append, curve=curve)
    assert [row["stage"] for row in curve.rows] == stages
    assert told == ([((6, 8), 7, False)] if any(weights) else [])  # logs of random slates, (steps, lanes)
    weighed = sum(line.startswith("Weight ") for line in lines)
    assert weighed == (sum(far) * len(weights) if any(weights) else 0)
    logged = len(far) * FIT.lanes * FIT.log_steps
    tried = weighed * 3 * 4  # nobody leaves in four steps
    assert curve.env_steps == logged + tried + (1000 if told else 0)


@EITHER
def test_slates_are_random_first_and_then_the_rankers_own_with_noise(args, monkeypatch):
    served, collect = [], module.collect

    def noted(envs, policy, judge, num_steps, seed):
        served.append((type(policy).__name__, getattr(policy, "noise", None), seed))
        return collect(envs, policy, judge, num_steps, seed)

    monkeypatch.setattr(module, "collect", noted)
    setup, sizes, lines = made(args), [], []
    rounds = [Round(seed, 1, False) for seed in (5, 6, 7)]
    for each, logs, steps in fit_rounds(setup, unfitted(setup), FIT, rounds, seed=0, report=lines.append):
        assert each is rounds[len(logs) - 1]
        sizes.append(steps)
    assert served == [("Random", None, 5), ("Greedy", FIT.noise, 6), ("Greedy", FIT.noise, 7)]
    assert sizes == [48, 48, 48]
    assert [line.split()[6] for line in lines if line.startswith("Ranker")] == ["48", "96", "144"]  # all logs so far


def test_a_pilot_is_served_before_anything_is_fitted_and_its_steps_count():
    setup = made(RESPONSES)
    judge = unfitted(setup)
    ((_, logs, steps),) = fit_rounds(setup, judge, FIT, [Round(1, 1, True)], seed=0, report=lambda line: None)
    assert steps == 8 * (50 + 6)
    assert logs[0].over.shape == (6, 8)
    assert judge.ranker.encoder.weights.any()


@pytest.mark.parametrize(("world", "far"), [(TEXTS.world, [0, 1, 1, 1, 1]), (REQUEST.world, [1])])
def test_rounds_have_seeds_of_their_own_and_the_myopic_need_not_look_ahead(world, far):
    settings = settings_of(world)
    rounds, myopic = settings.rounds(3), settings.myopic_rounds(3)
    assert [each.farsighted for each in rounds] == far
    assert len({each.seed for each in rounds}) == len(rounds)
    assert [each.seed for each in myopic] == [each.seed for each in rounds[: settings.fit.rounds]]
    assert not any(each.farsighted for each in myopic)
    assert myopic[-1].epochs == settings.fit.epochs
