"""What a fit takes of the embeddings of texts."""

import numpy as np
import pytest

from driftrec.agents.fitting_worlds.texts import leading


def test_all_directions_leave_products_and_few_leave_the_largest():
    """Failed with the last directions in place of the first."""
    texts = np.random.default_rng(0).standard_normal((30, 6)).astype(np.float32) * [3, 1, 1, 2, 0.1, 0.1]
    texts = texts.astype(np.float32)
    whole, some = leading(texts, 8), leading(texts, 4)
    assert whole.shape == (30, 6)
    assert whole @ whole.T == pytest.approx(texts @ texts.T, abs=1e-4)
    assert some.shape == (30, 4)
    assert np.square(some).sum() / np.square(texts).sum() > 0.99
    assert leading(texts[:2], 4).shape == (2, 2)
