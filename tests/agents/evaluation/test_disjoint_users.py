"""Whom a policy learns from, whom it is measured on, and whom it is compared on: no user is in two of these.

Seeds are all the same, as ``driftrec demo`` has it: only the purposes keep users apart.
"""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from driftrec.agents.baselines import Random
from driftrec.agents.comparison.comparison import compare
from driftrec.agents.comparison.entries import Entry
from driftrec.agents.comparison.tuning import search, validate
from driftrec.agents.evaluation import curves
from driftrec.agents.oracles.planner import tune_planner
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.ppo_settings import PPOSettings, build_ppo
from driftrec.agents.ranker.fitting import FitSettings
from driftrec.agents.ranker.future import weigh
from driftrec.agents.ranker.item_future import ItemFutureSettings, log_random
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.logs import collect
from driftrec.agents.runs import train as training
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import kit_of
from driftrec.agents.worlds.settings import TextSettings
from driftrec.simulators.news import NewsWorld

SEED, LANES = 0, 12
FUTURE = ItemFutureSettings(lanes=LANES, log_steps=8, weights=(1.0,), users=LANES)
TOY = TextSettings(
    fit=FitSettings(lanes=LANES, log_steps=8, rounds=2, epochs=1, batch_size=64),
    future=FUTURE,
    ppo=PPOSettings(total_steps=96, lanes=LANES, rollout=4, batch_size=48, epochs=1, candidates=10),
    validations=2,
    validation_users=LANES,
)


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(8, slate_size=3, history=10, horizon=5)


def judge_in(setup: Setup) -> Judge:
    return kit_of(setup).judge(setup, {"representation": "random"}, SEED)


def log(setup: Setup, judge: Judge) -> None:
    collect(setup.envs(LANES), Random(setup.context), judge, 8, SEED)


def log_for_the_future(setup: Setup, judge: Judge) -> None:
    log_random(setup.context, setup.envs(LANES), SEED, FUTURE)


def weigh_the_future(setup: Setup, judge: Judge) -> None:
    future = np.zeros(setup.world.num_items, np.float32)
    weigh(setup, judge, future, seed=SEED, settings=FUTURE, report=lambda line: None)


def learn(setup: Setup, judge: Judge) -> None:
    stage = CandidateStage(judge, TOY.ppo.candidates, setup.slate_size)
    build_ppo(setup.envs(TOY.ppo.lanes), stage, TOY.ppo, SEED).learn(TOY.ppo.total_steps)


def plan(setup: Setup, judge: Judge) -> None:
    world: Any = setup.world
    tune_planner(world, seed=SEED, horizon=2, num_users=LANES, rounds=1, samples=4)


def tune(setup: Setup, judge: Judge) -> None:
    list(search(setup, "content", seed=SEED, trials=2, users=LANES))


def check_tuned(setup: Setup, judge: Judge) -> None:
    validate(setup, "content", {"half_life": 9.0}, seed=SEED, users=LANES)


def evaluate(setup: Setup, judge: Judge) -> None:
    compare(setup, [Entry("random", {None: Random(setup.context)})], users=LANES, seed=SEED, baseline="random")


PHASES = (log, log_for_the_future, weigh_the_future, learn, plan, tune, check_tuned, evaluate)


@pytest.fixture
def met(monkeypatch):
    """Seeds of all users that any world brings in."""
    seeds = set()
    reset = NewsWorld.reset

    def watched(world, given):
        seeds.update(np.asarray(given).tolist())
        return reset(world, given)

    monkeypatch.setattr(NewsWorld, "reset", watched)
    return seeds


def test_no_two_phases_meet_the_same_user(setup, met):
    users = {}
    for phase in PHASES:
        met.clear()
        phase(setup, judge_in(setup))
        users[phase.__name__] = set(met)
        assert len(met) >= LANES
    assert len(users["log"]) > LANES  # several users a lane
    for one, other in combinations(users, 2):
        assert not users[one] & users[other], (one, other)


def test_training_from_start_to_end_meets_nobody_of_the_comparison(setup, met, monkeypatch, tmp_path):
    measured = []
    measure = curves.mean_engagement

    def watched(world, policy, seeds, horizon):
        measured.append(set(seeds.tolist()))
        return measure(world, policy, seeds, horizon)

    monkeypatch.setattr(curves, "mean_engagement", watched)
    training.train(setup, TOY, seed=SEED, folder=tmp_path)
    trained = set(met)
    assert len(measured) == 7  # myopic, farsighted, three refits, before and after PPO
    assert all(users == measured[0] for users in measured)
    assert len(measured[0]) == LANES
    for phase in (plan, evaluate):
        met.clear()
        phase(setup, judge_in(setup))
        assert not trained & met
        assert not measured[0] & met
    met.clear()
    learn(setup, judge_in(setup))
    assert not measured[0] & met  # nor is it measured on those it learns from
