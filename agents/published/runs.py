"""Runs of ``driftrec train`` on published worlds on disk: training to a folder, and the policies in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from driftrec.agents.checkpoint import FILE, Checkpoint, load_checkpoint, save_checkpoint
from driftrec.agents.evaluation.curve import Curve
from driftrec.agents.evaluation.curves import CURVE_FILE
from driftrec.agents.keep_best import Progress
from driftrec.agents.policy import Policy
from driftrec.agents.ppo import PPOSettings, check_candidates
from driftrec.agents.ppo_policy import serving_network
from driftrec.agents.published.setup import PublishedSetup
from driftrec.agents.published.stage import BestSlates, FeatureStage, Judge
from driftrec.agents.published.training import Learner, PublishedSettings, make_items, make_ranker, warm_start
from driftrec.agents.slate_policy import SlatePolicy
from driftrec.simulators.noise import user_seeds

KIND = "published-ppo"


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
    """
    check_candidates(settings.ppo, setup.slate_size)
    curve = Curve(setup.world, user_seeds(seed, "validation", settings.validation_users), setup.horizon)
    judge = warm_start(setup, settings.fit, seed=seed, report=report, curve=curve)
    learner = Learner(setup, judge, settings, seed=seed, curve=curve, progress=progress)
    try:
        learner.run()
    finally:
        config = {
            "kind": KIND,
            "world": asdict(setup.args),
            "settings": asdict(settings),
            "seed": seed,
            "steps": learner.keeper.best_at,
        }
        modules = {"ranker": judge.ranker, "ppo": learner.policy.network}
        save_checkpoint(folder / FILE, modules, config, setup)
        curve.table().assign(training_seed=seed).to_csv(folder / CURVE_FILE, index=False)
    return folder / FILE


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
    stage = FeatureStage(judge_of(setup, checkpoint, farsighted=True), setup.world.num_items, settings.candidates)
    network = serving_network(stage, setup.slate_size, settings.temper)
    checkpoint.load_into("ppo", network)
    return SlatePolicy(stage, network, greedy)


def judge_of(setup: PublishedSetup, checkpoint: Checkpoint, farsighted: bool) -> Judge:
    """The ranker in ``checkpoint``, ready to serve."""
    items = make_items(setup.world)
    ranker = make_ranker(setup.world, items, seed=0)
    checkpoint.load_into("ranker", ranker)
    return Judge(ranker, items, farsighted)


def open_run(setup: PublishedSetup, run: str, kind: str) -> Checkpoint:
    """The checkpoint of a run of ``kind``; errors as of ``load_best``."""
    checkpoint = load_checkpoint(run, setup)
    found: Any = checkpoint.config.get("kind")
    if found != kind:
        raise ValueError(f"{run} holds a run of kind {found}, not {kind}.")
    return checkpoint
