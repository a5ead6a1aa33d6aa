"""A ranker of items that have dates: it learns what age and news do, judges by it, and without dates is as it was.

Tried: what the moment adds left out of ``Judge.scores``, and left out of the ranker's loss; each fails a test.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.policy import Context
from driftrec.agents.ranker.choice import AnyClick
from driftrec.agents.ranker.fitting import FitSettings, fit
from driftrec.agents.ranker.items import OfferedItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.protocol import Logs, as_tensors

ITEMS, SLATE, OFFERED, PERIOD = 200, 4, 60, 240.0
HOURS = np.sort(np.random.default_rng(0).uniform(0, PERIOD, ITEMS)).astype(np.float32)
TOPIC = np.where(np.arange(ITEMS) // 40 % 2, 0, np.arange(ITEMS) % 4)  # topic 0 is in the news now and then


def context(dates=True):
    rows = np.random.default_rng(1).standard_normal((ITEMS, 8)).astype(np.float32)
    told = Context(SLATE, rows, rows[:2], np.full(ITEMS, 5.0, np.float32), ("",) * ITEMS, topics=TOPIC)
    return replace(told, offered=OFFERED, hours=HOURS, period=PERIOD) if dates else replace(told, offered=OFFERED)


def ranker(dates=True):
    return TextRanker(context(dates), "text", 0, choice=AnyClick(SLATE))


def utilities(moment, items):
    """Log-odds of the rule, (users, n): less with every doubling of the age, more of topic 0 while it is news."""
    age = (moment - HOURS[items]) % PERIOD
    recent = (((moment[:, :1] - HOURS) % PERIOD < 24.0) & (TOPIC == 0)).sum(axis=1)
    return 1.0 - 1.5 * np.log2(1.0 + age / 24.0) + 2.0 * (TOPIC[items] == 0) * (recent > 10)[:, None]


def draw(seed, rows):
    """Rows of a log, of users with nothing behind them."""
    rng = np.random.default_rng(seed)
    moment = rng.uniform(0, PERIOD, (rows, 1)).astype(np.float32)
    last = np.searchsorted(HOURS, moment) - 1  # the newest
    items = (last - rng.random((rows, OFFERED)).argsort(axis=1)[:, :SLATE]) % ITEMS
    clicks = rng.random(items.shape) < 1.0 / (1.0 + np.exp(-utilities(moment, items)))
    blank, zero = np.full((rows, SLATE), -1, np.int32), np.zeros((rows, SLATE), np.float32)
    seen = {"persona": np.zeros((rows, 1), np.int32), "shown": blank, "clicked": np.zeros((rows, SLATE), np.int8)}
    seen |= {"engagement": zero, "age": zero, "read_items": blank, "read_minutes": zero, "read_age": zero}
    seen |= {"clock": zero, "moment": moment, "candidates": ((last - np.arange(OFFERED)) % ITEMS).astype(np.int32)}
    told = as_tensors(seen), torch.from_numpy(items), torch.from_numpy(clicks)
    return Logs(*told, torch.from_numpy(5.0 * clicks).float(), torch.zeros(rows, dtype=torch.bool))


@pytest.fixture(scope="module")
def fitted():
    """With dates and without."""
    made = ranker(), ranker(dates=False)
    for each in made:
        how = FitSettings(batch_size=64, learning_rate=1e-2)
        fit(each, [draw(1, 6000)], how, epochs=3, seed=0, report=lambda line: None)
    return made


def appeal_of(each, logs):
    """Of all that is on offer, as a judge has it."""
    observation = {name: value.numpy() for name, value in logs.seen.items()}
    return Judge(each, OfferedItems(context()), farsighted=False).view(observation).appeal


def test_what_age_and_news_do_is_learned(fitted):
    """The rule knows no user, so that appeal is to be the rule's; without dates an item's own can say some of it."""
    logs = draw(2, 1000)
    wanted = utilities(logs.seen["moment"].numpy(), logs.seen["candidates"].numpy())
    alike = [np.corrcoef(appeal_of(each, logs).ravel(), wanted.ravel())[0, 1] for each in fitted]
    assert alike[0] > 0.85  # 0.89
    assert alike[1] < 0.6  # 0.48


def test_a_judge_counts_the_moment_in(fitted):
    logs = draw(3, 6)
    with torch.no_grad():
        alone = fitted[0].scores(fitted[0].state(logs.seen), logs.seen["candidates"].long()).appeal
        timely = fitted[0].timely(logs.seen, logs.seen["candidates"].long())
    np.testing.assert_allclose(appeal_of(fitted[0], logs), alone + timely, rtol=1e-5, atol=1e-5)
    assert timely.std() > 0.3
    assert "moment" in OfferedItems(context()).keys


def test_the_moment_adds_to_the_whole_catalogue_as_to_its_items(fitted):
    seen, some = draw(4, 5).seen, torch.tensor([7, 3, 150])
    with torch.no_grad():
        whole, few = fitted[0].timely(seen, None), fitted[0].timely(seen, some)
    assert whole.shape == (5, ITEMS)
    assert torch.equal(whole[:, some], few)


def test_without_dates_nothing_is_added_and_weights_are_as_they_were():
    plain, dated = ranker(dates=False), ranker()
    assert plain.timely(draw(5, 3).seen, None) is None
    assert "moment" not in OfferedItems(context(dates=False)).keys
    weights = dated.state_dict()
    for name, value in plain.state_dict().items():
        assert torch.equal(weights.pop(name), value)
    assert {name.split(".")[0] for name in weights} == {"timeliness"}


def test_weights_of_before_judge_as_they_did():
    plain, dated, logs = ranker(dates=False), ranker(), draw(6, 4)
    dated.timeliness.of_age.data.fill_(1.0)
    dated.load_state_dict(plain.state_dict())
    assert np.array_equal(appeal_of(plain, logs), appeal_of(dated, logs))
