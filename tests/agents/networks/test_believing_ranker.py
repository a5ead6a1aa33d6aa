"""A ranker of texts that believes: what it reads, what it learns of logs, and who may not have one."""

import numpy as np
import pytest
import torch

from driftrec.agents.beliefs.topic_belief import BELIEF, TOLD
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.policy import Context
from driftrec.agents.ranker.choice import AnyClick, OneOfMany
from driftrec.agents.ranker.fitting import FitSettings, fit
from driftrec.agents.ranker.protocol import Logs
from tests.agents.beliefs.bored import SLATE, TOPIC, bored_users

PAGES = 9


def context():
    rng = np.random.default_rng(0)
    items, personas = (rng.standard_normal((rows, 8)).astype(np.float32) for rows in (len(TOPIC), 2))
    names = ("a", "b", "c", "d")
    return Context(SLATE, items, personas, np.full(len(TOPIC), 10.0, np.float32), names, topics=TOPIC)


def ranker(encoder="belief", representation="text"):
    return TextRanker(context(), representation, 0, choice=AnyClick(SLATE), encoder=encoder)


def logs(users, seed):
    """The last page of each user, and what was observed before it; some are bored by 2 openings, others by 6."""
    told = bored_users([2.0, 6.5], users, PAGES, seed)
    seen = {name: told[name][:, :-SLATE] for name in ("shown", "clicked", "age")}
    seen["age"] = seen["age"] - 1.0  # the last page is shown now
    blank = torch.full((users, 4), -1, dtype=torch.int32)
    seen |= {"persona": told["persona"], "engagement": torch.zeros_like(seen["age"]), "clock": torch.zeros(users, 4)}
    seen |= {"read_items": blank, "read_minutes": torch.zeros(users, 4), "read_age": torch.zeros(users, 4)}
    clicks = told["clicked"][:, -SLATE:] > 0
    return Logs(seen, told["shown"][:, -SLATE:].long(), clicks, clicks.float(), torch.zeros(users, dtype=torch.bool))


def test_what_is_believed_stands_at_the_end_of_the_state_asked_now_or_before():
    made, seen = ranker(), logs(5, seed=1).seen
    told = made.belief.asked(seen)[BELIEF]
    state = made.state(seen)
    assert torch.equal(made.believed(state), told)
    assert torch.equal(made.state({**seen, BELIEF: told}), state)
    assert state.shape[1] == made.width
    assert made.topic_shape[1] > len(TOLD)


def test_without_beliefs_nothing_of_them_is_read():
    made, seen = ranker("fading"), logs(5, seed=1).seen
    assert not made.believes
    assert made.believed(made.state(seen)) is None
    assert torch.equal(made.state({**seen, BELIEF: torch.ones(5, 2, len(TOLD))}), made.state(seen))


def test_fitting_beliefs_leaves_learned_vectors_alone_and_asks_them_of_all_logs():
    made, rows = ranker(representation="ids"), logs(40, seed=2)
    before = made.items.rows.detach().clone()
    told = made.prepare([rows])[0].rows()
    assert torch.equal(made.items.rows.detach(), before)
    assert torch.equal(told.seen[BELIEF], made.belief.asked(rows.seen)[BELIEF])


@pytest.mark.parametrize("representation", ["text", "ids", "random"])
def test_what_is_asked_after_fitting_is_what_the_ranker_was_fitted_to(representation, monkeypatch):
    """Vectors that are learned move; beliefs must not move with them."""
    made, rows, prepared = ranker(representation=representation), logs(200, seed=5), []
    prepare = made.prepare
    monkeypatch.setattr(made, "prepare", lambda parts: prepared.extend(prepare(parts)) or prepared)
    fit(made, [rows], FitSettings(batch_size=64, learning_rate=0.05), epochs=2, seed=0, report=lambda line: None)
    torch.testing.assert_close(made.belief.asked(rows.seen)[BELIEF], prepared[0].rows().seen[BELIEF], rtol=0, atol=1e-5)
    assert not any(name.endswith(".rows") for name in made.belief.state_dict())


def test_what_is_settled_is_asked_and_not_fitted_again():
    """Seen to fail where ``settle`` does nothing."""
    made, rows = ranker(), logs(40, seed=2)
    made.belief_steps = 2
    first = copied(made.belief)
    made.prepare([rows])
    fitted = copied(made.belief)
    assert any(not torch.equal(first[name], fitted[name]) for name in first)
    made.settle()
    told = made.prepare([rows])[0].rows()
    assert all(torch.equal(value, fitted[name]) for name, value in made.belief.state_dict().items())
    assert torch.equal(told.seen[BELIEF], made.belief.asked(rows.seen)[BELIEF])


def copied(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def test_one_opening_a_page_speaks_for_no_belief():
    with pytest.raises(ValueError, match=r"'belief' reads pages of which several items may be opened.*'fading'"):
        TextRanker(context(), "text", 0, choice=OneOfMany(SLATE), encoder="belief")


def held_out(encoder):
    made, others = ranker(encoder), logs(2000, seed=4)
    fit(made, [logs(4000, seed=3)], FitSettings(batch_size=128), epochs=4, seed=0, report=lambda line: None)
    with torch.no_grad():
        appeal = made.scores(made.state(others.seen), others.shown).appeal
        return float(made.choice.loss(appeal - made.choice.examination()[0], others.clicks))


def test_who_is_bored_is_told_apart_better_than_by_fading_memories():
    """Nats a page of 3. Seen to fail with ``follow`` told that nothing was opened: then it is no better."""
    assert held_out("belief") < held_out("fading") - 0.05
