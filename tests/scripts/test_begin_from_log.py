"""``driftrec train --warm-start-log --columns``: anybody's log to begin from, by its own names and feedback."""

import json

import pandas as pd
import pytest
from safetensors.numpy import load_file

from driftrec.agents.ppo.learner import PPOLearner
from driftrec.agents.runs.checkpoint import FILE
from driftrec.scripts import train
from driftrec.scripts.arguments import parse

WORLD = ("--world", "driftrec/Fitted-v0", "--slate-size", "3", "--horizon", "8")
TRAINING = (
    *("--settings.fit.lanes", "16", "--settings.fit.log-steps", "6", "--settings.fit.rounds", "1"),
    *("--settings.fit.epochs", "1", "--settings.fit.batch-size", "64", "--settings.ppo.total-steps", "128"),
    *("--settings.ppo.lanes", "16", "--settings.ppo.rollout", "4", "--settings.ppo.batch-size", "64"),
    *("--settings.ppo.epochs", "1", "--settings.validations", "2", "--settings.validation-users", "4"),
)
THEIRS = ("--columns", "user=who,item=song,engagement=minutes+2*purchase")


@pytest.fixture
def logs(driftrec, tmp_path):
    """log.parquet, of ours, and theirs.csv: other names, and engagement that two columns add up to."""
    flags = ("--policies", "random", "--users", "30", "--seed", "1", "--out", "c", "--log", "log.parquet")
    done = driftrec("compare", *WORLD, *flags)
    assert done.status == 0, done.err
    table = pd.read_parquet(tmp_path / "log.parquet")
    told = table.assign(minutes=table.engagement / 2, purchase=table.engagement / 4).drop(columns="engagement")
    told.rename(columns={"user": "who", "item": "song"}).to_csv(tmp_path / "theirs.csv", index=False)


def test_a_log_of_others_teaches_the_same_by_its_own_names(driftrec, tmp_path, logs):
    """Failed with ``--columns`` not handed to the reader of the log."""
    words = ("train", *WORLD, *TRAINING, "--seed", "1")
    for out, log in (("ours", ("log.parquet",)), ("theirs", ("theirs.csv", *THEIRS))):
        done = driftrec(*words, "--out", out, "--warm-start-log", *log)
        assert done.status == 0, done.err
    assert "numbers of engagement worked out: minutes + 2 * purchase" in done.out
    ours, theirs = (load_file(tmp_path / out / FILE) for out in ("ours", "theirs"))
    assert ours.keys() == theirs.keys()
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_what_was_cut_short_goes_on_with_the_log_s_columns(driftrec, tmp_path, logs, monkeypatch):
    """Failed with ``columns`` left out of what a resumed training takes over."""
    words = (*WORLD, *TRAINING, "--seed", "1", "--snapshot-every", "64", "--warm-start-log", "theirs.csv", *THEIRS)
    keep = PPOLearner._keep

    def press(self, what):
        keep(self, what)
        raise KeyboardInterrupt

    args = parse("train", train.Args, [*words, "--out", "run"])
    monkeypatch.setattr(PPOLearner, "_keep", press)
    with pytest.raises(KeyboardInterrupt):
        train.main(args)
    monkeypatch.undo()
    done = driftrec("train", "--resume", "run")
    assert done.status == 0, done.err
    assert json.loads((tmp_path / "run" / "config.json").read_text())["columns"] == THEIRS[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--columns", "user=who"), "--columns names the columns of a log. Give it by --warm-start-log"),
        (("--warm-start-log", "theirs.csv", "--columns", "usr=who"), "--columns has 'usr', which is no column of a"),
        (("--warm-start-log", "theirs.csv"), "theirs.csv has minutes and purchase, and no engagement. Say what counts"),
    ],
)
def test_mistakes_end_in_one_line(driftrec, logs, words, message):
    done = driftrec("train", *WORLD, *TRAINING, "--seed", "1", *words)
    assert (done.status, message in done.err) == (2, True), done.err
    assert len(done.err.splitlines()) == 1
