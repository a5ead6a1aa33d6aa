"""The search of prices: where it begins, what it keeps, and what is refused."""

from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest
import torch

from driftrec.agents.engines.engine import Local
from driftrec.agents.engines.processes import COPIED, Processes, engine_of
from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.ranker.loads import BelievedLoads, CountedLoads, FadingLoads
from driftrec.agents.ranker.pace import PageNumbers, PageWeights
from driftrec.agents.rivals import page_search
from driftrec.agents.rivals.page_search import COUNTED, PageSearch, paces
from driftrec.agents.rivals.rival_settings import ImitationSettings, PageSettings, ValueSettings
from driftrec.agents.setup import WorldArgs
from driftrec.agents.worlds.kits import kit_of
from tests.agents.every_world import made, unfitted
from tests.agents.rivals.planted import TOPIC

ARGS = WorldArgs("driftrec/Sardine-SlateTopK-Bored-v0", slate_size=3, horizon=2)
TINY = PageSettings(users=4, rounds=6, samples=8, validation_users=4)
BEST = PageWeights(future=0.5, diversity=1.0, price=0.4, bar=2.5, half_life=3.0)


def search(monkeypatch, loads, kind="paced", believes=False):
    """A search on users whose engagement falls with the distance from ``BEST``; what was tried."""
    setup, met = made(ARGS), []
    judge = unfitted(setup)
    judge.ranker.believes = believes

    def earned(world, pages, users, horizon):
        weights = pages.pace.weights
        met.append(weights)
        apart = [getattr(weights, name) - getattr(BEST, name) for name in ("future", "diversity", "price", "bar")]
        half = np.log2(weights.half_life / BEST.half_life)
        return 100.0 - sum(each**2 for each in apart) - half**2, 8

    monkeypatch.setattr(page_search, "tried", earned)
    monkeypatch.setattr(PageSearch, "_engagement", lambda self: 1.0)
    curve = Curve(setup.world, np.arange(4, dtype=np.uint64), 2)
    monkeypatch.setattr(curve, "measure", lambda stage, pages: earned(None, pages, None, None)[0])
    found = PageSearch(setup, judge, loads, kind, TINY, seed=0, curve=curve)
    found.run()
    return found, met


def test_it_comes_nearer_to_what_earns_most(monkeypatch):
    found, met = search(monkeypatch, FadingLoads(TOPIC, 1.0, reads=False))
    begun, best = met[0], found.network.weights()
    assert begun == PageWeights(future=1.0, half_life=1.0)
    for name in ("future", "price", "half_life"):
        assert abs(getattr(best, name) - getattr(BEST, name)) < abs(getattr(begun, name) - getattr(BEST, name)), name
    assert min(weights.diversity for weights in met) == 0  # prices below it would be rewards
    assert found.steps == 2 * 3 * 8 * 8
    assert found.best_at <= found.steps


def test_a_rival_on_a_ranker_that_believes_begins_near_its_best_with_as_many_candidates(monkeypatch):
    found, met = search(monkeypatch, FadingLoads(TOPIC, 1.0, reads=False), believes=True)
    begun = met[1]  # the first candidate of the only stage; before it the search measures single pages
    for name in ("future", "opening", "diversity", "price", "bar", "half_life"):
        assert getattr(begun, name) == pytest.approx(COUNTED[name]), name
    assert found.steps == 6 * 8 * 8, "all rounds are of one stage"


def test_prices_are_searched_in_the_unit_of_the_settings():
    setup = made(ARGS)
    search = partial(PageSearch, setup, unfitted(setup), FadingLoads(TOPIC, 1.0, reads=False), "paced", seed=0)
    curve = Curve(setup.world, np.arange(4, dtype=np.uint64), 2)
    one, many = (search(replace(TINY, unit=unit), curve=curve)._engagement() for unit in (1.0, 30.0))
    assert many == pytest.approx(30.0 * one)
    assert kit_of(made(WorldArgs("driftrec/Shop-v0"))).learned_rivals["paced"].unit == 30.0


def test_diverse_has_no_pace_and_what_the_world_counts_does_not_fade(monkeypatch):
    _, met = search(monkeypatch, FadingLoads(TOPIC, 1.0, reads=False), "diverse")
    assert {(weights.price, weights.bar, weights.half_life) for weights in met} == {(0.0, 0.0, 1.0)}
    _, met = search(monkeypatch, CountedLoads(TOPIC, "user", 0, 1.0))
    assert {weights.half_life for weights in met} == {1.0}


def test_numbers_are_kept_exactly():
    weights = PageWeights(0.1, -0.2, 0.3, 1 / 3, 2.0, 1e-3)
    assert PageNumbers(weights).weights() == weights


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PageSettings(samples=3), "PageSettings.samples is 3"),
        (lambda: PageSettings(users=0), "PageSettings.users is 0"),
        (lambda: PageSettings(validation_users=0), "PageSettings.validation_users is 0"),
        (lambda: ValueSettings(gamma=1.0), "ValueSettings.gamma is 1"),
        (lambda: ValueSettings(weights=()), "ValueSettings.weights is empty; give at least one"),
        (lambda: ImitationSettings(rounds=-1), "ImitationSettings.rounds is -1"),
    ],
)
def test_settings_out_of_range_are_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()


FEED = WorldArgs("driftrec/Video-v0", slate_size=3, history=12, horizon=2)


def test_a_ranker_that_believes_is_priced_by_what_it_believes_and_no_other():
    setup = made(FEED)
    judge, loads = unfitted(setup), kit_of(setup).loads(setup, unfitted(setup))
    believed = paces(judge, loads, asked=True)
    assert isinstance(believed, BelievedLoads)
    assert paces(judge, loads, asked=False) is None
    fading = kit_of(setup).judge(setup, {**asdict(kit_of(setup).settings), "encoder": "fading"}, 0)
    assert paces(fading, loads, asked=True) is loads


def test_bars_of_beliefs_are_parts_of_thresholds_and_growth_has_a_price(monkeypatch):
    setup, met, once = made(FEED), [], replace(TINY, rounds=1, samples=24)
    monkeypatch.setattr(page_search, "tried", lambda world, pages, users, horizon: (met.append(pages) or 1.0, 1))
    curve = Curve(setup.world, np.arange(4, dtype=np.uint64), 2)
    PageSearch(setup, unfitted(setup), BelievedLoads(setup.context.topics), "believed", once, seed=0, curve=curve).run()
    tried = [pages.pace.weights for pages in met]
    assert {weights.half_life for weights in tried} == {1.0}
    assert len({weights.growth for weights in tried}) > 8
    bars = [weights.bar for weights in tried if weights.bar]
    assert np.median(bars) == pytest.approx(page_search.BELIEVED["bar"] * BelievedLoads.bar, abs=0.2)
    assert not any(weights.wear or weights.tired for weights in tried), "of songs nothing is known here"


@pytest.mark.usefixtures("one_thread")
def test_candidates_tried_in_several_processes_come_to_the_same():
    setup, once = made(FEED), replace(TINY, rounds=1)
    judge = unfitted(setup)
    found = []
    for engine in (Local(), Processes(2)):
        curve = Curve(setup.world, np.arange(4, dtype=np.uint64), 2)
        told = {"seed": 0, "curve": curve, "engine": engine}
        search = PageSearch(setup, judge, BelievedLoads(setup.context.topics), "believed", once, **told)
        search.run()
        rows = [(row["env_steps"], row["mean_episode_engagement"]) for row in curve.rows]
        found.append((search.network.weights(), search.steps, rows))
    assert found[0] == found[1]
    assert found[0][1] > TINY.samples * TINY.users


def test_networks_on_a_gpu_and_large_catalogues_are_tried_in_one_process(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert isinstance(engine_of(torch.device("cpu"), COPIED), Processes)
    assert isinstance(engine_of(torch.device("cuda"), COPIED), Local)
    assert isinstance(engine_of(torch.device("cpu"), COPIED + 1), Local)
