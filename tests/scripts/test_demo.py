"""``driftrec demo`` hands the other scripts one world, one seed and one new folder; they have tests of their own."""

from pathlib import Path

import pytest

from driftrec.agents.comparison import BASELINES
from driftrec.agents.world_setup import WorldArgs
from driftrec.envs.news import packaged_catalogue
from driftrec.scripts import compare, encode, train
from driftrec.simulators.catalogue import save_catalogue


@pytest.fixture
def calls(monkeypatch):
    """Arguments of the scripts in the order in which the demo calls them, instead of their work."""
    made = []
    for script in (encode, train, compare):
        monkeypatch.setattr(script, "main", lambda args, script=script: made.append((script, args)))
    return made


def test_the_demo_encodes_trains_and_compares_with_every_baseline(calls, driftrec, tmp_path):
    done = driftrec("demo", "--users", "30", "--horizon", "7", "--seed", "5")
    assert done.status == 0, done.err
    assert [script for script, _ in calls] == [encode, train, compare]
    _, training = calls[1]
    _, comparison = calls[2]
    run = Path("runs/0001-demo/train")
    assert (training.out, training.seed, training.horizon) == (run, 5, 7)
    assert (comparison.out, comparison.seed, comparison.horizon) == (Path("runs/0001-demo/compare"), 5, 7)
    assert comparison.users == 30
    assert set(comparison.policies) == {*BASELINES} - {"myopic"} | {f"myopic:{run}", f"farsighted:{run}", f"ppo:{run}"}
    for name in WorldArgs.__dataclass_fields__:
        assert getattr(training, name) == getattr(comparison, name)
    assert [line.split()[0] for line in done.out.splitlines()] == ["1/3", "2/3", "3/3", "Done"]


def test_a_second_demo_writes_a_new_folder(calls, driftrec, tmp_path):
    for _ in range(2):
        assert driftrec("demo").status == 0
    assert [path.name for path in sorted((tmp_path / "runs").iterdir())] == ["0001-demo", "0002-demo"]
    assert {args.seed for script, args in calls if script is train} == {0}


def test_a_catalogue_folder_needs_no_encoding(calls, driftrec, tmp_path):
    save_catalogue(tmp_path / "folder", *packaged_catalogue(), {})
    assert driftrec("demo", "--catalogue", "folder").status == 0
    assert [script for script, _ in calls] == [train, compare]
    assert {args.catalogue for _, args in calls} == {"folder"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--catalogue", "wrong"), "wrong is not a catalogue folder"),
        (("--horizon", "0"), "horizon is 0"),
        (("--seed", "-1"), "--seed is -1"),
    ],
)
def test_a_mistake_leaves_no_folder_behind(calls, driftrec, tmp_path, words, message):
    done = driftrec("demo", *words)
    assert done.status == 2
    assert message in done.err
    assert not list(tmp_path.iterdir())
    assert calls == []


def test_a_demo_that_fails_leaves_no_folder(calls, driftrec, tmp_path, monkeypatch):
    def fail(args):
        raise ValueError("no luck")

    monkeypatch.setattr(train, "main", fail)
    done = driftrec("demo")
    assert (done.status, done.err) == (2, "driftrec demo: no luck\n")
    assert not list((tmp_path / "runs").iterdir())
