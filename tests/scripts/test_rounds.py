"""``driftrec rounds`` as users type it: what it refuses, before any work."""

import json

import pytest

from driftrec.agents.engines import on_ray


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--arms", "frozen", "pppo"), "Arm 'pppo' is unknown. Did you mean 'ppo'"),
        (("--held-out", "5"), "Plan.held_out is 5, too few for the interval that a tolerance is held against"),
        (("--moves", '{"shock": []}'), "moves.shock is not a setting. Did you mean 'shocks'"),
        (("--moves", "{"), "--moves is not JSON"),
        (("--resume", "nowhere"), "nowhere holds no deployment: it has no config.json"),
        (("--resume", "nowhere", "--rounds", "9"), "--resume takes everything from nowhere; leave --rounds out"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(driftrec, words, said):
    done = driftrec("rounds", "--seed", "1", *words) if "--resume" not in words else driftrec("rounds", *words)
    assert done.status == 2
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_missing_extra_is_told_in_one_line(driftrec, monkeypatch):
    monkeypatch.setattr(on_ray, "find_spec", lambda name: None)
    for verb in ("rounds", "compare", "results"):
        done = driftrec(verb, "--engine", "ray")
        assert done.status == 2
        assert done.err == (
            f"driftrec {verb}: Ray is not installed; pip install 'driftrec[ray]', or leave --engine ray out.\n"
        )


def test_a_log_is_not_written_on_ray(driftrec):
    done = driftrec("compare", "--engine", "ray", "--log", "log.csv")
    assert (done.status, done.err) == (
        2,
        "driftrec compare: --log is written by one process; leave it or --engine out.\n",
    )


@pytest.mark.parametrize(
    ("name", "said"), [("log.txt", "must end in .csv or .parquet"), ("there.csv", "is there already; give a new file")]
)
def test_a_log_that_cannot_be_is_refused_before_anybody_trains(driftrec, tmp_path, name, said):
    (tmp_path / "there.csv").touch()
    done = driftrec("rounds", "--log", name, "--seed", "1", "--out", "run")
    assert done.status == 2
    assert said in done.err
    assert not (tmp_path / "run").exists()


def test_a_run_of_another_kind_is_not_resumed(driftrec, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"seed": 1}))
    done = driftrec("rounds", "--resume", str(tmp_path))
    assert done.status == 2
    assert "holds a run of another kind" in done.err
