"""Run folders, seeds and configurations."""

import errno
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from driftrec.agents.runs import folders as runs
from driftrec.agents.runs.folders import (
    CONFIG_FILE,
    LIBRARIES,
    check_empty,
    check_users,
    commit,
    drawn,
    new_run,
    rescue,
    run_folder,
    versions,
    write_config,
)


def test_runs_are_numbered_after_the_highest(tmp_path):
    (tmp_path / "0007-train").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "12").mkdir()
    assert [new_run(tmp_path, name).name for name in ("compare", "train")] == ["0008-compare", "0009-train"]


def test_the_root_is_made(tmp_path):
    assert new_run(tmp_path / "a" / "b", "train") == tmp_path / "a" / "b" / "0001-train"


def test_two_processes_at_once_get_two_folders(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: new_run(tmp_path, "train"), range(40)))
    assert len(set(folders)) == 40


def test_after_run_9999_comes_an_error(tmp_path):
    (tmp_path / "9999-train").mkdir()
    with pytest.raises(RuntimeError, match="holds run 9999 already; give another folder"):
        new_run(tmp_path, "train")


def test_a_folder_of_ones_own_is_made_or_taken_when_empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "a" / "mine"
    check_empty(out)
    assert not out.exists()  # checking makes nothing
    for _ in range(2):
        with run_folder(out, "train") as folder:
            assert folder == out
            assert out.is_dir()
    with run_folder(None, "train") as folder:
        assert folder == Path("runs/0001-train")
    assert folder.is_dir()
    check_empty(None)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize(
    ("results", "stays"), [([], False), ([CONFIG_FILE], False), ([CONFIG_FILE, "curve.csv"], True), (["a.png"], True)]
)
def test_a_run_that_fails_leaves_a_folder_only_if_it_has_a_result(tmp_path, error, results, stays):
    out = tmp_path / "mine"
    with pytest.raises(error):
        fail(out, results, error)
    assert out.exists() == stays
    if stays:
        assert sorted(path.name for path in out.iterdir()) == sorted(results)


def fail(path, results, error):
    """A run that writes the files ``results`` and fails."""
    with run_folder(path, "train") as folder:
        for name in results:
            (folder / name).write_text("{}")
        raise error


def enter(path):
    with run_folder(path, "train"):
        pass


@pytest.mark.parametrize("act", [check_empty, enter])
def test_what_holds_anything_is_refused(tmp_path, act):
    file = tmp_path / "old"
    file.write_text("results")
    with pytest.raises(FileExistsError, match="is not empty; runs are never written over"):
        act(tmp_path)
    with pytest.raises(FileExistsError, match="old is a file; give a new folder"):
        act(file)
    assert file.read_text() == "results"


def test_a_seed_that_is_given_is_kept_and_not_printed(capsys):
    assert [drawn(0), drawn(2**32 - 1)] == [0, 2**32 - 1]
    assert capsys.readouterr().out == ""


def test_a_seed_that_is_drawn_is_new_and_printed(capsys):
    seeds = [drawn(None) for _ in range(5)]
    assert len(set(seeds)) == 5
    assert capsys.readouterr().out.splitlines() == [f"Seed {s} (drawn; repeat with --seed {s})." for s in seeds]


@pytest.mark.parametrize("seed", [-1, 2**32, 10**30])
def test_seeds_that_a_library_would_refuse_later_are_refused_now(seed):
    with pytest.raises(ValueError, match=f"--seed is {seed}; it must not be negative and must be below 4294967296"):
        drawn(seed)


@pytest.mark.parametrize("users", [1, 0, -5])
def test_too_few_users(users):
    with pytest.raises(ValueError, match=f"--users is {users}; intervals need at least 2"):
        check_users(users)
    check_users(2)


def test_config_holds_the_command_and_the_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["driftrec", "compare", "--policies", "my own=random"])
    write_config(tmp_path, {"seed": 7, "out": tmp_path})
    stored = json.loads((tmp_path / CONFIG_FILE).read_text())
    assert (stored["seed"], stored["out"]) == (7, str(tmp_path))
    assert stored["command"] == "driftrec compare --policies 'my own=random'"  # as a shell takes it
    assert stored["versions"]["numpy"] == np.__version__
    assert stored["versions"] == versions()
    assert set(versions()) == {"python", *LIBRARIES}


def test_versions_of_what_is_not_installed_are_left_out():
    assert set(versions(("numpy", "no-such-library"))) == {"python", "numpy"}


def test_config_is_strict_json(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_config(tmp_path, {"gamma": np.nan})
    assert not (tmp_path / CONFIG_FILE).exists()


def test_the_commit_is_told_where_the_code_lies_in_a_checkout(tmp_path, monkeypatch):
    found = commit()
    if Path(runs.__file__).resolve().parents[1].joinpath(".git").exists():
        assert re.fullmatch(r"[0-9a-f]{40}(\+changes)?", found["commit"])
    monkeypatch.setattr(runs, "__file__", str(tmp_path / "runs.py"))  # as in site-packages
    assert commit() == {}


@pytest.mark.parametrize("tag", [("tag", "light"), ("tag", "-a", "-m", "told", "v1.0.0")])
def test_the_commit_is_told_on_a_tag_and_among_changes_too(tag, tmp_path, monkeypatch):
    def git(*words):
        own = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", "-C", tmp_path, *own, *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    code = tmp_path / "runs.py"
    code.write_text("before", encoding="utf-8")
    for words in (["init"], ["add", "."], ["commit", "-m", "first"], tag):
        git(*words)
    monkeypatch.setattr(runs, "__file__", str(code))
    head = git("rev-parse", "HEAD")
    assert commit() == {"commit": head}
    code.write_text("after", encoding="utf-8")
    assert commit() == {"commit": f"{head}+changes"}


def full_disk(folder):
    """Writes a result, and another of which only a part fits on the disk of ``folder``."""

    def write(where):
        (where / "whole.txt").write_text("whole")
        (where / "cut.txt").write_text("cut" if where == folder else "cut off")
        if where == folder:
            raise OSError(errno.ENOSPC, "No space left on device")

    return write


def test_what_does_not_fit_is_kept_elsewhere_and_the_command_can_be_repeated(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def run():
        with run_folder(tmp_path / "mine", "train") as folder:
            write_config(folder, {})
            rescue(folder, full_disk(folder))

    message = r"mine cannot be written \(.*No space left on device\)\. What was computed is kept in "
    with pytest.raises(OSError, match=message) as caught:
        run()
    kept = Path(str(caught.value).rpartition(" kept in ")[2].rstrip("."))
    assert {file.name: file.read_text() for file in kept.iterdir()} == {"whole.txt": "whole", "cut.txt": "cut off"}
    assert not (tmp_path / "mine").exists()


def test_where_nothing_can_be_kept_both_places_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(OSError, match=rf"{tmp_path} cannot be written \(.*nor {tmp_path}/none .*; nothing is kept"):
        rescue(tmp_path, full_disk(tmp_path))


def test_a_configuration_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / CONFIG_FILE).mkdir()
    with pytest.raises(OSError, match=rf"{tmp_path}/{CONFIG_FILE} cannot be written: Is a directory"):
        write_config(tmp_path, {})
