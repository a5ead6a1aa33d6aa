"""Benchmarks of the published worlds at toy size: what the report holds, not how fast anything is."""

import sys
from dataclasses import replace

import pytest

from driftrec.agents.benchmarks import environment, published, suite, training
from driftrec.agents.benchmarks.alone import alone
from driftrec.agents.benchmarks.measure import PEERS, QUICK, Rates, Workload
from driftrec.agents.benchmarks.published import QUOTED
from driftrec.scripts import bench

TINY = replace(QUICK, frames=256)


@pytest.fixture
def two_worlds(monkeypatch):
    monkeypatch.setattr(published, "PUBLISHED", ("SingleItem-Static", "SlateRerank-Bored"))


@pytest.fixture
def no_sardine(monkeypatch):
    monkeypatch.setitem(sys.modules, "sardine", None)  # makes its import fail
    monkeypatch.setitem(sys.modules, "sardine.wrappers", None)


def rows_of(measurements):
    return [row for measurement in measurements for row in measurement()]


@pytest.mark.usefixtures("two_worlds")
def test_every_world_is_measured_beside_its_original():
    pytest.importorskip("sardine")
    rows = rows_of(published.published(TINY))
    for name in ("Sardine-SingleItem-Static", "Sardine-SlateRerank-Bored"):
        for what in (
            ", 64 lanes",
            ", original",
            ", ours / original",
            ", 64 originals in SyncVectorEnv",
            ", ours / 64 originals in SyncVectorEnv",
        ):
            (row,) = (row for row in rows if row.name == name + what)
            assert row.value > 0
            assert row.low <= row.value <= row.high


def test_all_worlds_are_in_the_benchmark():
    assert len({quoted.world for quoted in QUOTED}) + len(published.PUBLISHED) == 11


@pytest.mark.usefixtures("two_worlds", "no_sardine")
def test_without_the_original_ours_is_measured_and_the_remedy_is_named():
    rows = rows_of(published.published(TINY))
    sardine = [row for row in rows if row.name.startswith("Sardine")]
    assert [row.name.partition(", ")[2] for row in sardine] == ["original", "64 lanes"] * 2
    assert all("'.[peers]'" in row.note for row in sardine if row.value is None)
    assert sum(row.value is None for row in sardine) == 2


def test_what_is_quoted_says_so_and_the_fastest_counts(monkeypatch):
    monkeypatch.setattr(published, "PUBLISHED", ())
    rates = Rates((1e6, 2e6, 3e6), (4e6, 4e6, 4e6))
    monkeypatch.setattr(published, "alternate", lambda works, repeats: [rates])
    rows = rows_of(published.published(TINY))
    quoted = [row for row in rows if row.name.endswith("original")]
    assert len(quoted) == len(QUOTED)
    for row in quoted:
        assert row.note.startswith("quoted, not measured: ")
        assert row.per_cpu is None
    (shared,) = (row for row in rows if row.name.endswith("2 of 10, ours / quoted") and "shared" in row.note)
    # Seen were 3,000 to 4,000: to the faster.
    assert (shared.value, shared.low, shared.high, shared.per_cpu) == (500, 250, 750, 1000)


def test_how_many_times_faster_is_found_turn_by_turn():
    row = Rates((10.0, 30.0, 80.0), (6.0, 6.0, 6.0)).over(Rates((10.0, 10.0, 20.0), (1.0, 2.0, 3.0)), "s", "n")
    assert (row.value, row.low, row.high, row.per_cpu) == (3.0, 1.0, 4.0, 3.0)
    assert row.unit == "times"


def test_every_size_has_a_rate_and_a_memory_of_its_own(monkeypatch):
    monkeypatch.setattr(environment, "WORLDS", ("RecSim-LongTermSatisfaction",))
    effort = replace(TINY, lanes=(2, 400_000), steps=(1, 1))
    rows = [row for measurement in environment.sizes(effort) for row in alone(measurement)]
    assert [(row.name.partition(", ")[2], row.unit) for row in rows] == [
        ("2 lanes", "user-steps/s"),
        ("2 lanes, peak memory", "MB"),
        ("400,000 lanes", "user-steps/s"),
        ("400,000 lanes, peak memory", "MB"),
    ]
    small, large = (row.value for row in rows if row.unit == "MB")
    assert large > small + 16  # the clickbait of ten candidates alone


def test_ppo_trains_beside_stock_ppo():
    pytest.importorskip("sardine")
    rows = list(training.published_training(TINY))
    assert [row.unit for row in rows] == ["frames/s", *["frames/s", "times"] * 2]
    assert all(row.value > 0 for row in rows)
    assert [row.name.partition("IdealState, ")[2] for row in rows[1::2]] == ["slates", "TopK's vectors"]


@pytest.mark.usefixtures("no_sardine")
def test_ppo_trains_without_the_original():
    remedy, ours = training.published_training(TINY)
    assert remedy.value is None
    assert "'.[peers]'" in remedy.note
    assert ours.value > 0


@pytest.mark.parametrize(
    ("args", "sections"),
    [
        (bench.Args(), suite.SECTIONS),
        (bench.Args(peers=True), suite.PEER_SECTIONS),
        (bench.Args(sections=("sizes", "memory")), ("sizes", "memory")),
    ],
)
def test_the_flag_picks_the_sections(args, sections, monkeypatch):
    found = []
    monkeypatch.setattr(bench, "run_benchmarks", lambda names, effort, world, report: found.append((names, effort)))
    monkeypatch.setattr(bench, "table", lambda results: "")
    bench.main(args)
    assert found == [(sections, PEERS if args.peers else Workload())]
