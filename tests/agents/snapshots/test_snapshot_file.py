"""Snapshots as files: what comes back is what went in, whole or refused, and nothing is run."""

import hashlib

import numpy as np
import pytest
import torch

from driftrec.agents.snapshots.snapshot_file import SpoiltError, read_snapshot, write_snapshot

FLAT = np.arange(6.0).reshape(2, 3)
TREE = {
    "none": None,
    "words": ["a", True, 3, 0.1 + 0.2, float("inf")],
    "nested": {"flat": FLAT, "again": FLAT, "turned": np.arange(6, dtype=np.uint64).reshape(2, 3).T},
    "one": np.float64(0.1),
    "flags": np.array([True, False]),
    "weights": torch.arange(4, dtype=torch.float32).reshape(2, 2),
    "step": torch.tensor(3.0),
    "array": {"dict": 1},  # names that the file itself uses
    "empty": np.zeros((0, 3), np.int32),
}


@pytest.fixture
def file(tmp_path):
    """A snapshot of ``TREE``."""
    write_snapshot(tmp_path / "a.snapshot", TREE)
    return tmp_path / "a.snapshot"


def test_what_comes_back_is_what_went_in(file):
    tree = read_snapshot(file)
    assert tree.keys() == TREE.keys()
    assert (tree["none"], tree["words"], tree["array"]) == (None, TREE["words"], {"dict": 1})
    for name, before in TREE["nested"].items():
        after = tree["nested"][name]
        assert (after.dtype, after.strides) == (before.dtype, before.strides)  # sums go as memory lies
        np.testing.assert_array_equal(after, before)
    assert tree["nested"]["again"] is tree["nested"]["flat"]
    assert type(tree["one"]) is np.float64
    assert tree["one"] == 0.1
    assert tree["flags"].tolist() == [True, False]
    assert torch.equal(tree["weights"], TREE["weights"])
    assert (tree["step"].shape, tree["step"].item()) == ((), 3.0)
    assert tree["empty"].shape == (0, 3)
    tree["nested"]["flat"][0, 0] = 7  # may be written to


@pytest.mark.parametrize("place", [0, 64, 65, 80, 400, -1])
def test_an_altered_byte_is_refused_by_name(file, place):
    written = bytearray(file.read_bytes())
    written[place] ^= 1
    file.write_bytes(written)
    if place == 64:  # the line's end, which is no content
        return
    with pytest.raises(SpoiltError, match=r"a\.snapshot is not as it was written: it was cut off or altered"):
        read_snapshot(file)


@pytest.mark.parametrize("length", [0, 10, 64, 65, 70, 300])
def test_a_file_that_was_cut_off_is_refused(file, length):
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(SpoiltError, match="cut off or altered"):
        read_snapshot(file)


def test_mutated_content_under_a_right_checksum_raises_our_error_alone(file):
    """Whoever alters a file may mend its checksum: 300 mutations, and only ``SpoiltError`` or a tree comes out."""
    written, rng, refused = file.read_bytes()[65:], np.random.default_rng(0), 0
    for _ in range(300):
        content = bytearray(written)
        for place in rng.integers(len(content), size=3):
            content[place] = rng.integers(256)
        file.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
        try:
            read_snapshot(file)
        except SpoiltError:
            refused += 1
    assert refused > 100


def test_a_full_disk_leaves_the_file_that_was_there(file, monkeypatch):
    before = file.read_bytes()

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(file), "write_bytes", full)
    with pytest.raises(OSError, match=r"a\.snapshot cannot be written: No space left"):
        write_snapshot(file, {"b": 1})
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["a.snapshot"]


def test_what_is_no_part_of_a_tree_is_refused(tmp_path):
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        write_snapshot(tmp_path / "a.snapshot", {"a": {1, 2}})
    assert not list(tmp_path.iterdir())
