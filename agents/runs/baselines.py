"""Training baselines that learn to run folders: SlateQ, and stable-baselines3's PPO and SAC with MlpPolicy."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import (
    KeepBest,
    Measuring,
    Progress,
    check_learned,
    check_measurements,
    naming_divergence,
)
from driftrec.agents.runs.load import ranker_of, steps_behind
from driftrec.agents.runs.train import save
from driftrec.agents.setup import Setup
from driftrec.agents.slateq.slateq_settings import SlateQTraining
from driftrec.agents.slateq.slateq_training import Learner
from driftrec.agents.snapshots.snapshot_folder import SnapshotFolder
from driftrec.agents.snapshots.snapshots import NOTHING_KEPT, Snapshots
from driftrec.agents.snapshots.training_snapshots import EVERY, TrainingSnapshots
from driftrec.agents.snapshots.tree import parts_of, put_back
from driftrec.agents.stock.sb3 import FlatObservations, StockPolicy
from driftrec.agents.stock.stock_state import Keeping, put_stock_state, stock_state
from driftrec.agents.stock.stock_training import StockSettings, build_stock
from driftrec.simulators.noise import user_seeds


def train_slateq(
    setup: Setup,
    settings: SlateQTraining,
    *,
    ranker_run: Path,
    seed: int,
    folder: Path,
    progress: Progress = lambda steps, engagement: None,
    kept_in: SnapshotFolder | None = None,
    snapshot_every: int = EVERY,
) -> None:
    """Train SlateQ; ``checkpoint.safetensors`` and ``curve.csv`` go to ``folder``, also where Ctrl-C ends it early.

    Args:
        setup: World.
        settings: How.
        ranker_run: Run folder of ``driftrec train``, whose ranker it looks through, without the engagement to come.
        seed: Source of all randomness.
        folder: Where to write.
        progress: See ``driftrec.agents.evaluation.keep_best.Progress``.
        kept_in: Takes snapshots; called again, training goes on from the last, to the same weights.
        snapshot_every: Environment steps between two snapshots, at least.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If it was made in another world, its ranker is not for everybody, see ``ranker_of``, or a snapshot
            is spoilt or of another run.
    """
    check_measurements(settings.validations, settings.slateq.total_steps, settings.slateq.lanes)
    judge, ranker = ranker_of(setup, str(ranker_run))
    curve = _curve(setup, seed, settings.validation_users)
    curve.env_steps += steps_behind(judge, ranker["settings"])
    snapshots = _snapshots(kept_in, curve, snapshot_every, "slateq")
    learner = Learner(setup, judge, settings, seed=seed, curve=curve, progress=progress, snapshots=snapshots)
    try:
        with naming_divergence("slateq", "SlateQSettings.learning_rate", settings.slateq.learning_rate):
            learner.run()
    finally:
        modules = {"ranker": judge.ranker, "values": learner.policy.network}
        told = {"kind": "slateq", "settings": asdict(settings), "ranker": ranker, "seed": seed}
        save(setup, learner.keeper.best_at, curve, modules, folder, told)


def train_stock(
    setup: Setup,
    kind: str,
    settings: StockSettings,
    *,
    seed: int,
    folder: Path,
    progress: Progress = lambda steps, engagement: None,
    kept_in: SnapshotFolder | None = None,
    snapshot_every: int = EVERY,
) -> None:
    """Train stock PPO or SAC.

    Args:
        setup: World.
        kind: "sb3-ppo" or "sb3-sac".
        settings: How.
        seed: See ``train_slateq``, as the next two.
        folder: Where to write.
        progress: Called after every rollout.
        kept_in: See ``train_slateq``, as the next.
        snapshot_every: Environment steps between two snapshots, at least.

    Raises:
        ValueError: If it diverges, or a snapshot is spoilt or of another run.
    """
    check_measurements(settings.validations, settings.total_steps, settings.at_a_time)
    model = build_stock(setup, settings, seed)
    policy = StockPolicy(
        FlatObservations(setup.context), settings.actions(setup.context), model.policy, settings.greedy
    )
    curve = _curve(setup, seed, settings.validation_users)
    keeper = KeepBest(curve, kind, policy, model.policy)
    snapshots = _snapshots(kept_in, curve, snapshot_every, kind)
    if (begun := snapshots.last()) is not None:
        put_back(keeper, begun["best"])
        put_stock_state(model, begun["model"])
    keeping = Keeping(snapshots, lambda: {"best": parts_of(keeper, keeper.CHANGING), "model": stock_state(model)})
    try:
        measuring = Measuring(keeper, settings.total_steps / (settings.validations - 1), progress)
        left = settings.total_steps - model.num_timesteps
        model.learn(left, callback=[keeping, measuring], reset_num_timesteps=begun is None)
    except ValueError as error:
        check_learned(kind, model.policy, model.num_timesteps)
        if str(error).startswith("Expected "):  # torch draws from no NaN, and prints all numbers: weights too large
            raise ValueError(
                f"{kind} diverged: its actions are not finite after {model.num_timesteps:,} steps. "
                f"Lower {type(settings).__name__}.learning_rate, which is {settings.learning_rate:g}."
            ) from error
        raise
    finally:
        keeper.restore()
        told: dict[str, Any] = {"kind": kind, "settings": {kind: asdict(settings)}, "seed": seed}
        save(setup, keeper.best_at, curve, {"network": model.policy}, folder, told)


def _snapshots(kept_in: SnapshotFolder | None, curve: Curve, every: int, kind: str) -> Snapshots:
    """Those in a folder; none where there is no folder."""
    return NOTHING_KEPT if kept_in is None else TrainingSnapshots(kept_in, curve, every, kept_in.report, kind)


def _curve(setup: Setup, seed: int, users: int) -> Curve:
    """Measures on the users that ``driftrec train`` measures on."""
    return Curve(setup.world, user_seeds(seed, "validation", users), setup.horizon)
