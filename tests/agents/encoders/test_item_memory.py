"""What a user's past with single items says: opened and passed over, fading, and nothing where there was nothing."""

import numpy as np
import pytest
import torch

from driftrec.agents.encoders.item_memory import NUMBERS, ItemMemory
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.ranker.fitting import FitSettings, fit
from driftrec.agents.ranker.protocol import RECENT, Logs, as_tensors

SEEN = {
    "shown": torch.tensor([[-1, 3, 4, 3], [2, 2, 2, 0]]),
    "clicked": torch.tensor([[0, 1, 0, 1], [1, 1, 0, 0]]),
    "age": torch.tensor([[0.0, 96.0, 96.0, 0.0], [192.0, 0.0, 0.0, 0.0]]),
}


@pytest.fixture
def memory():
    torch.manual_seed(0)
    memory = ItemMemory()
    torch.nn.init.normal_(memory.out.weight)
    return memory


def test_openings_count_less_the_older_they_are(memory):
    past = memory.of_all(SEEN, 6)
    assert past.shape == (2, 6, NUMBERS)
    counts = torch.expm1(past)
    np.testing.assert_allclose(counts[:, :, RECENT].detach(), [[0, 0, 0, 1.5, 0, 0], [0, 0, 1.25, 0, 0, 0]], atol=1e-6)
    passed = counts[:, :, NUMBERS // 2 + RECENT].detach()
    np.testing.assert_allclose(passed, [[0, 0, 0, 0, 0.5, 0], [1, 0, 1, 0, 0, 0]], atol=1e-6)


def test_of_some_items_it_is_that_of_all(memory):
    items = torch.tensor([[4, 3, 1], [5, 2, 0]])
    whole = memory.of_all(SEEN, 6).gather(1, items[..., None].expand(-1, -1, NUMBERS))
    torch.testing.assert_close(memory.of(SEEN, items), whole)


def test_what_was_never_shown_is_judged_as_without_a_memory(memory):
    past = memory.of_all(SEEN, 6)
    added = memory(past)
    assert (added[0, [0, 1, 2, 5]] == 0).all()
    assert (added[0, [3, 4]] != 0).all()
    with torch.no_grad():
        torch.testing.assert_close(memory.serving(past), added)


def test_a_ranker_learns_that_what_was_opened_is_opened_again(make_context, audience):
    """Logs in which items opened before are opened, and no others: without a memory both kinds would be alike."""
    context = make_context(num_items=9, num_personas=10)
    ranker = TextRanker(context, "text", 0, repeats=True)
    rng = np.random.default_rng(0)
    rows = 512
    past = rng.permuted(np.tile(np.arange(9), (rows, 1)), axis=1)
    seen = {**audience(rows).observe(), "shown": past[:, :4], "clicked": np.ones((rows, 4), np.int8)}
    seen = as_tensors({**seen, "engagement": np.ones((rows, 4), np.float32), "age": np.ones((rows, 4), np.float32)})
    shown = torch.from_numpy(past[:, [0, 1, 6, 7, 8]])
    clicks = torch.tensor([[True, False, False, False, False]]).repeat(rows, 1)
    logs = Logs(seen, shown, clicks, torch.ones(rows, 5), torch.zeros(rows, dtype=torch.bool))
    fit(ranker, [logs], FitSettings(batch_size=64, learning_rate=1e-2), epochs=6, seed=0, report=lambda line: None)
    with torch.no_grad():
        again = ranker.again(ranker.past(seen, None))
    known = again.gather(1, torch.from_numpy(past[:, :4])).mean()
    assert known > 0.5  # 1.9 when written; without ``again`` in the loss it is 0
    assert (again.gather(1, torch.from_numpy(past[:, 4:])) == 0).all()
