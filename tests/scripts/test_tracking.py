"""``train --tensorboard`` and ``--track``: what is followed, also over an interruption; wandb is a stand-in here."""

import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from driftrec.agents.ppo.learner import PPOLearner
from driftrec.agents.ppo.recording import NAMES, SPEED

WORLD = ("--world", "driftrec/Sardine-SlateTopK-BoredInf-v0", "--slate-size", "4", "--horizon", "6")
TRAINING = (
    *("--settings.fit.lanes", "16", "--settings.fit.log-steps", "12", "--settings.fit.rounds", "1"),
    *("--settings.fit.epochs", "1", "--settings.fit.batch-size", "64", "--settings.ppo.total-steps", "384"),
    *("--settings.ppo.lanes", "16", "--settings.ppo.rollout", "8", "--settings.ppo.batch-size", "64"),
    *("--settings.ppo.candidates", "20", "--settings.validations", "3", "--settings.validation-users", "8"),
    *("--settings.value-steps", "128", "--seed", "3", "--snapshot-every", "128"),
)


class Wandb:
    """What we use of wandb; ``logged`` by run id."""

    class Error(Exception):
        """Its own."""

    def __init__(self):
        self.logged, self.told, self.finished, self.drawn_over = {}, [], 0, []

    def init(self, **told):
        self.told.append(told)
        rows = self.logged.setdefault(told["id"], [])
        return SimpleNamespace(log=rows.append, finish=self._finish, define_metric=self._define)

    def _finish(self):
        self.finished += 1

    def _define(self, name, step_metric):
        self.drawn_over.append((name, step_metric))


@pytest.fixture
def wandb(monkeypatch):
    module = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def interrupt(monkeypatch, steps):
    """Press Ctrl-C at the snapshot after so many steps of PPO."""
    keep = PPOLearner._keep

    def press(self, what):
        keep(self, what)
        if what == "all" and self._model.num_timesteps >= steps:
            raise KeyboardInterrupt

    monkeypatch.setattr(PPOLearner, "_keep", press)


def curves(run):
    """Every curve that TensorBoard shows of a run: steps and values by name."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(run / "tensorboard")).Reload()
    return {name: [(event.step, event.value) for event in found.Scalars(name)] for name in found.Tags()["scalars"]}


def test_both_follow_what_an_uninterrupted_run_says_over_an_interruption(driftrec, tmp_path, monkeypatch, wandb):
    following = ("--tensorboard", "--track", "wandb-offline")
    done = driftrec("train", *WORLD, *TRAINING, *following, "--out", "whole")
    assert done.status == 0, done.err
    with monkeypatch.context() as patch:
        interrupt(patch, 256)
        assert driftrec("train", *WORLD, *TRAINING, *following, "--out", "run").status == 130
    done = driftrec("train", "--resume", "run")  # goes on to be followed
    assert done.status == 0, done.err
    whole, gone_on = curves(tmp_path / "whole"), curves(tmp_path / "run")

    assert {*NAMES.values(), SPEED, "engagement/ppo"} <= set(whole)
    assert {name: points for name, points in whole.items() if name != SPEED} == {
        name: points for name, points in gone_on.items() if name != SPEED
    }
    steps = [step for step, _ in whole["loss/value"]]
    assert [step - steps[0] for step in steps] == [0, 128, 256, 384]  # one of values alone, three of PPO
    table = pd.read_csv(tmp_path / "whole" / "curve.csv")
    ppo = table[table.stage == "ppo"]
    assert [step for step, _ in whole["engagement/ppo"]] == ppo.env_steps.tolist()
    assert [value for _, value in whole["engagement/ppo"]] == pytest.approx(ppo.mean_episode_engagement.tolist())
    assert all(value > 0 for _, value in whole["policy/entropy"] + whole[SPEED])
    _, begun, again = wandb.told
    assert (begun["id"], begun["mode"], begun["dir"], begun["resume"]) == (again["id"], "offline", "run", "allow")
    assert begun["config"]["seed"] == 3
    assert wandb.finished == 3
    assert wandb.drawn_over == [("*", "env_steps")] * 3
    first, second = wandb.logged.values()
    assert last_of(first) == last_of(second)


def last_of(rows):
    """The last value of everything by name and steps, as wandb draws it, but for the speed."""
    return {
        (name, row["env_steps"]): value
        for row in rows
        for name, value in row.items()
        if name not in (SPEED, "env_steps")
    }


@pytest.mark.parametrize(
    ("words", "module", "message"),
    [
        (["--tensorboard"], "torch.utils.tensorboard", "--tensorboard needs what is not installed"),
        (["--track", "wandb"], "wandb", "--track wandb needs what is not installed"),
    ],
)
def test_what_is_missing_is_told_before_any_work(words, module, message, driftrec, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, module, None)
    done = driftrec("train", *words)
    assert done.status == 2
    extra = "tensorboard" if module.startswith("torch") else "track"
    assert done.err.startswith(f"driftrec train: {message}")
    assert done.err.endswith(f"get it with: pip install -e '.[{extra}]' in driftrec's folder\n")
    assert not list(tmp_path.iterdir())


def test_a_tracker_that_refuses_ends_in_one_line_and_leaves_nothing_behind(driftrec, wandb, monkeypatch, tmp_path):
    def refuse(**told):
        raise wandb.Error("api_key not configured\n(no-tty)")

    monkeypatch.setattr(wandb, "init", refuse)
    done = driftrec("train", *WORLD, *TRAINING, "--track", "wandb", "--out", "run")
    assert done.status == 2
    cause = "wandb cannot begin: api_key not configured (no-tty)"
    assert done.err == f"driftrec train: {cause}. Log in with: wandb login; or --track wandb-offline.\n"
    assert not (tmp_path / "run").exists()
