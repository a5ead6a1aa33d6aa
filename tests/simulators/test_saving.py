"""Arrays on disk: permissions, refusals, nothing half written."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError

from driftrec.simulators import saving
from driftrec.simulators.saving import load_arrays, save_arrays


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_files_have_the_permissions_of_any_new_file(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        save_arrays(tmp_path / "a.safetensors", {"x": np.ones(3), "scalar": np.float32(2)}, {"name": "value"})
    finally:
        os.umask(before)
    assert (tmp_path / "a.safetensors").stat().st_mode & 0o777 == mode
    arrays, metadata = load_arrays(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(arrays["x"], np.ones(3))
    assert arrays["scalar"].shape == ()
    assert metadata == {"name": "value"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_file_that_must_not_be_read_is_told_as_such():
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.safetensors"
        save_arrays(path, {"x": np.ones(3)})
        os.chmod(name, 0o755)
        path.chmod(0o600)
        os.seteuid(65534)
        try:
            with pytest.raises(PermissionError, match=r"a\.safetensors"):
                load_arrays(path)
        finally:
            os.seteuid(0)


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors"):
        load_arrays(tmp_path / "none.safetensors")
    (tmp_path / "a.safetensors").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"a\.safetensors is damaged"):
        load_arrays(tmp_path / "a.safetensors")


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    save_arrays(path, {"x": np.ones(3)})

    def full(*args):
        raise SafetensorError("No space left on device")

    monkeypatch.setattr(saving, "save_file", full)
    with pytest.raises(OSError, match=r"a\.safetensors cannot be written: No space left on device"):
        save_arrays(path, {"x": np.zeros(3)})
    np.testing.assert_array_equal(load_arrays(path)[0]["x"], np.ones(3))
    assert list(tmp_path.iterdir()) == [path]
