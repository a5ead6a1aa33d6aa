"""How wide qualities are is learned: rare items are drawn to what texts say of them, and all to the others."""

import numpy as np
import pytest
import torch
from torch.nn.functional import logsigmoid

from driftrec.agents.tastes.quality import Quality

ITEMS = 3000


def believed(spread, shown, level=0.0, texts=None, slope=0.0, told=True, seed=0):
    """Qualities found in a log that showed each item so many times, and true ones; half are opened at level 0.

    True ones follow texts by a slope, and whether texts are told is another thing.
    """
    rng = np.random.default_rng(seed)
    true = rng.normal(0, spread, ITEMS) + (0.0 if texts is None else slope * texts[:, 0])
    opened = rng.binomial(shown, 1 / (1 + np.exp(-level - true)))
    known = torch.tensor(texts, dtype=torch.float32) if told and texts is not None else None
    found = Quality(opened, shown, np.zeros(ITEMS), known)
    usual = torch.nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.Adam([*found.parameters(), usual], 0.05)
    often, seldom = (torch.tensor(times, dtype=torch.float32) for times in (opened, shown - opened))
    for _ in range(400):
        utility = usual + found()
        loss = found.cost() - (often * logsigmoid(utility) + seldom * logsigmoid(-utility)).sum()
        optimizer.zero_grad()
        (loss / ITEMS).backward()
        optimizer.step()
        found.settle()
    return found, true - true.mean()


@pytest.mark.parametrize("level", [-4.0, -2.0, 0.0, 2.0])
@pytest.mark.parametrize("spread", [0.3, 0.8])
def test_the_spread_that_items_have_is_found(spread, level):
    """However seldom or often items are opened, 2 to 88 % of 10 to 60 showings each, up to 15 %.

    Of 3,000 items it is known to 1.3 %, with so many showings to some 6 %; a normal distribution of what is open is not
    quite right. Failed when openings were taken for what is told, at level 0 (.06 of .3) and 2; when one showing stood
    beside an item's own, at level -4 (.53); and without what is open.
    """
    found, _ = believed(spread, np.random.default_rng(1).integers(10, 61, ITEMS), level)
    assert float(found.variance.sqrt()) == pytest.approx(spread, rel=0.15)


def test_qualities_are_drawn_to_the_others_by_what_is_not_told():
    """Who is shown little is believed little: what is found of what is true is the share that the log tells of it."""
    shown = np.random.default_rng(1).integers(10, 61, ITEMS)
    found, true = believed(0.6, shown)
    told = shown / 4 / (shown / 4 + 1 / 0.6**2)
    said = found().detach().numpy()
    assert np.polyfit(true, said / told, 1)[0] == pytest.approx(1.0, abs=0.1)


def test_texts_tell_of_items_that_were_hardly_shown():
    """Half of quality is in the texts; of an item that was shown a few times it is most of what is known.

    Of h told of an item, (1 + h / 2) / (1 + h / 4) / 2 of the error is left: .67 at the 2 that 8 showings tell.
    (Before, what knew no texts was fitted to a log of other qualities, and a half was asked.)
    """
    texts = np.random.default_rng(2).normal(size=(ITEMS, 3)).astype(np.float32)
    shown = np.random.default_rng(3).integers(1, 17, ITEMS)
    with_texts, true = believed(0.5, shown, texts=texts, slope=0.5)
    without, _ = believed(0.5, shown, texts=texts, slope=0.5, told=False)
    says = with_texts.says.detach().numpy()
    assert says == pytest.approx([0.5, 0.0, 0.0], abs=0.05)
    off = [float(np.mean((one().detach().numpy() - true) ** 2)) for one in (with_texts, without)]
    assert off[0] < 0.67 * off[1]


@pytest.mark.parametrize("opened", [0, 40])
def test_an_item_never_or_always_opened_is_told_of(opened):
    """By its own share alone, 0 or 1, it would tell nothing, and all of it would count as open."""
    times = np.full(3, 20), np.full(3, 40)
    times[0][0] = opened
    found = Quality(*times, np.zeros(3), None)
    found.settle()
    assert float(found.variance) < 0.3  # 1 / (1 + 10) of two, and of one some .4; 1.0 of it by its own share


def test_where_all_was_opened_items_are_held_to_be_alike():
    """Failed, staying as wide as it began, where the share of all was taken for 1."""
    found = Quality(np.full(9, 40), np.full(9, 40), np.zeros(9), None)
    for _ in range(1000):
        found.settle()
    assert float(found.variance) < 0.1
