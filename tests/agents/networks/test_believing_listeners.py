"""A ranker where items are opened again: what it believes of them, counted in once, learned of logs and priced."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from driftrec.agents.beliefs import fit_belief as fit_belief_module
from driftrec.agents.beliefs.song_belief import ITEMS, OF_ITEMS, OF_MOODS, TOLD_OF_ITEM, SongBelief
from driftrec.agents.beliefs.topic_belief import BELIEF
from driftrec.agents.encoders.item_memory import NUMBERS
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.policy import Context
from driftrec.agents.ranker.choice import AnyClick
from driftrec.agents.ranker.fitting import FitSettings, fit
from driftrec.agents.ranker.items import RepeatedItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.protocol import Logs
from tests.agents.beliefs.listeners import SLATE, TOPIC, listeners

LIFTS = [TOLD_OF_ITEM.index(name) for name in ("mood", "lift")]


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    """A third of the gradients do for six songs."""
    monkeypatch.setattr(fit_belief_module, "STEPS", 100)


def context():
    rng = np.random.default_rng(0)
    items, personas = (rng.standard_normal((rows, 8)).astype(np.float32) for rows in (len(TOPIC), 1))
    names = tuple("abcdef")
    return Context(SLATE, items, personas, np.full(len(TOPIC), 3.0, np.float32), names, topics=TOPIC)


def ranker(encoder="belief"):
    return TextRanker(context(), "text", 0, choice=AnyClick(SLATE), encoder=encoder, repeats=True)


def logs(users, seed, pages=9):
    """The last page of each user and what was observed before it; songs wear out after 2 plays or after 5."""
    told = listeners([2.0, 5.0], users, pages, seed)
    seen = {name: told[name][:, :-SLATE] for name in ("shown", "clicked", "age")}
    seen["age"] = seen["age"] - 8.0
    blank = torch.full((users, 4), -1, dtype=torch.int32)
    seen |= {name: told[name] for name in ("persona", "hour")}
    seen |= {"engagement": torch.zeros_like(seen["age"]), "clock": torch.zeros(users, 4)}
    seen |= {"read_items": blank, "read_minutes": torch.zeros(users, 4), "read_age": torch.zeros(users, 4)}
    clicks = told["clicked"][:, -SLATE:] > 0
    return Logs(seen, told["shown"][:, -SLATE:].long(), clicks, clicks.float(), torch.zeros(users, dtype=torch.bool))


def test_what_is_believed_of_songs_ends_the_past_and_begins_as_log_odds():
    made, seen = ranker(), logs(5, seed=1).seen
    with torch.no_grad():
        past = made.past(seen, None)
        assert past.shape == (5, len(TOPIC), made.past_numbers)
        believed = made.belief.of_items({**seen, **made.belief.asked(seen)}, None)
        assert torch.equal(past[..., NUMBERS:], believed)
        torch.testing.assert_close(made.again(past), believed[..., LIFTS].sum(dim=2), rtol=0, atol=1e-6)
    assert made.wears
    assert not ranker("fading").wears
    assert ranker("fading").past_numbers == NUMBERS


def test_a_request_asks_for_beliefs_once(monkeypatch):
    asked, asks = [], SongBelief.asked
    monkeypatch.setattr(SongBelief, "asked", lambda self, seen: asked.append(1) or asks(self, seen))
    judge = Judge(ranker(), RepeatedItems(context()), farsighted=False)
    view = judge.view({name: value.numpy() for name, value in logs(3, seed=1).seen.items()})
    assert len(asked) == 1
    assert view.past.shape == (3, len(TOPIC), judge.ranker.past_numbers)
    assert view.believed is not None


def test_fitting_asks_all_logs_and_the_past_is_what_they_were_told(monkeypatch):
    monkeypatch.setattr(fit_belief_module, "STEPS", 2)
    made, rows = ranker(), logs(60, seed=2)
    told = made.prepare([rows])[0].rows()
    assert told.seen.keys() == rows.seen.keys() | {BELIEF, OF_ITEMS, ITEMS, OF_MOODS}
    with torch.no_grad():
        torch.testing.assert_close(
            made.past(told.seen, rows.shown), made.past(rows.seen, rows.shown), rtol=0, atol=1e-5
        )


def held_out(encoder):
    made, others = ranker(encoder), logs(1500, seed=4)
    fit(made, [logs(3000, seed=3)], FitSettings(batch_size=128), epochs=4, seed=0, report=lambda line: None)
    judge = Judge(made, SimpleNamespace(), farsighted=False)
    with torch.no_grad():
        seen = made.read(others.seen)
        appeal = judge.scores(made.state(seen), seen, others.shown)[0].appeal
        return float(made.choice.loss(appeal - made.choice.examination()[0], others.clicks))


def test_what_is_worn_out_is_told_better_than_by_counts():
    """Nats a page of 2. Seen to fail with ``Limits.follow`` told that nothing was opened."""
    assert held_out("belief") < held_out("fading") - 0.02
