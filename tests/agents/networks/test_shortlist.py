"""A shortlist in front of the ranker: nearly the same slates from few items; and none for small catalogues."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from driftrec.agents.baselines import Content, LinUCB, Popular, common
from driftrec.agents.baselines.common import held_rows
from driftrec.agents.benchmarks.large_latency import TOPICS, made_up_context, made_up_observation, recall_of
from driftrec.agents.networks import item_vectors, shortlist
from driftrec.agents.networks.shortlist import Shortlist
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.oracles import MyopicOracle, Planner, PlannerWeights, planner
from driftrec.agents.policy import LARGE
from driftrec.agents.ppo import candidates
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.items import OPENED, READ, WITHHELD, PageItems, TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.loads import FadingLoads
from driftrec.agents.ranker.pace import Pace, PageWeights
from driftrec.agents.retrieval.index import Exact
from driftrec.agents.rivals.topic_pages import TopicPages
from driftrec.agents.worlds.kits import kit_of
from driftrec.envs.news import news_world

ITEMS, USERS = 3_000, 24


@pytest.fixture(scope="module")
def context():
    return made_up_context(ITEMS)


@pytest.fixture(scope="module")
def ranker(context):
    ranker, drawn = TextRanker(context, "text", seed=0), torch.Generator().manual_seed(0)
    with torch.no_grad():
        ranker.own.normal_(0.0, 0.3, generator=drawn)
        ranker.future.normal_(0.0, 0.3, generator=drawn)
    return ranker.eval()


@pytest.fixture
def observation():
    return made_up_observation(ITEMS, USERS, seed=2)


def myopic(world):
    return MyopicOracle(world, world.catalogue)


def test_of_many_items_more_are_found_than_kept(context, ranker, observation, monkeypatch):
    """Kept are those that gain most, and not those of the largest inner products."""
    exact = Judge(ranker, TextItems(context), True)

    def recall():
        short = Judge(ranker, TextItems(context), True, Shortlist(ranker, context.topics, True, count=200))
        return recall_of(short, exact, observation)[1]

    before = recall()
    monkeypatch.setattr(shortlist, "WIDE", ITEMS // 2)
    monkeypatch.setattr(shortlist, "AT_ONCE", 7)  # no divisor of the users
    assert recall() > before + 0.2


def test_the_rankers_own_top_is_found(context, ranker, observation):
    exact = Judge(ranker, TextItems(context), True)
    short = Judge(ranker, TextItems(context), True, Shortlist(ranker, context.topics, True))
    assert recall_of(short, exact, observation)[0] > 0.9  # 384 of 3,000 at random: 0.13
    view = short.view(observation)
    assert all(len(set(row)) == view.gains.shape[1] for row in view.retrieved.tolist())
    same = (Greedy(short, 5).act(observation) == Greedy(exact, 5).act(observation)).mean()
    assert same > 0.9  # 0.88 to 0.99 by eight rankers


def test_what_a_candidate_is_worth_is_as_in_the_whole_catalogue(context, ranker, observation):
    exact = Judge(ranker, TextItems(context), True).view(observation)
    short = Judge(ranker, TextItems(context), True, Shortlist(ranker, context.topics, True)).view(observation)
    for name in ("appeal", "engagement", "value"):
        wanted = np.take_along_axis(getattr(exact, name), short.retrieved, axis=1)
        np.testing.assert_allclose(getattr(short, name), wanted, rtol=1e-3, atol=1e-4)


def test_a_ranker_that_has_learned_is_indexed_anew(context, observation):
    ranker, built = TextRanker(context, "text", seed=0).eval(), []
    shortlist = Shortlist(ranker, context.topics, True, build=lambda keys: built.append(1) or Exact(keys))
    judge = Judge(ranker, TextItems(context), True, shortlist)
    judge.view(observation)
    judge.view(observation)
    assert len(built) == 1
    with torch.no_grad():
        ranker.own.add_(1.0)
    judge.view(observation)
    assert len(built) == 2


@pytest.mark.parametrize("kind", [TextItems, PageItems])
def test_the_same_is_forbidden_among_candidates(kind, context, observation):
    withheld = np.zeros(ITEMS, np.bool_)
    withheld[::7] = True
    items = kind(replace(context, withheld=withheld))
    opened = np.random.default_rng(3).integers(-1, ITEMS, (USERS, 40)).astype(np.int32)
    observation = {**observation, OPENED: opened} if kind is PageItems else observation
    whole = np.ones((USERS, ITEMS), np.float32)
    items.forbid(observation, whole)
    among = np.stack([np.random.default_rng(user).permutation(ITEMS)[:900] for user in range(USERS)])
    some = np.ones(among.shape, np.float32)
    items.forbid(observation, some, among)
    np.testing.assert_array_equal(some, np.take_along_axis(whole, among, axis=1))
    if kind is PageItems:
        assert (some[held_rows(opened, among)] <= READ).all()
    assert {np.float32(READ), np.float32(WITHHELD)} <= set(some.ravel().tolist())


def test_the_candidate_stage_gives_items_of_the_catalogue(context, ranker, observation):
    short = Judge(ranker, TextItems(context), True, Shortlist(ranker, context.topics, True))
    exact = CandidateStage(Judge(ranker, TextItems(context), True), 32, 5)(observation)
    seen = CandidateStage(short, 32, 5)(observation)
    pairs = zip(exact["candidates"], seen["candidates"], strict=True)
    assert np.mean([np.isin(one, other).mean() for one, other in pairs]) > 0.9
    assert seen["candidates"].max() > 1_000


@pytest.fixture
def pages(context, ranker):
    return Judge(ranker, PageItems(context), True, Shortlist(ranker, context.topics, True))


def test_candidates_of_pages_are_the_best_of_every_topic(context, pages, observation):
    """As many of each. Fails where topics are read as if columns were positions, as do prices and rivals below."""
    stage, view = CandidateStage(pages, 45, 5), pages.view(observation)
    kept = stage(observation)["candidates"]
    each = 45 // TOPICS
    assert stage.size == each * TOPICS
    for user, items in enumerate(view.retrieved):
        ranked = items[np.argsort(-view.gains[user], kind="stable")]
        best = [ranked[context.topics[ranked] == topic][:each] for topic in range(TOPICS)]
        assert np.isin(np.concatenate(best), kept[user]).all()
        assert len(set(kept[user].tolist())) == stage.size


def test_no_more_is_kept_than_is_retrieved(pages, observation):
    stage = CandidateStage(pages, 100_000, 5)
    assert stage(observation)["candidates"].shape[1] == stage.size <= candidates.CANDIDATES


def test_prices_are_of_the_topics_of_what_is_retrieved(context, pages, observation):
    pace = Pace(FadingLoads(context.topics, 12.0, True), PageWeights(price=2.0, bar=0.1, half_life=12.0))
    stage = CandidateStage(pages, 45, 5, pace)
    seen, over = stage(observation), pace.excess(observation, pages.view(observation))
    wanted = np.take_along_axis(over, context.topics[seen["candidates"]], axis=1)
    np.testing.assert_array_equal(seen["excess"], wanted)
    assert (wanted > 0).any()


def test_rivals_judge_the_whole_catalogue(context, pages, observation):
    view = TopicPages(pages, FadingLoads(context.topics, 12.0, True), 5, PageWeights()).judge.view(observation)
    assert view.retrieved is None
    assert view.gains.shape == (USERS, ITEMS)


def test_small_catalogues_are_judged_whole(make_setup):
    setup = make_setup()
    assert setup.context.num_items <= LARGE
    kit = kit_of(setup)
    assert kit.judge(setup, asdict(kit.settings), seed=0).retriever is None
    assert kit.myopic_oracle(setup)._shortlist is None


@pytest.mark.parametrize(("make", "least"), [(Content, 0.95), (LinUCB, 0.9)])
def test_baselines_show_nearly_the_same(make, least, context, observation, monkeypatch):
    slates = []
    for large in (10**9, LARGE):
        for name in ("LARGE", "WHOLE"):
            monkeypatch.setattr(common, name, large)
        policy = make(context)
        policy.reset(USERS, 0)
        slates.append(policy.act(observation))
    assert np.mean([np.isin(one, other).mean() for one, other in zip(*slates, strict=True)]) > least


def test_popular_shows_what_is_clicked_and_draws_the_rest(context, observation):
    policy = Popular(context)
    policy.reset(USERS, 0)
    first = policy.act(observation)
    assert len(np.unique(first)) > 4 * USERS  # nothing is known: all are drawn
    clicks = np.zeros(first.shape, np.bool_)
    clicks[0] = True
    policy.update(observation, first, clicks, clicks.astype(np.float32))
    again = policy.act(observation)
    unread = ~np.isin(first[0], observation["read_items"])
    assert np.isin(first[0][unread], again[1]).all()
    assert all(len(set(row)) == 5 for row in again.tolist())


@pytest.mark.parametrize("make", [myopic, lambda world: Planner(world, PlannerWeights(6.0, 0.8, -0.05, -0.4))])
def test_oracles_show_nearly_the_same(make, monkeypatch):
    world = news_world()
    state = world.reset(np.arange(20, dtype=np.uint64))
    for step in range(4):
        world.step(state, np.tile(np.arange(5) + 5 * step, (20, 1)))
    slates = []
    for large in (10**9, 100):
        monkeypatch.setattr(planner, "LARGE", large)
        oracle = make(world)
        oracle.see(state)
        slates.append(oracle.act({}))
    assert np.mean([np.isin(one, other).mean() for one, other in zip(*slates, strict=True)]) > 0.9


def test_candidates_are_appraised_as_the_whole_catalogue_is():
    world = news_world()
    state = world.reset(np.arange(6, dtype=np.uint64))
    world.step(state, np.tile(np.arange(5), (6, 1)))
    items = np.random.default_rng(0).integers(world.num_items, size=(6, 40))
    whole, some = world.appraise(state), world.appraise(state, items)
    for name in ("attraction", "engagement", "worth", "satiation"):
        wanted = np.take_along_axis(getattr(whole, name), items, axis=1)
        np.testing.assert_allclose(getattr(some, name), wanted, rtol=1e-4, atol=1e-6)


def test_scores_of_some_are_those_of_all(context, ranker, observation, monkeypatch):
    with torch.inference_mode():
        state = torch.randn(4, ranker.width, generator=torch.Generator().manual_seed(0))
        shown = torch.randint(ITEMS, (4, 9), generator=torch.Generator().manual_seed(1))
        some = ranker.scores(state, shown)
        monkeypatch.setattr(item_vectors, "LARGE", 10**9)
        usual = ranker.scores(state, shown)
    torch.testing.assert_close(some.appeal, usual.appeal, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(some.engagement, usual.engagement, rtol=1e-4, atol=1e-4)
