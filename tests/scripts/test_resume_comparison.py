"""Comparisons that were cut short go on: no row twice, none lost, the same tables."""

import shutil
import time
from itertools import count

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.comparison import comparison
from driftrec.agents.logbook import log_writer
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from driftrec.scripts import compare
from driftrec.scripts.arguments import parse
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.folder import save_world
from tests.agents.conftest import one_thread  # noqa: F401
from tests.scripts.cut_short import WORLD, cut_off, killed_and_resumed

POLICIES = ("random", "b=random", "a=random")


def test_compare_goes_on_with_the_policies_that_are_missing(driftrec, tmp_path, monkeypatch):
    words = ("compare", *WORLD, "--users", "6", "--seed", "2", "--policies", *POLICIES)
    assert driftrec(*words, "--out", "whole").status == 0
    serve, served = comparison.roll_out, []

    def press(*args, **told):
        served.append(told["name"])
        if told["name"] == "a" and len(served) == 3:
            raise KeyboardInterrupt
        return serve(*args, **told)

    monkeypatch.setattr(comparison, "roll_out", press)
    done = driftrec(*words, "--out", "cut")
    assert done.status == 130
    assert "cut holds the policies that were finished; driftrec compare --resume cut goes on" in done.err
    assert len(list((tmp_path / "cut" / FOLDER).iterdir())) == 2
    assert "seed 2, not 5 as here" in driftrec("compare", "--resume", "cut", "--seed", "5").err
    done = driftrec("compare", "--resume", "cut")
    assert done.status == 0, done.err
    assert served == ["random", "b", "a", "a"]
    for file in (tmp_path / "whole").glob("*.*"):
        if file.suffix in (".csv", ".md") or file.name == "summary.json":
            assert (tmp_path / "cut" / file.name).read_bytes() == file.read_bytes(), file.name
    assert "cut is finished" in driftrec("compare", "--resume", "cut").err


def tables(folder):
    """Bytes of all that a comparison found, by name; its configuration tells where it lay."""
    found = {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix in (".csv", ".md", ".json")}
    return {name: content for name, content in found.items() if name != "config.json"}


@pytest.mark.parametrize(("kind", "kills"), {".parquet": 3, ".csv": 1}.items())
def test_a_comparison_that_is_killed_goes_on_to_the_same_tables_and_log(
    tmp_path,
    monkeypatch,
    one_thread,  # noqa: F811
    kind,
    kills,
):
    """At random moments, of which some lie within a policy and some between two; rows are neither lost nor doubled."""
    monkeypatch.setattr(compare, "draw", lambda folder, results, curve: True)
    words = (*WORLD[:-1], "60", "--users", "150", "--seed", "2", "--policies", *POLICIES)

    def call(name):
        told = ("--out", str(tmp_path / name), "--log", str(tmp_path / f"{name}{kind}"))
        compare.main(parse("compare", compare.Args, [*words, *told]))

    call("first")  # which takes longer
    begun = time.perf_counter()
    call("whole")
    seconds, rng = time.perf_counter() - begun, np.random.default_rng(1)
    for number in map(str, range(kills)):
        run, log = tmp_path / number, tmp_path / f"{number}{kind}"
        while not cut_off(run, lambda name=number: call(name), rng.uniform(0.1, 0.9) * seconds):
            shutil.rmtree(run, ignore_errors=True)
            log.unlink(missing_ok=True)
        compare.main(parse("compare", compare.Args, ["--resume", str(run)]))
        assert tables(run) == tables(tmp_path / "whole")
        assert log.read_bytes() == (tmp_path / f"whole{kind}").read_bytes()
        assert not (run / FOLDER).exists()


def pressed(monkeypatch, serve, error=KeyboardInterrupt):
    """Every rollout but the ``serve`` first raises ``error`` halfway, until ``monkeypatch`` is undone."""
    roll_out, served = comparison.roll_out, []

    def press(*args, seen, **told):
        served.append(told["name"])
        steps = count()

        def halfway(step):
            seen(step)
            if len(served) > serve and next(steps) == 2:
                raise error

        return roll_out(*args, seen=halfway, **told)

    monkeypatch.setattr(comparison, "roll_out", press)
    return served


def rows(file):
    """Slates and rows of every policy of a log."""
    of = pd.read_parquet(file).groupby("policy").slate
    return {name: (slates.nunique(), len(slates)) for name, slates in of}


COMPARE = ("compare", *WORLD, "--users", "6", "--seed", "2", "--policies", *POLICIES)


def test_a_log_goes_on_after_an_interrupt(driftrec, tmp_path, monkeypatch):
    """What was finished can be read at once; of the policy that was interrupted nothing is doubled."""
    assert driftrec(*COMPARE, "--out", "whole", "--log", "whole.parquet").status == 0
    with monkeypatch.context() as patch:
        pressed(patch, serve=2)
        assert driftrec(*COMPARE, "--out", "cut", "--log", "cut.parquet").status == 130
    whole = rows(tmp_path / "whole.parquet")
    assert rows(tmp_path / "cut.parquet") == {name: whole[name] for name in ("random", "b")}
    served = pressed(monkeypatch, serve=9)
    done = driftrec("compare", "--resume", "cut")
    assert done.status == 0, done.err
    assert served == ["a"]
    assert (tmp_path / "cut.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_before_any_policy_is_finished_nothing_is_left(driftrec, tmp_path, monkeypatch):
    pressed(monkeypatch, serve=0)
    assert driftrec(*COMPARE, "--out", "cut", "--log", "logs/cut.parquet").status == 130
    assert not (tmp_path / "cut").exists()
    assert not (tmp_path / "logs" / "cut.parquet").exists()


def test_a_policy_that_failed_has_its_rows_once_when_it_serves_at_last(driftrec, tmp_path, monkeypatch):
    assert driftrec(*COMPARE, "--out", "whole", "--log", "whole.parquet").status == 0
    with monkeypatch.context() as patch:
        pressed(patch, serve=2, error=RuntimeError("not now"))
        assert driftrec(*COMPARE, "--out", "cut", "--log", "cut.parquet").status == 1
    assert rows(tmp_path / "cut.parquet")["a"][0] == 6 * 3
    assert driftrec("compare", "--resume", "cut").status == 0
    assert (tmp_path / "cut.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_log_that_found_no_room_is_written_by_going_on(driftrec, tmp_path, monkeypatch):
    """No policy serves again but the one whose rows could not be written."""
    assert driftrec(*COMPARE, "--out", "whole", "--log", "whole.parquet").status == 0
    write = log_writer.pq.ParquetWriter

    def full(where, *told):
        if "rollout-0001" in str(where):
            raise OSError(28, "No space left on device")
        return write(where, *told)

    with monkeypatch.context() as patch:
        patch.setattr(log_writer.pq, "ParquetWriter", full)
        done = driftrec(*COMPARE, "--out", "cut", "--log", "cut.parquet")
    assert done.status == 1
    said = "The log cut.parquet could not be written (No space left on device). driftrec compare --resume cut writes it"
    assert said in done.err
    assert not (tmp_path / "cut.parquet").exists()
    assert tables(tmp_path / "cut") == tables(tmp_path / "whole")
    served = pressed(monkeypatch, serve=9)
    assert driftrec("compare", "--resume", "cut").status == 0
    assert served == ["b"]
    assert (tmp_path / "cut.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_altered_rows_of_a_log_are_refused_by_name(driftrec, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        pressed(patch, serve=2)
        assert driftrec(*COMPARE, "--out", "cut", "--log", "cut.parquet").status == 130
    part = tmp_path / "cut" / FOLDER / "rollout-0001.parquet"
    part.write_bytes(part.read_bytes()[:-1])
    done = driftrec("compare", "--resume", "cut")
    assert done.status == 2
    assert "rollout-0001.parquet is not as it was written: it was cut off, altered or removed (SHA-256)" in done.err
    assert "Remove cut/progress/rollout-0001.snapshot, and this policy serves again." in done.err
    (tmp_path / "cut" / FOLDER / "rollout-0001.snapshot").unlink()
    assert driftrec("compare", "--resume", "cut").status == 0
    assert {len(set(told)) for told in [rows(tmp_path / "cut.parquet").values()]} == {1}


@pytest.fixture
def fits(tmp_path):
    """Two made-up fitted worlds, as ``--worlds`` takes them."""
    for number in range(2):
        save_world(tmp_path / f"fit-{number}", made_up(seed=number))
    return ("--worlds", f"{tmp_path / 'fit-0'},{tmp_path / 'fit-1'}", "--horizon", "6", "--users", "6", "--seed", "2")


def in_worlds(folder):
    """Bytes of all tables of a comparison in two worlds."""
    return [tables(folder), *(tables(folder / f"world-{number}") for number in range(2))]


def test_a_comparison_in_worlds_goes_on(driftrec, tmp_path, monkeypatch, fits):
    words = ("compare", *fits, "--policies", *POLICIES)
    assert driftrec(*words, "--out", "whole").status == 0
    with monkeypatch.context() as patch:
        pressed(patch, serve=4)
        done = driftrec(*words, "--out", "cut")
    assert done.status == 130
    assert "cut holds what was finished; driftrec compare --resume cut goes on" in done.err
    assert "fit-0" in driftrec("compare", "--resume", "cut", "--worlds", "a,b").err
    served = pressed(monkeypatch, serve=9)
    done = driftrec("compare", "--resume", "cut")
    assert done.status == 0, done.err
    assert served == ["b", "a"]
    assert in_worlds(tmp_path / "cut") == in_worlds(tmp_path / "whole")
    assert not (tmp_path / "cut" / FOLDER).exists()
    assert "cut is finished" in driftrec("compare", "--resume", "cut").err
    assert "--worlds takes no --log" in driftrec(*words, "--log", "log.csv").err


def test_other_worlds_than_those_of_before_are_refused(driftrec, tmp_path, monkeypatch, fits):
    """A world that was fitted anew, though the comparison in it is finished."""
    with monkeypatch.context() as patch:
        pressed(patch, serve=4)
        assert driftrec("compare", *fits, "--policies", *POLICIES, "--out", "cut").status == 130
    save_world(tmp_path / "fit-0", made_up(seed=7))
    done = driftrec("compare", "--resume", "cut")
    assert done.status == 2
    assert "begun.snapshot is of another run: fitted" in done.err


def test_a_comparison_in_worlds_that_is_killed_goes_on(tmp_path, monkeypatch, one_thread, fits):  # noqa: F811
    monkeypatch.setattr(compare, "draw", lambda folder, results, curve: True)

    def call(*words):
        compare.main(parse("compare", compare.Args, list(map(str, words))))

    words = (*fits, "--users", 60, "--horizon", 30, "--policies", *POLICIES)
    for run in killed_and_resumed(call, words, tmp_path, times=4, seed=3):
        assert in_worlds(run) == in_worlds(tmp_path / "whole")
