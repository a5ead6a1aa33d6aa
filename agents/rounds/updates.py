"""How arms bring their policy up to date after a round: each writes a checkpoint, all with one signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from driftrec.agents.evaluation.curves import CURVE_FILE, Curve
from driftrec.agents.evaluation.tables import read_table
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.learner import PPOLearner
from driftrec.agents.ranker.fitting import Report, fit
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.pace import Pace, PageNumbers
from driftrec.agents.ranker.protocol import Logs
from driftrec.agents.rivals.page_search import PageSearch
from driftrec.agents.rounds.arms import PPO, REFIT, REFIT_PPO, REFIT_PRICES, SCRATCH
from driftrec.agents.rounds.folder import naming_damage
from driftrec.agents.runs.checkpoint import FILE, save_checkpoint
from driftrec.agents.runs.load import judge_of, open_run, pace_of
from driftrec.agents.runs.train import train
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.noise import user_seeds


@dataclass(frozen=True)
class Job:
    """What an update may know.

    Attributes:
        setup: The world of the round that is over.
        settings: How the first policy was trained.
        share: See ``Plan``.
        seed: Of the update.
        parent: Version that served, a run folder.
        slates: Files of ``save_logs`` of all rounds so far.
        out: Folder for the checkpoint.
        report: Called with lines of progress.
    """

    setup: Setup
    settings: TrainSettings
    share: float
    seed: int
    parent: Path
    slates: tuple[Path, ...]
    out: Path
    report: Report


def train_anew(job: Job) -> int:
    """Ranker and PPO from nothing, as the first policy was; returns environment steps, as the next two."""
    train(job.setup, job.settings, seed=job.seed, folder=job.out, report=job.report)
    return int(read_table(job.out / CURVE_FILE, {}).env_steps.iloc[-1])  # logging, tuning and search included


def refit(job: Job) -> int:
    """The parent's ranker, fitted further to the slates of all rounds so far; no environment is asked.

    The prices of pages, where there are some, stay.
    """
    judge, pace = _refitted(job)
    _save(job, {"ranker": judge.ranker}, pace, 0)
    return 0


def refit_and_price(job: Job) -> int:
    """``refit``, and prices of pages searched from the parent's, with ``share`` of the rounds of a first search."""
    judge, pace = _refitted(job)
    if pace is None:
        _save(job, {"ranker": judge.ranker}, pace, 0)
        return 0
    curve, told = _curve(job), job.settings.prices
    fewer = replace(told, rounds=max(1, round(job.share * told.rounds)))
    others: Any = {"seed": job.seed, "curve": curve, "begin": pace.weights, "joint": job.settings.ppo.iterative}
    search = PageSearch(job.setup, judge, pace.loads, "again", fewer, **others)
    search.run()
    _save(job, {"ranker": judge.ranker}, search.pace, search.best_at)
    return curve.env_steps


def go_on(job: Job) -> int:
    """PPO on the parent's ranker from the parent's weights, with ``share`` of the steps."""
    checkpoint = open_run(job.setup, str(job.parent), "ppo")
    judge = judge_of(job.setup, checkpoint, farsighted=True)
    pace, size, ppo = pace_of(job.setup, judge, checkpoint), job.setup.slate_size, job.settings.ppo
    network = serving_network(CandidateStage(judge, ppo.candidates, size, pace), size, ppo.temper, ppo.iterative)
    checkpoint.load_into("ppo", network)
    return _continued(job, judge, pace, network.state_dict())


def refit_and_go_on(job: Job) -> int:
    """``refit``, and PPO anew on what it gives, with ``share`` of the steps.

    A refitted ranker tells items apart by other numbers than before, so that what PPO had learned of these is lost.
    """
    return _continued(job, *_refitted(job), None)


def _refitted(job: Job) -> tuple[Judge, Pace | None]:
    """The parent's ranker, fitted to all slates, and the parent's prices of pages.

    How users tire is the same in every round, and a round's slates say less of it than those of the first training.
    """
    checkpoint = open_run(job.setup, str(job.parent), "ppo")
    judge = judge_of(job.setup, checkpoint, farsighted=True)
    judge.ranker.settle()
    fit_settings = job.settings.fit
    parts = [load_logs(file) for file in job.slates]
    fit(judge.ranker, parts, fit_settings, epochs=fit_settings.epochs, seed=job.seed, report=job.report)
    return judge, pace_of(job.setup, judge, checkpoint)


def _continued(job: Job, judge: Judge, pace: Pace | None, start: Mapping[str, torch.Tensor] | None) -> int:
    """PPO with ``share`` of the steps; what did best on validation users is saved."""
    setup, settings = job.setup, job.settings
    ppo = replace(settings.ppo, total_steps=max(1, round(job.share * settings.ppo.total_steps)))
    curve = _curve(job)
    learner = PPOLearner(
        setup.envs(ppo.lanes),
        CandidateStage(judge, ppo.candidates, setup.slate_size, pace),
        ppo,
        validations=min(settings.validations, -(-ppo.total_steps // (ppo.lanes * ppo.rollout)) + 1),
        seed=job.seed,
        curve=curve,
        value_steps=settings.value_steps,
        start=start,
    )
    learner.run()
    _save(job, {"ranker": judge.ranker, "ppo": learner.policy.network}, pace, learner.keeper.best_at)
    return curve.env_steps


def _curve(job: Job) -> Curve:
    """Measures on validation users of the round."""
    users = user_seeds(job.seed, "validation", job.settings.validation_users)
    return Curve(job.setup.world, users, job.setup.horizon)


UPDATES: Mapping[str, Callable[[Job], int]] = {
    REFIT: refit,
    REFIT_PRICES: refit_and_price,
    PPO: go_on,
    REFIT_PPO: refit_and_go_on,
    SCRATCH: train_anew,
}
"""By name of the arm; an arm that is not here stays as it is."""


def save_logs(logs: Logs, file: Path) -> None:
    """Write slates for ``load_logs``; the same bytes for the same content."""
    told = {f"seen.{name}": value for name, value in logs.seen.items()}
    others = {name: getattr(logs, name) for name in ("shown", "clicks", "engagement", "over")}
    save_file({name: value.contiguous().clone() for name, value in {**told, **others}.items()}, file)


def load_logs(file: Path) -> Logs:
    """Slates that ``save_logs`` wrote.

    Raises:
        ValueError: If the file is damaged.
    """
    with naming_damage(file):
        told: dict[str, torch.Tensor] = load_file(file)
        seen = {name.removeprefix("seen."): value for name, value in told.items() if name.startswith("seen.")}
        return Logs(seen, *(told[name] for name in ("shown", "clicks", "engagement", "over")))


def _save(job: Job, modules: Mapping[str, nn.Module], pace: Pace | None, steps: int) -> None:
    modules = modules if pace is None else {**modules, "pace": PageNumbers(pace.weights)}
    told = {"kind": "ppo", "settings": asdict(job.settings), "seed": job.seed}
    save_checkpoint(job.out / FILE, modules, {**told, "world": asdict(job.setup.args), "steps": steps}, job.setup)
