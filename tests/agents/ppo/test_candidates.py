"""The candidate stage in front of the environments: which items are shown, and what is seen of a lane that ends."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from gymnasium import spaces

from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.ppo.candidates import BOUND, CandidateStage, CandidateVecEnv
from driftrec.agents.ranker.items import TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.setup import WorldArgs
from driftrec.envs import NewsVectorEnv
from driftrec.envs.sb3_bridge import SB3VecEnv
from tests.agents.every_world import BLIND, CATALOGUE, REQUEST, SONGS, STREAM, TEXTS, WORLDS, begin

EVERY = pytest.mark.parametrize("args", WORLDS.values(), ids=WORLDS)
LANES, SLATE, SIZE = 6, 3, 8
WORLD = {"slate_size": SLATE, "history": 6, "horizon": 5, "config": {"comeback": {"churn_rate": 0.05}}}


class Stage:
    """Candidates by persona and hour alone, different for every user and step; no item is its own position."""

    size = SIZE
    judge = SimpleNamespace(
        items=SimpleNamespace(recalls=False),
        ranker=SimpleNamespace(carry=lambda observation, before: None, device="cpu"),
    )

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


@pytest.mark.parametrize("bootstrap", [True, False])
def test_episodes_that_the_horizon_cuts_short_are_told_apart_where_values_stand_for_the_rest(bootstrap):
    venv = CandidateVecEnv(SB3VecEnv(native()), Stage(), bootstrap)
    venv.seed(4)
    venv.reset()
    told = []
    for _ in range(WORLD["horizon"]):
        _, _, dones, infos = venv.step(np.tile(np.arange(SLATE), (LANES, 1)))
        told += [infos[lane]["TimeLimit.truncated"] for lane in np.flatnonzero(dones)]
    assert any(told) is bootstrap


def test_spaces_are_the_stages(behind):
    assert behind.observation_space == Stage().space()
    assert behind.action_space == spaces.MultiDiscrete([SIZE] * SLATE)


def test_stepping_before_reset_is_refused(behind):
    with pytest.raises(RuntimeError, match=r"step was called before reset\(\)"):
        behind.step(np.zeros((LANES, SLATE), np.int64))


def staged(args, size, users=8):
    """Setup, stage of an unfitted judge, and what is seen of some users after a slate."""
    setup, judge, seen = begin(args, users)
    return setup, CandidateStage(judge, size, setup.slate_size), seen


@EVERY
def test_what_is_told_of_the_candidates_is_the_judges_view_best_first(args):
    _, stage, seen = staged(args, 20)
    told, view = stage(seen), stage.judge.view(seen)
    kept = told["candidates"].astype(np.int64)

    def of(values):
        return np.take_along_axis(values, kept, axis=1)

    gains = of(view.gains)
    assert (np.diff(gains, axis=1) <= 0).all()
    assert all(len(set(row)) == stage.size for row in kept.tolist())
    np.testing.assert_array_equal(told["score"], stage.judge.ranker.choice.score(gains))
    np.testing.assert_array_equal(told["appeal"], of(view.appeal))
    np.testing.assert_allclose(told["engagement"], np.log(of(view.engagement)), rtol=1e-5)
    np.testing.assert_array_equal(told["state"], view.state)


def test_what_a_user_opened_of_a_candidate_is_told_where_items_are_opened_again():
    _, stage, seen = staged(SONGS, 20)
    told, whole = stage(seen), stage.judge.view(seen).past
    assert whole.max() > 0
    np.testing.assert_array_equal(
        told["past"], np.take_along_axis(whole, told["candidates"][..., None].astype(np.int64), axis=1)
    )
    assert "past" not in staged(STREAM, 20)[1](staged(STREAM, 20)[2])


@EVERY
def test_columns_are_the_catalogues_where_the_ranker_knows_it_and_else_come_along(args):
    _, stage, seen = staged(args, 20)
    told = stage(seen)
    if args in (TEXTS, SONGS):
        assert "columns" not in told
        assert torch.equal(stage.columns, stage.judge.ranker.columns())
    else:
        assert stage.columns is None
        items = stage.judge.items.of(seen, told["candidates"].astype(np.int64))
        assert np.array_equal(told["columns"], stage.judge.ranker.columns()[items] if args is STREAM else items)


@EVERY
def test_what_comes_out_is_within_the_space(args):
    _, stage, seen = staged(args, 20)
    with torch.no_grad():
        for parameter in stage.judge.ranker.parameters():
            parameter.mul_(30.0 if args in (TEXTS, STREAM, SONGS) else 1e3)
    told = stage(seen)
    assert np.abs(stage.judge.view(seen).appeal).max() > BOUND
    for row in range(8):
        assert {name: value[row] for name, value in told.items()} in stage.space()


@pytest.mark.parametrize(
    ("args", "size", "kept"), [(TEXTS, 7, 7), (REQUEST, 7, 7), (REQUEST, 96, 30), (BLIND, 96, 10), (BLIND, 5, 5)]
)
def test_where_topics_do_not_matter_the_best_are_kept_no_more_than_there_are(args, size, kept):
    _, stage, seen = staged(args, size)
    gains = stage.judge.view(seen).gains
    assert stage.size == kept
    found = np.take_along_axis(gains, stage(seen)["candidates"].astype(np.int64), axis=1)
    np.testing.assert_array_equal(found, -np.sort(-gains, axis=1)[:, :kept])


def test_the_best_of_every_topic_are_kept():
    setup, stage, seen = staged(CATALOGUE, 60)
    kept, gains = stage(seen)["candidates"], stage.judge.view(seen).gains
    topics = setup.world.item_features.argmax(axis=1)
    assert kept.shape == (8, 60)
    for row in range(8):
        for topic in range(10):
            members = np.flatnonzero(topics == topic)
            best = members[np.argsort(-gains[row, members])[:6]]
            assert set(kept[row][topics[kept[row]] == topic]) == set(best)


def test_topics_with_few_items_give_what_they_have():
    few = WorldArgs(CATALOGUE.world, options='{"num_items": 40}')
    setup, stage, seen = staged(few, 30)
    counts = np.bincount(setup.world.item_features.argmax(axis=1), minlength=10)
    assert stage.size == np.minimum(counts, 30 // np.count_nonzero(counts)).sum() < 30
    kept = stage(seen)["candidates"]
    assert kept.shape == (8, stage.size)
    assert all(len(set(row)) == stage.size for row in kept.tolist())


@pytest.mark.parametrize(
    ("args", "size", "message"),
    [
        (TEXTS, 4, "candidates is 4; a slate needs at least 5. Raise it"),
        (REQUEST, 2, "candidates is 2; a slate needs at least 3. Raise it"),
        (CATALOGUE, 9, "candidates is 9, of which 0 are kept, as many of every topic; a slate needs at least 10"),
        (
            WorldArgs(CATALOGUE.world, slate_size=12),
            13,
            "candidates is 13, of which 10 are kept.*at least 12. Raise it",
        ),
    ],
)
def test_too_few_candidates_for_a_slate_are_refused(args, size, message):
    with pytest.raises(ValueError, match=message):
        staged(args, size)


def test_many_users_are_judged_as_few_are():
    _, stage, seen = staged(REQUEST, 7, users=1500)  # more than are judged at once
    everyone, few = stage(seen), stage({name: value[1020:1030] for name, value in seen.items()})
    for name, value in few.items():
        np.testing.assert_allclose(everyone[name][1020:1030], value, rtol=1e-4, atol=1e-5)


def test_what_was_read_lately_is_no_candidate_however_little_the_rest_is_worth(make_context, audience):
    """Users have been shown the whole catalogue and have read some of it."""
    context, users = make_context(num_items=12), audience(6)
    for first in range(0, 12, 4):
        users.step(np.tile(np.arange(first, first + 4), (6, 1)))
    ranker = TextRanker(context, "text", 0)
    ranker.future.copy_(torch.linspace(-40.0, 10.0, 12))  # most items are worth less than nothing
    observation = users.observe()
    kept = CandidateStage(Judge(ranker, TextItems(context), farsighted=True), 5, 5)(observation)["candidates"]
    assert (observation["read_items"] >= 0).any()
    assert not (kept[:, :, None] == observation["read_items"][:, None, :]).any()


def test_what_is_withheld_is_no_candidate_and_counts_for_none(make_context, audience):
    context = replace(make_context(num_items=12), withheld=np.arange(12) < 5)
    judge = Judge(TextRanker(context, "text", 0), TextItems(context), farsighted=True)
    stage = CandidateStage(judge, 50, 5)
    assert stage.size == 7
    assert (stage(audience(6).observe())["candidates"] >= 5).all()


def test_actions_are_candidates_that_come_with_the_request():
    """The environment behind the stage shows the items at the positions chosen, and brings their columns along."""
    setup, stage, _ = staged(REQUEST, 7)
    venv = CandidateVecEnv(SB3VecEnv(setup.envs(5)), stage)
    venv.seed(4)
    seen, raw = venv.reset(), setup.envs(5)
    before, _ = raw.reset(seed=4)
    actions = np.tile([6, 0, 3], (5, 1))
    items = np.take_along_axis(seen["candidates"], actions, axis=1)
    clusters = np.take_along_axis(before["candidates"].argmax(axis=2), items, axis=1)
    assert (seen["columns"][:, [6, 0, 3]].argmax(axis=2) == clusters).all()
    after, rewards, *_ = raw.step(items)
    assert after["cluster"].tolist() == clusters.tolist()
    _, got, *_ = venv.step(actions)
    np.testing.assert_allclose(got, rewards)
