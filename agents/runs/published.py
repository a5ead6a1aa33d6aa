"""Runs of ``driftrec train`` on published worlds on disk: training to a folder, and the policies in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from driftrec.agents.evaluation.curve import Curve
from driftrec.agents.evaluation.curves import CURVE_FILE
from driftrec.agents.evaluation.keep_best import KeepBest, Progress, check_measurements, naming_divergence
from driftrec.agents.evaluation.named_tables import write_table
from driftrec.agents.policy import Policy
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.learner import PPOLearner
from driftrec.agents.ppo.settings import PPOSettings, check_candidates
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.ranker.feature_fitting import FitSettings
from driftrec.agents.ranker.feature_judge import BestSlates, Judge
from driftrec.agents.ranker.feature_training import (
    PublishedSettings,
    make_items,
    make_ranker,
    make_stage,
    pilot_steps,
    warm_start,
)
from driftrec.agents.runs.checkpoint import FILE, Checkpoint, load_checkpoint, save_checkpoint
from driftrec.agents.runs.folders import rescue
from driftrec.agents.slateq.click_values import ClickValues, SlateQPolicy
from driftrec.agents.slateq.feature_training import Learner as SlateQ
from driftrec.agents.slateq.values import SlateQTraining
from driftrec.agents.worlds.published_setup import PublishedSetup
from driftrec.simulators.noise import user_seeds

KIND = "published-ppo"
SLATEQ = "published-slateq"


def train(
    setup: PublishedSetup,
    settings: PublishedSettings,
    *,
    seed: int,
    folder: Path,
    report: Callable[[str], None] = lambda line: None,
    progress: Progress = lambda steps, engagement: None,
) -> Path:
    """Fit the ranker, train PPO, write checkpoint and training curve; returns the checkpoint's path.

    An interrupt (Ctrl-C) while PPO trains ends training early; the best policy so far is saved all the same.

    Args:
        setup: World.
        settings: How.
        seed: Source of all randomness.
        folder: Where ``checkpoint.safetensors`` and ``curve.csv`` go.
        report: Called with lines about the warm start.
        progress: Called after every rollout with steps taken and the last measurement.

    Raises:
        KeyboardInterrupt: Again after saving, if training was interrupted.
        ValueError: If there are fewer candidates than positions in a slate.
    """
    check_candidates(settings.ppo, setup.slate_size)
    check_measurements(settings.validations, settings.ppo.total_steps, settings.ppo.lanes * settings.ppo.rollout)
    make_stage(setup.world, unfitted(setup), settings.ppo.candidates)  # too few are no news after an hour
    curve = Curve(setup.world, user_seeds(seed, "validation", settings.validation_users), setup.horizon)
    with naming_divergence("The ranker", "FitSettings.learning_rate", settings.fit.learning_rate):
        judge = warm_start(setup, settings.fit, seed=seed, report=report, curve=curve)
    learner = PPOLearner(
        setup.envs(settings.ppo.lanes),
        make_stage(setup.world, judge, settings.ppo.candidates),
        settings.ppo,
        validations=settings.validations,
        seed=seed,
        curve=curve,
        progress=progress,
        value_steps=settings.value_steps,
    )
    try:
        learner.run()
    finally:
        modules = {"ranker": judge.ranker, "ppo": learner.policy.network}
        _save(setup, learner.keeper, curve, modules, folder, kind=KIND, settings=asdict(settings), seed=seed)
    return folder / FILE


def train_slateq(
    setup: PublishedSetup,
    settings: SlateQTraining,
    *,
    ranker_run: Path,
    seed: int,
    folder: Path,
    progress: Progress = lambda steps, engagement: None,
) -> None:
    """Train SlateQ on the ranker of a run of ``train``, without the engagement to come; files and interrupts as there.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If it was made in another world or is of another kind.
    """
    check_measurements(settings.validations, settings.slateq.total_steps, settings.slateq.lanes)
    checkpoint = open_run(setup, str(ranker_run), KIND)
    judge = judge_of(setup, checkpoint, farsighted=False)
    curve = Curve(setup.world, user_seeds(seed, "validation", settings.validation_users), setup.horizon)
    fitted = FitSettings(**{**checkpoint.config["settings"]["fit"], "weights": (0.0,)})
    curve.env_steps += pilot_steps(judge.ranker, fitted) + fitted.rounds * fitted.lanes * fitted.log_steps
    learner = SlateQ(setup, judge, settings, seed=seed, curve=curve, progress=progress)
    learning_rate = settings.slateq.learning_rate
    try:
        with naming_divergence("slateq", "SlateQSettings.learning_rate", learning_rate):
            learner.run()
    finally:
        modules = {"ranker": judge.ranker, "values": learner.policy.network}
        told = asdict(settings)
        _save(setup, learner.keeper, curve, modules, folder, kind=SLATEQ, settings=told, seed=seed)


def _save(
    setup: PublishedSetup,
    keeper: KeepBest,
    curve: Curve,
    modules: Mapping[str, nn.Module],
    folder: Path,
    *,
    kind: str,
    settings: Mapping[str, Any],
    seed: int,
) -> None:
    """Write the weights, which are the best ones by now, and the curve."""
    config = {"kind": kind, "world": asdict(setup.args), "settings": settings, "seed": seed, "steps": keeper.best_at}

    def write(where: Path) -> None:
        save_checkpoint(where / FILE, modules, config, setup)
        write_table(curve.table().assign(training_seed=seed), where / CURVE_FILE)

    rescue(folder, write)


def load_best(setup: PublishedSetup, run: str, farsighted: bool) -> Policy:
    """The run's ranker, with or without the engagement to come.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: If it was made in another world or is of another kind.
    """
    return BestSlates(judge_of(setup, open_run(setup, run, KIND), farsighted), setup.slate_size)


def load_ppo(setup: PublishedSetup, run: str, greedy: bool) -> Policy:
    """The slate policy that PPO trained; errors as of ``load_best``."""
    checkpoint = open_run(setup, run, KIND)
    settings = PPOSettings(**checkpoint.config["settings"]["ppo"])
    stage = make_stage(setup.world, judge_of(setup, checkpoint, farsighted=True), settings.candidates)
    network = serving_network(stage, setup.slate_size, settings.temper)
    checkpoint.load_into("ppo", network)
    return SlatePolicy(stage, network, greedy)


def load_slateq(setup: PublishedSetup, run: str) -> Policy:
    """The policy that ``train_slateq`` left; errors as of ``load_best``."""
    checkpoint = open_run(setup, run, SLATEQ)
    judge = judge_of(setup, checkpoint, farsighted=False)
    unit = checkpoint.config["settings"]["slateq"]["unit"]
    network = ClickValues(judge.ranker.encoder.width, judge.items.width, unit, seed=0)
    checkpoint.load_into("values", network)
    return SlateQPolicy(judge, network, setup.slate_size)


def judge_of(setup: PublishedSetup, checkpoint: Checkpoint, farsighted: bool) -> Judge:
    """The ranker in ``checkpoint``, ready to serve."""
    judge = unfitted(setup, farsighted)
    checkpoint.load_into("ranker", judge.ranker)
    return judge


def unfitted(setup: PublishedSetup, farsighted: bool = True) -> Judge:
    """A ranker that knows nothing yet."""
    items = make_items(setup.world)
    return Judge(make_ranker(setup.world, items, seed=0), items, farsighted)


def open_run(setup: PublishedSetup, run: str, kind: str = KIND) -> Checkpoint:
    """The checkpoint of a run of ``kind``; errors as of ``load_best``."""
    checkpoint = load_checkpoint(run, setup)
    found: Any = checkpoint.config.get("kind")
    if found != kind:
        name = str(found).removeprefix("published-")
        raise ValueError(f"{run} holds a run of kind {found}, not {kind}; policies of it are called {name}:{run}.")
    return checkpoint
