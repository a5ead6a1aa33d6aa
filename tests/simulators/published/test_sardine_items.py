"""SARDINE's items: the published rule, and the packaged files where they are installed."""

import sys

import numpy as np
import pytest

from driftrec.simulators.published import sardine_items as module
from driftrec.simulators.published.sardine_items import generate_items, packaged_file, sardine_items


def test_generated_items_follow_the_rule():
    """Two or three random topics, either half of the time; 4,000 items; bounds: 4.5 standard errors of a share.

    If three come with chance 0.6 (tried), it fails.
    """
    items = generate_items(4000).embeddings
    assert (items.dtype, items.shape, items.min()) == (np.float32, (4000, 10), 0)
    np.testing.assert_allclose(np.linalg.norm(items, axis=1), 1, rtol=1e-6)
    number = (items > 0).sum(axis=1)
    assert set(number) == {2, 3}
    assert abs((number == 2).mean() - 0.5) <= 4.5 * 0.5 / np.sqrt(4000)
    assert np.abs((items > 0).mean(axis=0) - 0.25).max() <= 4.5 * np.sqrt(0.25 * 0.75 / 4000)


def test_generated_items_are_always_the_same():
    np.testing.assert_array_equal(generate_items(50).embeddings, generate_items(50).embeddings)
    assert (generate_items(50).embeddings != generate_items(50, seed=1).embeddings).any()


def test_the_main_topic_is_that_of_the_largest_entry():
    items = generate_items(50)
    rows = np.arange(50)
    assert (items.embeddings[rows, items.main_topics] == items.embeddings.max(axis=1)).all()


@pytest.mark.skipif(packaged_file("item_embeddings_rerank.npy") is None, reason="sardine-rec is not installed")
def test_packaged_items_are_those_of_the_notes():
    """worlds.md 3.2: how many items have each main topic, and topics an item."""
    ten, thousand = sardine_items(10, "packaged"), sardine_items(1000)
    assert {ten.source, thousand.source} == {"packaged"}
    assert np.bincount(ten.main_topics, minlength=10).tolist() == [0, 1, 2, 1, 1, 1, 1, 0, 2, 1]
    counts = np.bincount(thousand.main_topics)
    assert (counts.min(), counts.max()) == (91, 111)
    assert (thousand.embeddings > 0).sum(axis=1).mean() == pytest.approx(2.51, abs=0.005)
    assert ten.embeddings.dtype == np.float32


def test_auto_generates_where_no_file_holds_so_many():
    assert sardine_items(11).source == "generated"
    assert sardine_items(1000, "generated").source == "generated"


def test_without_the_package_auto_generates_and_packaged_says_what_to_do(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert sardine_items(1000).source == "generated"
    with pytest.raises(FileNotFoundError, match=r"rerank\.npy is not installed; pip install -e '\.\[peers\]'"):
        sardine_items(10, "packaged")


def test_another_package_of_that_name_is_not_mistaken_for_it(monkeypatch, tmp_path):
    (tmp_path / "sardine").mkdir()
    (tmp_path / "sardine" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "sardine", raising=False)
    assert sardine_items(10).source == "generated"


@pytest.mark.parametrize(
    ("num_items", "embeddings", "message"),
    [
        (0, "auto", "num_items is 0; it must be at least 1"),
        (11, "packaged", "num_items is 11; the packaged catalogues hold 1000 or 10"),
        (10, "download", "embeddings is 'download', which is no source. Known: auto, generated, packaged"),
    ],
)
def test_wrong_catalogues_are_refused(num_items, embeddings, message):
    with pytest.raises(ValueError, match=message):
        sardine_items(num_items, embeddings)
