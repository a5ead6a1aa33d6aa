"""Every benchmark once at toy size: what the report holds, not how fast anything is."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from driftrec.agents.benchmarks import audience, latency, measure, published, repeated_training, suite, training
from driftrec.agents.benchmarks.alone import alone
from driftrec.agents.benchmarks.environment import LANES, SCENARIOS
from driftrec.agents.benchmarks.measure import QUICK, Rates, Row, Workload
from driftrec.agents.setup import NEWS
from driftrec.envs.news import news_world


@pytest.fixture(scope="module")
def run(make_setup):
    """Results, and rows as reported; all taken in this process."""
    reported = []
    with pytest.MonkeyPatch.context() as patch:
        for module in (training, latency, repeated_training):
            patch.setattr(module, "set_up", lambda args: make_setup())
        results = suite.run_benchmarks(effort=QUICK, run=lambda measurement: measurement(), report=reported.append)
    return results, reported


def own_process(section):
    return [Row(section, "process", os.getpid(), "id"), Row(section, "started by", os.getppid(), "id")]


def noisy():
    print("what a library says")
    print("and to the errors", file=sys.stderr)
    return [Row("noisy", "rate", 1.5, "times", low=1.0)]


def test_every_section_reports_positive_numbers_in_strict_json(run):
    results, reported = run
    again = json.loads(suite.to_json(results), parse_constant=lambda name: pytest.fail(f"{name} is not strict JSON"))
    assert again["effort"]["audience"] == QUICK.audience
    assert [row["name"] for row in again["rows"]] == [row.name for row in reported]
    assert list(dict.fromkeys(row["section"] for row in again["rows"])) == list(suite.SECTIONS)
    for row in again["rows"]:
        assert set(row) == set(asdict(Row("", "", None, "")))
        measured = row["name"] != published.PEER or row["value"] is not None
        if measured and row["section"] != "sharing":  # of which nothing may be left
            assert row["value"] > 0, row
        if row["low"] is not None:
            assert row["low"] <= row["value"] <= row["high"]


def test_the_machine_is_described(run):
    about = run[0]["machine"]
    assert about["processors"] >= 1
    assert about["versions"]["numpy"] == np.__version__
    assert len(about["load"]) == 3


def test_the_table_shows_every_row(run):
    results = run[0]
    table = suite.table(results)
    assert all(row["name"] in table for row in results["rows"])
    assert "in a fresh process that did nothing else" in table


def test_a_missing_peer_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sardine", None)  # makes its import fail
    (row,) = published.peers(QUICK, NEWS)
    assert row.value is None
    assert "pip install" in row.note
    assert "'.[peers]'" in row.note


def test_the_ratio_is_taken_turn_by_turn(monkeypatch):
    pytest.importorskip("sardine")
    rates = [Rates((10.0, 5.0, 8.0), (1.0, 1.0, 1.0)), Rates((1000.0, 1000.0, 1600.0), (1.0, 1.0, 1.0))]
    monkeypatch.setattr(published, "alternate", lambda works, repeats: rates)
    assert [row.value for row in published.peers(QUICK, NEWS)] == [8.0, 1000.0, 200.0]


def test_what_is_compared_takes_turns(monkeypatch):
    order = []
    clock = iter(range(100))
    monkeypatch.setattr(measure.time, "perf_counter", lambda: next(clock))
    one, other = measure.alternate([lambda: order.append("a") or 6, lambda: order.append("b") or 8], 2)
    assert order == ["a", "b"] * 3  # the first turn warms up
    assert one.wall == (6.0, 6.0)
    assert other.wall == (8.0, 8.0)
    row = other.row("section", "name", "things/s")
    assert (row.value, row.low, row.high) == (8.0, 8.0, 8.0)


def test_every_user_of_the_audience_is_simulated(monkeypatch):
    world, seen = news_world(), []
    reset = world.reset
    monkeypatch.setattr(world, "reset", lambda seeds: seen.extend(seeds.tolist()) or reset(seeds))
    assert audience.simulate(world, users=70, steps=3, chunk=32) > 0
    assert len(set(seen)) == len(seen) == 70


def test_every_scenario_has_rows_of_its_own(run):
    results, _ = run
    lanes = max(QUICK.lanes)
    for scenario in SCENARIOS:
        name = scenario.removeprefix("driftrec/")
        told = [(row["section"], row["name"]) for row in results["rows"] if row["name"].startswith(name)]
        assert told[0] == ("scenarios", f"{name}, {lanes} lanes")
        assert [what.removeprefix(f"{name}, 500 users for 2 steps in chunks: ") for _, what in told[-2:]] == [
            "time",
            "peak memory",
        ]


@pytest.mark.parametrize("world", [NEWS, *SCENARIOS])
def test_every_scenario_takes_turns_with_the_peer(world, monkeypatch):
    pytest.importorskip("sardine")
    turns = []
    rates = [Rates((10.0,), (1.0,)), Rates((250.0,), (1.0,))]
    monkeypatch.setattr(published, "alternate", lambda works, repeats: turns.append(len(works)) or rates)
    theirs, ours, times = published.peers(QUICK, world)
    name = world.removeprefix("driftrec/")
    assert (theirs.name, theirs.note) == (published.PEER, f"in turns with {name}")
    assert ours.name.startswith(f"{name}, {max(QUICK.lanes)} lanes")
    assert (times.name, times.value, turns) == (f"{name} / SARDINE", 25.0, [2])


def test_users_who_remember_every_item_come_in_smaller_chunks():
    news, *others = audience.audiences(Workload())
    assert news.args == (Workload(), NEWS)
    assert [other.args for other in others] == [(Workload(), scenario, LANES) for scenario in SCENARIOS]


def test_a_measurement_that_fails_is_explained():
    with pytest.raises(RuntimeError, match=r"(?s)audience.* ended with status 1: .*ValueError: range"):
        alone(partial(audience.audience, Workload(audience=10, audience_steps=1, chunk=0), NEWS))


@pytest.mark.parametrize("module", ["alone", "audience", "environment"])
def test_processes_that_only_step_load_no_learning_library(module):
    code = (
        f"import sys, driftrec.agents.benchmarks.{module}\n"
        "print(sorted({'torch', 'transformers', 'stable_baselines3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def _found(monkeypatch):
    """Processes that are started find this file."""
    folders = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))


@pytest.mark.usefixtures("_found")
def test_every_measurement_has_a_process_of_its_own(monkeypatch):
    monkeypatch.setattr(suite, "environment", lambda effort, world: [partial(own_process, "environment")] * 2)
    results = suite.run_benchmarks(("environment", "memory"), QUICK)
    ids, memory = [row["value"] for row in results["rows"][:-1]], results["rows"][-1]
    assert len({ids[0], ids[2], os.getpid()}) == 3
    assert ids[1] == ids[3] == os.getpid()
    assert memory["value"] > 10


@pytest.mark.usefixtures("_found")
def test_a_process_may_print_what_it_likes():
    assert alone(noisy) == [Row("noisy", "rate", 1.5, "times", low=1.0)]


def test_peak_memory_is_that_of_this_process_alone():
    large = np.ones(60_000_000, np.int8)
    assert measure.peak_memory() > large.nbytes
    code = "from driftrec.agents.benchmarks.measure import peak_memory\nprint(peak_memory())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 1_000_000 < int(done.stdout) < 60_000_000


def test_an_unknown_section_is_refused_before_any_work():
    with pytest.raises(ValueError, match=r"Section 'trainign' is unknown\. Did you mean 'training'"):
        suite.run_benchmarks(("environment", "trainign"), QUICK, report=lambda row: pytest.fail("work was done"))


def test_an_unmeasured_row_is_a_dash():
    row = asdict(Row("peers", "x", None, "steps/s", note="not installed"))
    table = suite.table({"machine": {"processor": "p", "processors": 1, "load": [0.0]}, "rows": [row]})
    assert " - " in table
    assert "not installed" in table
