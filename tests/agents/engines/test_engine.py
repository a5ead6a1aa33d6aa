"""Where jobs run, without Ray: their order, what they say, what an error and a missing extra do."""

import threading

import pytest

from driftrec.agents.engines import on_ray
from driftrec.agents.engines.engine import Local, engine_named


def doubled(job, tell):
    tell(f"job {job}")
    if job < 0:
        raise ValueError(f"{job} is below 0")
    return 2 * job


@pytest.mark.parametrize("at_a_time", [1, 3])
def test_results_come_in_the_order_of_the_jobs(at_a_time):
    said: list[str] = []
    assert list(Local(at_a_time).map(doubled, [3, 1, 2], said.append)) == [6, 2, 4]
    assert sorted(said) == ["job 1", "job 2", "job 3"]


def test_here_a_job_runs_when_its_result_is_asked_for():
    said: list[str] = []
    results = Local().map(doubled, iter([3, 1]), said.append)
    assert not said
    assert next(results) == 6
    assert said == ["job 3"]


@pytest.mark.parametrize("at_a_time", [1, 2])
def test_after_an_error_no_job_begins(at_a_time):
    said: list[str] = []
    with pytest.raises(ValueError, match="-1 is below 0"):
        list(Local(at_a_time).map(doubled, [-1, *range(50)], said.append))
    assert len(said) < 50


def test_several_jobs_run_at_a_time():
    both = threading.Barrier(2, timeout=20)  # one after the other they would wait in vain
    assert list(Local(2).map(lambda job, tell: both.wait() >= 0, [1, 2], print)) == [True, True]


def test_a_missing_extra_is_told_with_the_remedy(monkeypatch):
    monkeypatch.setattr(on_ray, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"Ray is not installed; pip install 'driftrec\[ray\]', or leave --engine"):
        engine_named("ray")
