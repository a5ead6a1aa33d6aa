"""The console command: its verbs, and one line for every mistake."""

import subprocess
import sys
from pathlib import Path

import pytest

from driftrec import __version__
from driftrec.scripts import cli
from driftrec.scripts.cli import VERBS

SCRIPTS = Path(__file__).parents[2] / "scripts"
HELPERS = (
    *("cli", "allocator", "arguments", "keys", "toml_file", "quick_help", "take_flag", "threads", "tune_training"),
    "in_worlds",
)
"""What verbs have in common."""


def module(verb):
    """Name of the script's module."""
    return verb.replace("-", "_")


def test_every_verb_is_a_script_and_every_script_a_verb():
    scripts = {path.stem.replace("_", "-") for path in SCRIPTS.glob("*.py") if path.stem != "__init__"}
    assert scripts - {helper.replace("_", "-") for helper in HELPERS} == set(VERBS)


def test_the_version_is_told(driftrec):
    done = driftrec("--version")
    assert (done.status, done.out) == (0, f"driftrec {__version__}\n")


def test_the_command_is_installed(tmp_path):
    command = Path(sys.executable).with_name("driftrec")
    done = subprocess.run([command, "trian"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("driftrec: verb 'trian' is unknown. Did you mean 'train'?")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "Did you mean 'train'"),
        (["compare", "--world", "driftrec/New-v0"], "Did you mean 'driftrec/News-v0'"),
        (["compare", "--users", "1"], "--users is 1; intervals need at least 2"),
        (["gap", "--users", "0"], "--users is 0; intervals need at least 2"),
        (["demo", "--users", "1"], "--users is 1; intervals need at least 2"),
        (["compare", "--baseline", "planer"], "Did you mean 'planner'"),
        (["encode", "--prompt", "News: {text}"], "Give --out folder too"),
        (["compare", "--policies"], "No policies to compare; name some, such as random"),
        (["compare", "--policies", "=random"], "has an empty label"),
        (["compare", "--config", "{"], "--config is not JSON"),
        (["compare", "--config", "[]"], "--config is []; give a JSON object such as {}"),
        (["compare", "--config", '{"drift": {"toward": 1}}'], "Did you mean 'towards'"),
        (["train", "--config", '{"drift": {"walk": -1}}'], "InterestDrift.walk is -1.0; it must be between"),
        (["train", "--horizon", "0"], "horizon is 0; it must be at least 1"),
        (["train", "--threads", "0"], "--threads is '0'; give a whole number of at least 1"),
        (["compare", "--threads=many"], "--threads is 'many'; give a whole number of at least 1"),
        (["compare", "--threads"], "--threads is the last word; say behind it what it is"),
        (["train", "--history", "0"], "history is 0; it must be at least 1"),
        (["train", "--slate-size", "1001"], "slate_size is 1001; it must be at least 1 and at most the 1000 items"),
        (["train", "--seed", "-1"], "--seed is -1; it must not be negative"),
        (["train", "--seed", "4294967296"], "--seed is 4294967296; it must not be negative and must be below"),
        (["train", "--catalogue", "nowhere"], "nowhere is not a catalogue folder: it has no catalogue.json"),
        (["tune", "contnt"], "Policy 'contnt' has no parameters to tune. Did you mean 'content'?"),
        (["tune", "train", "--trials", "0"], "--trials is 0; it must be at least 1"),
        (["tune", "train:nowhere"], "nowhere is no run to start from: it has no config.json"),
        (["tune", "random"], "Policy 'random' has no parameters to tune. Known: content, "),
        (["tune", "content", "--trials", "0"], "--trials is 0; it must be at least 1"),
        (["tune", "content", "--users", "1"], "--users is 1; intervals need at least 2"),
        (["tune", "content", "--check-users", "1"], "--check-users is 1; intervals need at least 2"),
        (["verify", "--worlds", "RecSim-InterestEvolutio"], "Did you mean 'RecSim-InterestEvolution'"),
        (["verify", "--worlds"], "No worlds to verify; name some, such as RecSim-InterestEvolution"),
        (["verify", "--episodes", "1"], "--episodes is 1; it must be at least 2"),
        (["verify", "--original-episodes", "1"], "--original-episodes is 1; it must be at least 2"),
        (["verify", "--users", "0"], "--users is 0; it must be at least 1"),
        (["verify", "--seed", "-1"], "--seed is -1; it must not be negative"),
        (["bench", "--peers", "--sections", "memory"], "each says which benchmarks run. Leave one of them out."),
        (["bench", "--sections", "sices"], "Did you mean 'sizes'"),
        (["verify", "--original", "--worlds", "RecSim-InterestEvolution"], "--worlds names none of them"),
        (["plot", "nowhere"], "nowhere does not hold a comparison: it has no episodes.csv"),
        (["plot", "nowhere", "--add", "elsewhere"], "nowhere does not hold a comparison: it has no episodes.csv"),
        (["report", "nowhere"], "nowhere does not hold a comparison: it has no episodes.csv"),
        (["report"], "No run folder is named; give that of a comparison, such as runs/0001-compare"),
        (["encode", "--catalogue", "nowhere.csv", "--out", "new"], "There is no items file"),
        (["encode", "--model", "."], "is not a model folder: it has no config.json"),
        (["encode", "--model", "./nowhere"], "There is no model folder"),
        (["encode", "--catalogue", "items.csv"], "--out folder"),
    ],
)
def test_mistakes_end_in_one_line_before_any_work(words, message, driftrec, tmp_path):
    done = driftrec(*words)
    assert done.status == 2
    assert message in done.err
    assert done.err.startswith("driftrec")
    assert done.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "--settings.ppo.total-step", "5"], "--settings.ppo.total-steps"),
        (["train", "--settings.representation", "txt"], "text"),
        (["train", "--settings.encoder", "recurent"], "recurrent"),
        (["compare", "--users", "many"], "--users"),
        (["plot"], "run"),
        (["plot", "somewhere", "--format", "jpeg"], "svg"),
    ],
)
def test_arguments_that_do_not_parse_are_explained(words, message, driftrec, tmp_path):
    done = driftrec(*words)
    assert done.status == 2
    assert message in done.err.lower()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("said", "line"), [("", "interrupted.\n"), ("all is kept", "interrupted: all is kept.\n")])
def test_an_interrupt_ends_in_one_line(said, line, driftrec, monkeypatch):
    def press(args):
        raise KeyboardInterrupt(said) if said else KeyboardInterrupt

    monkeypatch.setattr("driftrec.scripts.plot.main", press)
    done = driftrec("plot", "somewhere")
    assert (done.status, done.err) == (130, f"driftrec plot: {line}")


def test_an_error_of_our_own_keeps_its_traceback(driftrec, monkeypatch):
    def fail(args):
        raise AttributeError("a bug")

    monkeypatch.setattr("driftrec.scripts.plot.main", fail)
    with pytest.raises(AttributeError, match="a bug"):
        driftrec("plot", "somewhere")


@pytest.mark.parametrize(
    "call",
    [
        lambda: cli.main(),
        lambda: cli.run("plot", ["some where", "--curves", "a"]),
    ],
)
def test_the_command_is_kept_as_it_was_typed(call, monkeypatch):
    """``write_config`` stores it."""
    monkeypatch.setattr(sys, "argv", ["/usr/bin/driftrec", "plot", "some where", "--curves", "a"])
    monkeypatch.setattr("driftrec.scripts.plot.main", lambda args: None)
    call()
    assert sys.argv == ["driftrec", "plot", "some where", "--curves", "a"]


def test_a_script_run_as_a_file_keeps_the_same_command(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/scripts/plot.py", "some where", "--curves", "a"])
    monkeypatch.setattr("driftrec.scripts.plot.main", lambda args: None)
    cli.run("plot")
    assert sys.argv == ["driftrec", "plot", "some where", "--curves", "a"]
