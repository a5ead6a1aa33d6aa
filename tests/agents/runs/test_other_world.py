"""Another world than News goes through the same comparison: no interests, no sessions, nobody leaves."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from driftrec.agents.baselines import LinUCB, Random
from driftrec.agents.comparison.comparison import compare
from driftrec.agents.comparison.entries import Entry
from driftrec.agents.evaluation.summary import read_results, write_results
from driftrec.agents.oracles import MyopicOracle
from driftrec.agents.plots.plots import save_all
from driftrec.agents.policy import Context
from driftrec.agents.setup import WorldArgs
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.world import Appraisal, Feedback, Field
from tests.drawn import ALWAYS

ITEMS, SLATE, STEPS, USERS = 9, 2, 6, 15


@dataclass
class TasteState:
    """One hidden weight an item, which never moves."""

    attraction: np.ndarray  # (users, items)
    step: np.ndarray  # (users,)


class TasteWorld:
    """Users open the item of a slate that attracts them most, if it attracts them at all, for one minute."""

    num_items, slate_size = ITEMS, SLATE
    topics: dict = {}  # noqa: RUF012
    unit, one_click = "minutes", True
    catalogue = personas = None
    item_features = np.zeros((ITEMS, 1), np.float32)
    settled: dict = {}  # noqa: RUF012
    fields = {"persona": Field((1,), np.int32, 0, 0), "read_items": Field((1,), np.int32, -1, ITEMS - 1)}  # noqa: RUF012

    def check_ends(self):
        raise ValueError("nobody leaves")

    def reset(self, seeds):
        tastes = [np.random.default_rng(int(seed)).uniform(size=ITEMS) for seed in seeds]
        return TasteState(np.array(tastes, np.float32), np.zeros(len(seeds), np.int64))

    def step(self, state, slates):
        state.step += 1
        weights = np.take_along_axis(state.attraction, slates, axis=1)
        clicks = (weights == weights.max(axis=1, keepdims=True)) & (weights > 0.5)
        nobody = np.zeros(len(slates), bool)
        return Feedback(clicks, clicks.astype(np.float32), nobody, np.zeros(len(slates), np.float32), nobody.copy())

    def observe(self, state):
        nothing = np.zeros((len(state.step), 1), np.int32)
        return {"persona": nothing, "read_items": nothing - 1}

    def reveal(self, state):
        return {"attraction": state.attraction.copy()}

    def expected_engagement(self, state):
        return (state.attraction > 0.5).astype(np.float32)

    def appraise(self, state):
        ones = np.ones(SLATE, np.float32)
        return Appraisal(state.attraction, self.expected_engagement(state), 0.1, ones)


@pytest.fixture(scope="module")
def results():
    rng = np.random.default_rng(0)
    items = rng.standard_normal((ITEMS, 4)).astype(np.float32)
    titles = tuple(f"Item {i}" for i in range(ITEMS))
    context = Context(SLATE, items, items[:1], np.ones(ITEMS, np.float32), titles)
    world = TasteWorld()
    setup = SimpleNamespace(args=WorldArgs(world="taste"), horizon=STEPS, world=world, context=context)
    policies = {"random": Random(context), "linucb": LinUCB(context), "oracle": MyopicOracle(world)}
    entries = [Entry(label, {None: policy}) for label, policy in policies.items()]
    return compare(setup, entries, users=USERS, seed=3, baseline="random")


def test_it_is_compared(results):
    policies = results.summary["policies"]
    assert policies["oracle"]["engagement"]["mean"] > policies["random"]["engagement"]["mean"]
    assert policies["oracle"]["oracle"]
    assert {policy["churn"]["mean"] for policy in policies.values()} == {0.0}
    assert (results.episodes.sessions == 1).all()  # a world without sessions has one long visit
    assert (results.episodes.steps == STEPS).all()


def test_what_it_does_not_have_is_left_out(results):
    assert results.episodes.interest_drift.isna().all()
    assert all(policy["interest_drift"] is None for policy in results.summary["policies"].values())
    assert results.journeys.empty
    assert not {"opened_quality", "opened_allure", "opened_satiation", "topic_entropy"} & set(results.steps.columns)
    assert results.steps.gap_hours.isna().all()  # no session ever ends


def test_results_are_written_read_and_drawn(results, tmp_path):
    write_results(tmp_path, results)
    back = read_results(tmp_path)
    assert back.summary == results.summary
    assert back.journeys.empty
    files = save_all(tmp_path, back)  # nobody leaves this world
    assert {file.stem for file in files} == {*ALWAYS, "engagement_over_steps"}


def test_it_is_an_environment_too():
    env = RecommendationEnv(TasteWorld(), horizon=STEPS)
    observation, _ = env.reset(seed=1)
    assert observation in env.observation_space
    *_, truncated, info = [env.step(np.array([0, 1])) for _ in range(STEPS)][-1]
    assert truncated
    assert info["attraction"].shape == (ITEMS,)
