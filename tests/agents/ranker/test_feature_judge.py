"""The candidate stage and the best slates of a ranker: which items are kept, in what order, what is told of them."""

import numpy as np
import pytest
import torch

from driftrec.agents.policy import Oracle
from driftrec.agents.ppo.candidates import CandidateVecEnv
from driftrec.agents.ranker.feature_judge import BestSlates, FeatureStage
from driftrec.agents.ranker.feature_training import make_stage
from driftrec.agents.runs.published import unfitted
from driftrec.agents.setup import WorldArgs
from driftrec.agents.worlds.published_setup import set_up_published
from driftrec.envs.sb3_bridge import SB3VecEnv

CATALOGUE = WorldArgs("driftrec/Sardine-SlateTopK-Bored-v0")
REQUEST = WorldArgs("driftrec/RecSim-InterestEvolution-v0", slate_size=3, options='{"num_candidates": 30}')
BLIND = WorldArgs("driftrec/RecSim-LongTermSatisfaction-v0")
WORLDS = pytest.mark.parametrize("args", [CATALOGUE, REQUEST, BLIND], ids=["catalogue", "request", "blind"])


def begin(args, users=8, farsighted=True):
    """Setup, unfitted judge, and what is seen of some users after a slate."""
    setup = set_up_published(args)
    state = setup.world.reset(np.arange(users, dtype=np.uint64))
    setup.world.step(state, np.tile(np.arange(setup.slate_size), (users, 1)))
    return setup, unfitted(setup, farsighted), setup.world.observe(state)


def test_the_best_of_every_topic_are_kept():
    setup, judge, seen = begin(CATALOGUE)
    kept = FeatureStage(judge, setup.world.num_items, 60)(seen)["candidates"]
    gains, topics = judge.view(seen).gains, setup.world.item_features.argmax(axis=1)
    assert kept.shape == (8, 60)
    for row in range(8):
        for topic in range(10):
            members = np.flatnonzero(topics == topic)
            best = members[np.argsort(-gains[row, members])[:6]]
            assert set(kept[row][topics[kept[row]] == topic]) == set(best)


@pytest.mark.parametrize(("args", "size", "kept"), [(REQUEST, 7, 7), (REQUEST, 96, 30), (BLIND, 96, 10), (BLIND, 5, 5)])
def test_without_a_catalogue_the_best_of_the_request_are_kept(args, size, kept):
    setup, judge, seen = begin(args)
    stage = FeatureStage(judge, setup.world.num_items, size)
    assert stage.size == kept
    best = np.argsort(-judge.view(seen).gains, axis=1)[:, :kept]
    assert stage(seen)["candidates"].tolist() == best.tolist()


def test_topics_with_few_items_give_what_they_have():
    setup, judge, seen = begin(WorldArgs("driftrec/Sardine-SlateTopK-Bored-v0", options='{"num_items": 40}'))
    counts = np.bincount(setup.world.item_features.argmax(axis=1), minlength=10)
    stage = FeatureStage(judge, 40, 30)
    assert stage.size == np.minimum(counts, 30 // np.count_nonzero(counts)).sum() < 30
    kept = stage(seen)["candidates"]
    assert kept.shape == (8, stage.size)
    assert all(len(set(row)) == stage.size for row in kept.tolist())


@WORLDS
def test_what_is_told_of_the_candidates(args):
    setup, judge, seen = begin(args)
    stage, view = FeatureStage(judge, setup.world.num_items, 20), judge.view(seen)
    told = stage(seen)
    kept = told["candidates"].astype(np.int64)

    def of(values):
        return np.take_along_axis(values, kept, axis=1)

    gains = of(view.gains)
    assert (np.diff(gains, axis=1) <= 0).all()  # best first
    np.testing.assert_array_equal(told["score"], judge.ranker.choice.score(gains))
    np.testing.assert_array_equal(told["appeal"], of(view.appeal))
    np.testing.assert_allclose(told["minutes"], np.log(of(view.engagement)), rtol=1e-5)
    assert np.array_equal(told["columns"], judge.items.of(seen, kept))
    np.testing.assert_array_equal(told["state"], view.state)


@WORLDS
def test_what_comes_out_is_within_the_space(args):
    setup, judge, seen = begin(args)
    with torch.no_grad():
        for parameter in judge.ranker.parameters():
            parameter.mul_(1e3)  # predictions beyond all bounds
    stage = FeatureStage(judge, setup.world.num_items, 20)
    told = stage(seen)
    assert stage.items() is None
    for row in range(8):
        assert {name: value[row] for name, value in told.items()} in stage.space()


def test_many_users_are_judged_as_few_are():
    setup, judge, seen = begin(REQUEST, users=1500)  # more than are judged at once
    stage = FeatureStage(judge, setup.world.num_items, 7)
    everyone, few = stage(seen), stage({name: value[1020:1030] for name, value in seen.items()})
    for name, value in few.items():
        np.testing.assert_allclose(everyone[name][1020:1030], value, rtol=1e-4, atol=1e-5)


@WORLDS
def test_nothing_is_known_but_the_user_and_the_items(args):
    """Nothing of the response to the last slate, of which RecSim shows qualities, nor what only the state holds."""
    setup, judge, seen = begin(args)
    told = FeatureStage(judge, setup.world.num_items, 20)(seen)
    allowed = {name: value for name, value in seen.items() if name in ("user", "candidates")}
    again = FeatureStage(judge, setup.world.num_items, 20)(allowed)
    for name, value in told.items():
        np.testing.assert_array_equal(value, again[name])


@pytest.mark.parametrize(
    ("args", "size", "message"),
    [
        (CATALOGUE, 9, "candidates is 9, of which 0 are kept, as many of every topic; a slate needs at least 10"),
        (
            WorldArgs(CATALOGUE.world, slate_size=12),
            13,
            "candidates is 13, of which 10 are kept.*at least 12. Raise it",
        ),
    ],
)
def test_too_few_candidates_for_a_slate_are_refused(args, size, message):
    setup = set_up_published(args)
    with pytest.raises(ValueError, match=message):
        make_stage(setup.world, unfitted(setup), size)


def test_actions_are_candidates_that_come_with_the_request():
    """The environment behind the stage shows the items at the positions chosen, and brings their columns along."""
    setup, judge, _ = begin(REQUEST)
    stage = FeatureStage(judge, setup.world.num_items, 7)
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


@WORLDS
def test_best_slates_hold_the_largest_gains(args):
    setup, judge, seen = begin(args)
    policy = BestSlates(judge, setup.slate_size)
    policy.reset(8, 0)
    assert policy.act(seen).tolist() == np.argsort(-judge.view(seen).gains)[:, : setup.slate_size].tolist()
    assert not isinstance(policy, Oracle)


def test_noise_comes_from_the_seed():
    setup, judge, seen = begin(CATALOGUE)
    policy, slates = BestSlates(judge, setup.slate_size, noise=1.0), []
    for seed in (1, 1, 2):
        policy.reset(8, seed)
        slates.append(policy.act(seen))
    assert np.array_equal(slates[0], slates[1])
    assert not np.array_equal(slates[0], slates[2])
    assert not np.array_equal(policy.act(seen), slates[2])  # every step anew


@pytest.mark.parametrize("args", [CATALOGUE, REQUEST], ids=["catalogue", "request"])
def test_only_the_farsighted_count_what_comes_after(args):
    _, myopic, seen = begin(args, farsighted=False)
    _, judge, _ = begin(args)
    assert np.array_equal(judge.view(seen).gains, myopic.view(seen).gains)
    for each in (judge, myopic):
        each.ranker.future[3] = 1e3  # whoever opens something of column 3 comes back for more
    best = judge.view(seen).gains.argmax(axis=1)[:, None]
    columns = judge.items.of(seen, best)[:, 0, 3]
    everything = judge.items.columns(seen)[..., 3].expand(8, -1)
    assert (columns >= 0.5 * everything.max(dim=1).values).all()
    assert not np.array_equal(myopic.view(seen).gains.argmax(axis=1), best[:, 0])
