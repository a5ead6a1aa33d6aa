"""Files that are whole or as they were, with the umask's permissions, and errors that name them."""

import errno
import os
import stat

import pytest

from driftrec.simulators.files import check_readable, write_files


def full_disk(self, data):
    self.touch()
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as write(2) tells it: without a name


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_permissions_are_those_that_the_umask_gives(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    finally:
        os.umask(before)
    for name, content in (("a", b"1"), ("b", b"2")):
        assert (tmp_path / name).read_bytes() == content
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o666 & ~umask
    assert len(list(tmp_path.iterdir())) == 2


def test_on_a_full_disk_the_file_is_named_and_everything_stays(tmp_path, monkeypatch):
    write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    write = type(tmp_path).write_bytes

    def second_fails(self, data):
        return full_disk(self, data) if self.name.startswith(".b.") else write(self, data)

    monkeypatch.setattr(type(tmp_path), "write_bytes", second_fails)
    with pytest.raises(OSError, match=rf"{tmp_path / 'b'} cannot be written: No space left on device"):
        write_files({tmp_path / "a": b"3", tmp_path / "b": b"4"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1", "b": b"2"}


def test_a_folder_that_may_not_be_written_to_is_told_as_that(open_folder, as_nobody):
    folder = open_folder / "theirs"
    folder.mkdir()
    with as_nobody(folder, 0o555), pytest.raises(PermissionError) as caught:
        write_files({folder / "new": b""})
    assert str(caught.value) == f"{folder / 'new'} cannot be written: Permission denied"


def test_what_may_not_be_read_is_told_as_that(open_folder, as_nobody):
    file = open_folder / "file"
    with pytest.raises(FileNotFoundError, match="No such file"):
        check_readable(file)
    file.touch()
    check_readable(file)
    with as_nobody(file), pytest.raises(PermissionError, match=f"Permission denied: '{file}'"):
        check_readable(file)
