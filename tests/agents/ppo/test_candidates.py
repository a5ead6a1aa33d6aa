"""The candidate stage in front of the environments: which items are shown, and what is seen of a lane that ends."""

import numpy as np
import pytest
from gymnasium import spaces

from driftrec.agents.ppo.candidates import CandidateStage, CandidateVecEnv
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.envs import NewsVectorEnv
from driftrec.envs.sb3_bridge import SB3VecEnv

LANES, SLATE, SIZE = 6, 3, 8
WORLD = {"slate_size": SLATE, "history": 6, "horizon": 5, "config": {"comeback": {"churn_rate": 0.05}}}


class Stage:
    """Candidates by persona and hour alone, different for every user and step; no item is its own position."""

    size = SIZE

    def space(self):
        return spaces.Dict(
            {"candidates": spaces.Box(0, 999, (SIZE,), np.int32), "hours": spaces.Box(0, 1e6, (1,), np.float32)}
        )

    def __call__(self, observation):
        hours = observation["clock"][:, :1]
        first = 100 + 7 * observation["persona"] % 300 + (1000 * hours).astype(np.int64) % 400
        return {"candidates": (first + 3 * np.arange(SIZE)).astype(np.int32), "hours": hours}


def native():
    return NewsVectorEnv(LANES, autoreset_mode="SameStep", **WORLD)


@pytest.fixture
def behind():
    venv = CandidateVecEnv(SB3VecEnv(native()), Stage())
    venv.seed(4)
    return venv


def test_actions_are_positions_among_the_candidates_that_were_seen(behind):
    envs, stage, rng = native(), Stage(), np.random.default_rng(0)
    raw, _ = envs.reset(seed=4)
    seen = behind.reset()
    ends = 0
    for _ in range(17):
        np.testing.assert_array_equal(seen["candidates"], stage(raw)["candidates"])
        actions = np.array([rng.permutation(SIZE)[:SLATE] for _ in range(LANES)])
        items = np.take_along_axis(seen["candidates"], actions, axis=1)
        raw, rewards, terminated, truncated, info = envs.step(items)
        seen, got, dones, infos = behind.step(actions)
        np.testing.assert_allclose(got, rewards, rtol=1e-6)
        np.testing.assert_array_equal(dones, terminated | truncated)
        on = ~dones
        assert (raw["shown"][on, -SLATE:] == items[on]).all()  # the users saw what they were to see
        for lane in np.flatnonzero(dones):
            last = {name: value[None] for name, value in info["final_obs"][lane].items()}
            for name, value in stage(last).items():
                np.testing.assert_array_equal(infos[lane]["terminal_observation"][name], value[0])
            ends += 1
    assert ends > LANES


def test_spaces_are_the_stages(behind):
    assert behind.observation_space == Stage().space()
    assert behind.action_space == spaces.MultiDiscrete([SIZE] * SLATE)


def test_stepping_before_reset_is_refused(behind):
    with pytest.raises(RuntimeError, match=r"step was called before reset\(\)"):
        behind.step(np.zeros((LANES, SLATE), np.int64))


@pytest.fixture
def stage(make_context):
    return CandidateStage(Ranker(make_context(), "text", 0).eval(), SIZE)


def test_candidates_are_the_best_first_and_within_the_space(stage, audience):
    people = audience(20)
    people.step(np.tile(np.arange(5), (20, 1)))
    seen = stage(people.observe())
    for row in range(20):
        assert {name: value[row] for name, value in seen.items()} in stage.space()
    assert (np.diff(seen["score"], axis=1) <= 0).all()
    np.testing.assert_array_equal(seen["score"][:, 0], 0.0)
    assert all(len(set(candidates)) == SIZE for candidates in seen["candidates"].tolist())


def test_what_is_told_of_a_candidate_is_the_judges_prediction_for_it(stage, audience):
    people = audience(20)
    people.step(np.tile(np.arange(5), (20, 1)))
    seen, predicted = stage(people.observe()), stage.judge.predict(people.observe())
    rows = np.arange(20)[:, None]
    np.testing.assert_array_equal(seen["appeal"], predicted.appeal[rows, seen["candidates"]])
    np.testing.assert_allclose(np.exp(seen["minutes"]), predicted.minutes[rows, seen["candidates"]], rtol=1e-5)
    np.testing.assert_array_equal(seen["state"], predicted.state)


def test_what_was_read_lately_is_no_candidate(stage, audience):
    people = audience(20)
    for step in range(4):
        people.step(np.tile(np.arange(5) + 5 * step, (20, 1)))
    observation = people.observe()
    seen = stage(observation)
    assert (observation["read_items"] >= 0).any()
    assert not (seen["candidates"][:, :, None] == observation["read_items"][:, None, :]).any()


def test_no_more_candidates_than_items(make_context):
    stage = CandidateStage(Ranker(make_context(num_items=6), "text", 0).eval(), size=50)
    assert stage.size == 6
