"""driftrec results: what it runs, in which order, what it keeps. The commands themselves are replaced."""

import fcntl
import os
import re
import signal
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from driftrec.agents.runs.checkpoint import FILE
from driftrec.agents.studies.news_study import TABLES, TRAININGS
from driftrec.scripts import results
from tests.damaged import filling_up


@pytest.fixture
def commands(monkeypatch):
    """Words of every command; each writes what the true one would."""
    made = []

    def start(words, *, stdout, env, **rest):
        made.append(words[3:])
        folder = Path(words[-1] if "--resume" in words else words[words.index("--out") + 1])
        folder.mkdir(exist_ok=True)
        for name in (FILE, "summary.json", "summary.md", "curve.csv", "engagement_per_policy.png", "episodes.csv"):
            (folder / name).write_text(folder.name)
        stdout.write("done")
        assert env["OMP_NUM_THREADS"] == "1"
        return SimpleNamespace(wait=lambda: int("fail" in str(folder)))

    monkeypatch.setattr(results.subprocess, "Popen", start)
    return made


def test_all_trainings_come_before_all_tables(driftrec, commands, tmp_path):
    done = driftrec("results", "--seeds", "2", "--users", "30", "--workers", "1")
    assert done.status == 0, done.err
    trained = [Path(words[words.index("--out") + 1]).name for words in commands[: -len(TABLES)]]
    assert sorted(trained) == sorted(f"{name}-{seed}" for name in TRAININGS for seed in (1, 2))
    assert trained.index("text-2") < trained.index("slateq-1")  # a ranker before what looks through it
    assert [words[0] for words in commands[-len(TABLES) :]] == ["compare"] * len(TABLES)
    for name in TABLES:
        kept = {path.name for path in (tmp_path / "results" / "news" / name).iterdir()}
        assert kept == {"summary.json", "summary.md", "curve.csv", "engagement_per_policy.png"}
        assert (tmp_path / "results" / "news" / name / "summary.md").read_text() == f"table-{name}"


def test_a_table_needs_only_its_own_trainings(driftrec, commands):
    assert driftrec("results", "--seeds", "1", "--tables", "slates").status == 0
    trained = {Path(words[words.index("--out") + 1]).name for words in commands[:-1]}
    assert trained == {"text-1", "top-k-1", "sb3-ppo-1"}


def out(words):
    return Path(words[words.index("--out") + 1]).name


def test_what_is_finished_is_not_done_again(driftrec, commands, tmp_path):
    words = ("results", "--seeds", "1", "--tables", "slates")
    assert driftrec(*words).status == 0
    (tmp_path / "runs" / "results" / "top-k-1.done").unlink()  # as an interrupt leaves it: with a checkpoint
    commands.clear()
    done = driftrec(*words)
    assert done.status == 0, done.err
    assert [out(each) for each in commands] == ["top-k-1"]


def test_a_table_of_other_users_is_not_taken_for_this_one(driftrec, commands):
    words = ("results", "--seeds", "1", "--tables", "slates")
    assert driftrec(*words, "--users", "30").status == 0
    done = driftrec(*words, "--users", "40")
    assert done.status == 2
    assert "table-slates was made by another command, driftrec compare " in done.err
    assert "Give other --runs." in done.err


def test_a_command_that_a_killed_call_left_behind_is_not_begun_beside_itself(driftrec, commands, tmp_path):
    """Killed by SIGKILL, a call cannot end what it has begun, which still holds its log."""
    words = ("results", "--seeds", "1", "--tables", "slates", "--workers", "1")
    run = tmp_path / "runs" / "results" / "text-1"
    run.mkdir(parents=True)
    (run / "kept").touch()
    with run.with_suffix(".log").open("w") as log:
        log.write("0 of 9 steps")
        log.flush()
        fcntl.flock(log, fcntl.LOCK_EX)
        done = driftrec(*words)
    assert done.status == 2
    assert "A command of an earlier call still writes runs/results/text-1.log. End that process" in done.err
    assert (run / "kept").exists()
    assert run.with_suffix(".log").read_text() == "0 of 9 steps"
    assert driftrec(*words).status == 0
    assert len(commands) == 4


def test_a_failure_names_the_log(driftrec, commands, tmp_path):
    done = driftrec("results", "--seeds", "1", "--runs", "fail", "--workers", "1")
    assert done.status == 2
    assert re.search(r"driftrec results: driftrec train .* failed; see fail/text-1\.log\.\n", done.err)
    assert (tmp_path / "fail" / "text-1.log").read_text() == "done"
    assert len(commands) < len(TRAININGS)  # those that have begun end, others do not begin


def test_an_interrupt_ends_the_commands_that_run(driftrec, monkeypatch):
    """SIGTERM reaches this process alone, unlike Ctrl-C."""
    ended = threading.Event()

    def wait():
        os.kill(os.getpid(), signal.SIGTERM)
        return 0 if ended.wait(timeout=20) else 1

    endless = SimpleNamespace(wait=wait, terminate=ended.set)
    monkeypatch.setattr(results.subprocess, "Popen", lambda words, **rest: endless)
    done = driftrec("results", "--seeds", "1", "--tables", "slates", "--workers", "1")
    assert (done.status, done.err) == (130, "driftrec results: interrupted.\n")
    assert ended.is_set()


def test_a_full_disk_is_named_with_its_file_and_what_was_kept_stays(driftrec, commands, tmp_path):
    words = ("results", "--seeds", "1", "--tables", "slates")
    assert driftrec(*words).status == 0
    kept = tmp_path / "results" / "news" / "slates" / "summary.md"
    (tmp_path / "runs" / "results" / "table-slates" / "summary.md").write_text("x" * 2000)
    with filling_up(1000):
        done = driftrec(*words)
    assert done.status == 2
    assert re.search(r"driftrec results: \S+/summary\.md cannot be written: File too large\n$", done.err)
    assert kept.read_text() == "table-slates"


def test_a_command_that_was_cut_short_is_gone_on_with(driftrec, commands, tmp_path):
    words = ("results", "--seeds", "1", "--tables", "slates")
    assert driftrec(*words).status == 0
    cut = tmp_path / "runs" / "results" / "top-k-1"
    whole = cut.with_suffix(".done").read_text()
    cut.with_suffix(".done").unlink()
    (cut / "progress").mkdir()
    commands.clear()
    done = driftrec(*words)
    assert done.status == 0, done.err
    assert commands == [["train", "--resume", "runs/results/top-k-1"]]
    assert cut.with_suffix(".done").read_text() == whole


def test_probes_need_no_training_and_are_kept(driftrec, commands, tmp_path):
    done = driftrec("results", "encoders", "--tables", "video-probe")
    assert done.status == 0, done.err
    assert [words[:3] for words in commands] == [["probe", "--world", "driftrec/Video-v0"]]
    assert (tmp_path / "results" / "encoders" / "video-probe" / "summary.md").read_text() == "table-video-probe"
    commands.clear()
    assert driftrec("results", "encoders", "--tables", "video-probe").status == 0
    assert commands == []
