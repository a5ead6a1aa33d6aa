"""Items that training never shows."""

from dataclasses import replace

import numpy as np
import pytest

from driftrec.agents.baselines import Random
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.items import TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.runs import train as training
from driftrec.agents.worlds.kits import kit_of
from driftrec.agents.worlds.news import NewsKit
from driftrec.agents.worlds.settings import TextSettings

ITEMS, SLATE, USERS = 30, 4, 40
WITHHELD = np.isin(np.arange(ITEMS), [0, 3, 7, 11, 12, 20, 25, 29])


@pytest.fixture
def context(make_context):
    return replace(make_context(SLATE, num_items=ITEMS), withheld=WITHHELD)


def policies(context):
    ranker = TextRanker(context, "text", 0)
    ranker.future.fill_(-50.0)  # everything is worth less than nothing, and what is withheld even less
    yield "random", Random(context)
    for farsighted in (False, True):
        yield (
            f"greedy, farsighted {farsighted}",
            Greedy(Judge(ranker, TextItems(context), farsighted), SLATE, noise=3.0),
        )


def test_what_is_withheld_is_never_shown(context, play):
    for name, policy in policies(context):
        _, shown = play(policy, num_users=USERS, steps=12)
        assert not WITHHELD[shown].any(), name
        assert set(np.unique(shown)) <= set(np.flatnonzero(~WITHHELD))


def test_random_slates_reach_all_the_others(context, play):
    _, shown = play(Random(context), num_users=USERS, steps=12)
    assert set(np.unique(shown)) == set(np.flatnonzero(~WITHHELD))


def test_the_candidates_are_as_many_as_may_be_shown(context, audience):
    stage = CandidateStage(Judge(TextRanker(context, "text", 0), TextItems(context), True), ITEMS, SLATE)
    candidates = stage(audience(USERS).observe())["candidates"]
    assert candidates.shape == (USERS, ITEMS - WITHHELD.sum())
    assert not WITHHELD[candidates].any()


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(8, horizon=200)


def test_the_part_withheld_is_drawn_from_the_seed(setup):
    first, again, other = (NewsKit().trained_in(setup, TextSettings(withheld=0.2), seed).withheld for seed in (1, 1, 2))
    assert first.sum() == 200
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert setup.context.withheld is None  # of an evaluation: all items are there
    assert NewsKit().trained_in(setup, TextSettings(), 1).withheld is None


def test_too_few_left_are_refused(setup):
    message = "TextSettings.withheld is 0.997, which leaves 3 of 1000 items for slates of 5; withhold fewer"
    with pytest.raises(ValueError, match=message):
        NewsKit().trained_in(setup, TextSettings(withheld=0.997), 0)


def test_training_trains_in_the_setup_with_items_withheld(setup, tmp_path, monkeypatch):
    class MetError(Exception):
        pass

    def warm_start(met, *rest, **settings):
        raise MetError(int(met.context.withheld.sum()), met.context.truth)

    monkeypatch.setattr(training, "warm_start", warm_start)
    with pytest.raises(MetError) as told:
        training.train(setup, TextSettings(withheld=0.1, true_state=True), seed=0, folder=tmp_path)
    assert told.value.args == (100, kit_of(setup).revealed(setup).context.truth)
