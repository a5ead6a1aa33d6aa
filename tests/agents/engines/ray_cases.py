"""On a Ray cluster of two workers jobs come to the same, bit for bit, as in this process.

Run by ``test_on_ray.py`` in a process of its own: one whose cluster dies is ended with it, at once and without a word.
"""

import json
import logging
import time
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pandas as pd
import pytest
import ray

from driftrec.agents.baselines import Content, LinUCB, Random
from driftrec.agents.comparison.comparison import compare
from driftrec.agents.comparison.entries import Entry
from driftrec.agents.engines.engine import Local
from driftrec.agents.engines.on_ray import OnRay
from driftrec.agents.rounds.folder import RoundsFolder
from driftrec.agents.rounds.loop import play_rounds
from driftrec.agents.rounds.plan import Deployment
from driftrec.scripts import results
from tests.agents.rounds.toy_rounds import toy_plan, toy_setup

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """A cluster of this machine, of two workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        for left in (2, 1, 0):
            try:
                ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
                break
            except Exception:  # on a machine with much else to do it gives up after half a minute
                ray.shutdown()
                if not left:
                    raise
        yield
        ray.shutdown()


def halved(job, tell):
    tell(f"job {job}")
    if job % 2:
        raise ValueError(f"{job} is odd")
    return job // 2


def test_results_and_what_was_said_come_in_order():
    said: list[str] = []
    assert list(OnRay().map(halved, [4, 8, 2], said.append)) == [2, 4, 1]
    assert said == ["job 4", "job 8", "job 2"]


def test_an_error_is_that_of_the_job():
    with pytest.raises(ValueError, match="3 is odd"):
        list(OnRay().map(halved, [3, 4], print))


def slept(job, tell):
    folder, number = job
    (folder / str(number)).touch()
    time.sleep(0.2)
    if not number:
        raise ValueError("the first")


def test_after_an_error_no_further_job_begins(tmp_path):
    with pytest.raises(ValueError, match="the first"):
        list(OnRay().map(slept, [(tmp_path, number) for number in range(20)], print))
    time.sleep(1)
    assert len(list(tmp_path.iterdir())) <= 4  # two workers; all, were they sent at once


def test_errors_among_short_jobs_do_not_end_this_process():
    """Ended within 50 rounds where the tasks left over were cancelled."""
    for _ in range(200):
        with pytest.raises(ValueError, match="3 is odd"):
            list(OnRay().map(halved, [3, 4, 6, 8], print))


def test_what_cannot_be_sent_is_told(tmp_path):
    with (tmp_path / "open").open("w") as file, pytest.raises(TypeError, match="run it with --engine local"):
        list(OnRay().map(halved, [file], print))


class Peevish(Random):
    """Fails at once."""

    def act(self, observation):
        raise RuntimeError("no")


def test_a_comparison_comes_to_the_same(make_setup):
    """With users shared out between jobs, on purpose, random slates were others from the first user of a share on."""
    setup = make_setup(horizon=6)
    found = {}
    for engine in (Local(), OnRay()):
        kinds = (Random, Content, LinUCB, Peevish)
        entries = [Entry(kind.__name__, {None: kind(setup.context)}) for kind in kinds]
        ticks = count()
        told = {"users": 20, "seed": 5, "baseline": "Random", "tick": partial(next, ticks)}
        found[type(engine)] = compare(setup, entries, engine=engine, **told)
        assert next(ticks) == 3 * setup.horizon
    here, there = found.values()
    for name in ("episodes", "steps", "journeys", "stories", "exposure"):
        pd.testing.assert_frame_equal(getattr(here, name), getattr(there, name), check_exact=True)
    assert json.dumps(here.summary) == json.dumps(there.summary)
    assert "no" in there.summary["failed"]["Peevish"]


def written(root: Path) -> dict[str, bytes]:
    """All files of a deployment but for those that tell how long something took."""
    timed = ("made.json", "versions.csv", "curve.csv")
    files = (file for file in sorted(root.rglob("*")) if file.is_file() and file.name not in timed)
    return {str(file.relative_to(root)): file.read_bytes() for file in files}


def test_rounds_come_to_the_same(tmp_path):
    said: list[str] = []
    for name, engine in (("here", Local()), ("there", OnRay())):
        place = Deployment(toy_plan(arms=("frozen", "refit", "ppo"), rounds=2), toy_setup())
        play_rounds(place, RoundsFolder(tmp_path / name), said.append, engine)
    assert said[: len(said) // 2] == said[len(said) // 2 :]
    assert written(tmp_path / "here") == written(tmp_path / "there")


def test_commands_run_on_workers(tmp_path):
    commands = [(tmp_path / name, ["--version"]) for name in ("one", "two")]
    said: list[str] = []
    list(OnRay().map(partial(results._one, []), commands, said.append))
    assert [line.split()[-1] for line in said] == ["--version"] * 2
    for folder, _ in commands:
        assert folder.with_suffix(".log").read_text().startswith("driftrec ")
        assert folder.with_suffix(".done").read_text() == "--version"
