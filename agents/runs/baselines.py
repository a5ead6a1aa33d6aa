"""Learning baselines to and from run folders: SlateQ, and stable-baselines3's PPO and SAC with MlpPolicy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from driftrec.agents.evaluation.curve import Curve
from driftrec.agents.evaluation.curves import CURVE_FILE
from driftrec.agents.evaluation.keep_best import (
    KeepBest,
    Measuring,
    Progress,
    check_learned,
    check_measurements,
    naming_divergence,
)
from driftrec.agents.evaluation.named_tables import write_table
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.agents.runs.checkpoint import FILE, save_checkpoint
from driftrec.agents.runs.folders import rescue
from driftrec.agents.runs.load import load_ranker, open_run, ranker_of
from driftrec.agents.setup import WorldSetup
from driftrec.agents.slateq.training import learn_slateq
from driftrec.agents.slateq.values import ItemValues, SlateQPolicy, SlateQSettings, SlateQTraining, UserModel
from driftrec.agents.stock.sb3 import FlatObservations, StockPolicy
from driftrec.agents.stock.training import StockPPOSettings, StockSACSettings, StockSettings, build_stock
from driftrec.envs.spaces import observation_space
from driftrec.simulators.noise import user_seeds

STOCK: Mapping[str, type[StockPPOSettings] | type[StockSACSettings]] = {
    "sb3-ppo": StockPPOSettings,
    "sb3-sac": StockSACSettings,
}
"""Settings of the stock algorithms by kind of run."""

BASELINE_RUNS = ("slateq", *STOCK)
"""Kinds of run that ``driftrec train-baseline`` makes."""


def train_slateq(
    setup: WorldSetup,
    settings: SlateQTraining,
    *,
    ranker_run: Path,
    seed: int,
    folder: Path,
    progress: Progress = lambda steps, engagement: None,
) -> None:
    """Train SlateQ; ``checkpoint.safetensors`` and ``curve.csv`` go to ``folder``, also where Ctrl-C ends it early.

    Args:
        setup: World and embeddings.
        settings: How.
        ranker_run: Run folder of ``driftrec train``, whose ranker it looks through.
        seed: Source of all randomness.
        folder: Where to write.
        progress: See ``driftrec.agents.evaluation.keep_best.Progress``.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If it was made for another catalogue, text encoder or slate size, or is no ``driftrec train`` run.
    """
    how = settings.slateq
    check_measurements(settings.validations, how.total_steps, how.lanes)
    ranker, described = load_ranker(setup, str(ranker_run))
    model, network = UserModel(ranker), _item_values(ranker, how, seed)
    curve = _curve(setup, seed, settings.validation_users)
    keeper = KeepBest(curve, "slateq", SlateQPolicy(model, network), network)

    def tick(steps: int) -> None:
        keeper.measure_every(how.total_steps / (settings.validations - 1), steps)
        progress(steps, keeper.measured[-1])

    try:
        with naming_divergence("slateq", "SlateQSettings.learning_rate", how.learning_rate):
            learn_slateq(setup.envs(how.lanes), model, network, how, seed=seed, tick=tick)
    finally:
        config = {**described, **asdict(settings)}
        modules = {"ranker": ranker, "values": network}
        _save(setup, keeper, curve, modules, folder, kind="slateq", settings=config, seed=seed)


def load_slateq(setup: WorldSetup, run: str) -> SlateQPolicy:
    """The policy that ``train_slateq`` left; errors as of ``load_greedy``."""
    checkpoint = open_run(setup, run, "slateq")
    ranker = ranker_of(setup, checkpoint)
    network = _item_values(ranker, SlateQSettings(**checkpoint.config["settings"]["slateq"]), seed=0)
    checkpoint.load_into("values", network)
    return SlateQPolicy(UserModel(ranker), network)


def train_stock(
    setup: WorldSetup,
    settings: StockSettings,
    *,
    seed: int,
    folder: Path,
    progress: Progress = lambda steps, engagement: None,
) -> None:
    """Train stock PPO or SAC, whichever ``settings`` are of; arguments and files as of ``train_slateq``."""
    (kind,) = (name for name, known in STOCK.items() if isinstance(settings, known))
    check_measurements(settings.validations, settings.total_steps, settings.at_a_time)
    model = build_stock(setup, settings, seed)
    policy = StockPolicy(
        FlatObservations(setup.context), settings.actions(setup.context), model.policy, settings.greedy
    )
    curve = _curve(setup, seed, settings.validation_users)
    keeper = KeepBest(curve, kind, policy, model.policy)
    try:
        apart = settings.total_steps / (settings.validations - 1)
        model.learn(settings.total_steps, callback=Measuring(keeper, apart, progress))
    except ValueError as error:
        check_learned(kind, model.policy, model.num_timesteps)
        if str(error).startswith("Expected "):  # torch draws from no NaN, and prints all numbers: weights too large
            raise ValueError(
                f"{kind} diverged: its actions are not finite after {model.num_timesteps:,} steps. "
                f"Lower {type(settings).__name__}.learning_rate, which is {settings.learning_rate:g}."
            ) from error
        raise
    finally:
        config = {kind: asdict(settings)}
        _save(setup, keeper, curve, {"network": model.policy}, folder, kind=kind, settings=config, seed=seed)


def load_stock(setup: WorldSetup, run: str, kind: str) -> StockPolicy:
    """The policy that ``train_stock`` left, ``kind`` being "sb3-ppo" or "sb3-sac"; errors as of ``load_greedy``."""
    checkpoint = open_run(setup, run, kind)
    settings = STOCK[kind](**checkpoint.config["settings"][kind])
    flat, actions = FlatObservations(setup.context), settings.actions(setup.context)
    network = settings.network(flat.space(observation_space(setup.world)), actions.space)
    network.set_training_mode(False)
    checkpoint.load_into("network", network)
    return StockPolicy(flat, actions, network, settings.greedy)


def _curve(setup: WorldSetup, seed: int, users: int) -> Curve:
    """Measures on the users that ``driftrec train`` measures on."""
    return Curve(setup.world, user_seeds(seed, "validation", users), setup.horizon)


def _item_values(ranker: Ranker, settings: SlateQSettings, seed: int) -> ItemValues:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ItemValues(ranker, settings.unit)


def _save(
    setup: WorldSetup,
    keeper: KeepBest,
    curve: Curve,
    modules: Mapping[str, nn.Module],
    folder: Path,
    *,
    kind: str,
    settings: Mapping[str, Any],
    seed: int,
) -> None:
    """Write the best weights and the curve."""
    keeper.restore()
    config = {"kind": kind, "world": setup.described(), "settings": settings, "seed": seed, "steps": keeper.best_at}

    def write(where: Path) -> None:
        save_checkpoint(where / FILE, modules, config, setup.setting)
        write_table(curve.table().assign(training_seed=seed), where / CURVE_FILE)

    rescue(folder, write)
