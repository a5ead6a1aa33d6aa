"""Whatever has a network, trained and served on the CPU and on the pretend device: what ``test_same_numbers`` compares.

A process of its own, ``python trainings.py LIBRARY TABLE MODEL FOLDER``: a device that is once there stays, and torch
then starts threads, after which no process may fork and learn.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO

from driftrec.agents.benchmarks.large_latency import made_up_context, made_up_observation
from driftrec.agents.catalogues.catalogue_folder import build_catalogue_folder
from driftrec.agents.comparison.entries import build_entries
from driftrec.agents.evaluation.keep_best import KeepBest
from driftrec.agents.evaluation.play import tried
from driftrec.agents.networks.shortlist import Shortlist
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.ranker.items import TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.rivals.rival_settings import ImitationSettings, PageSettings, ValueSettings
from driftrec.agents.rounds.folder import RoundsFolder
from driftrec.agents.rounds.loop import play_rounds
from driftrec.agents.rounds.plan import Deployment, Plan
from driftrec.agents.runs.baselines import train_slateq, train_stock
from driftrec.agents.runs.rival_runs import train_rival
from driftrec.agents.runs.train import train
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.slateq.slateq_settings import SlateQSettings, SlateQTraining
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from driftrec.agents.stock.stock_training import StockPPOSettings, StockSACSettings
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.agents.worlds.kits import settings_of
from driftrec.envs.sb3_bridge import SB3VecEnv
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.vectors import Float
from tests.device.pretend import NAME, load

SARDINE, RECSIM = "driftrec/Sardine-SlateTopK", "driftrec/RecSim-Interest"
WORLDS = {
    "news": WorldArgs("driftrec/News-v0", slate_size=3, history=12, horizon=6),
    "video": WorldArgs("driftrec/Video-v0", slate_size=3, history=12, horizon=6),
    "stream": WorldArgs("driftrec/NewsStream-v0", slate_size=3, history=12, horizon=6, options='{"num_candidates": 8}'),
    "music": WorldArgs("driftrec/Music-v0", slate_size=3, history=12, horizon=6),
    "ideal": WorldArgs(f"{SARDINE}-Bored-v0", slate_size=4, horizon=6),
    "partial": WorldArgs(f"{SARDINE}-BoredInf-v0", slate_size=4, horizon=6, options='{"observation": "partial"}'),
    "request": WorldArgs(f"{RECSIM}Evolution-v0", slate_size=3, horizon=6, options='{"num_candidates": 12}'),
    "responses": WorldArgs(f"{RECSIM}Exploration-v0", slate_size=3, horizon=6, history=5),
}
TOLD: dict[str, dict[str, Any]] = {
    "news": {},
    "video": {"encoder": "recurrent", "user_state": "both", "pace": True},
    "stream": {"encoder": "transformer"},
    "music": {"told_encoder": True},
}
RIVALS = {
    "imitation": ImitationSettings(validation_users=4, users=8, rounds=1, epochs=1, batch_size=32),
    "q2": ValueSettings(validation_users=4, lanes=16, log_steps=8, users=4, weights=(0.0, 1.0)),
    "paced": PageSettings(validation_users=4, users=4, rounds=1, samples=4),
}
STOCK = {
    "sb3-ppo": StockPPOSettings(total_steps=64, lanes=16, batch_size=16, rollout=2, validations=2, validation_users=4),
    "sb3-sac": StockSACSettings(total_steps=64, lanes=16, batch_size=16, warm_up=16, components=4, validations=2),
}
SLATEQ = SlateQTraining(SlateQSettings(total_steps=96, lanes=16, warm_up=32, batch_size=16, sync=4), 2, 4)


def small(setup: Setup, **told: Any) -> Any:
    """Settings of a training of a second."""
    usual = settings_of(setup.args.world)
    future = {"lanes": 16, "log_steps": 8} if hasattr(usual.future, "lanes") else {}
    return replace(
        usual,
        fit=replace(usual.fit, lanes=16, log_steps=4, rounds=1, epochs=1, batch_size=32),
        future=replace(usual.future, users=4, weights=(0.0, 1.0), **future),
        ppo=replace(usual.ppo, total_steps=128, lanes=16, rollout=4, batch_size=32, epochs=1),
        prices=replace(usual.prices, users=4, rounds=1, samples=4),
        value_steps=0,
        validations=2,
        validation_users=4,
        **{"pace": False, **told},
        **({"refits": 1, "belief_steps": 3} if hasattr(usual, "refits") else {}),
    )


def made(name: str, items: Path, device: str) -> Setup:
    """A world of ``WORLDS``, of the items where it has texts."""
    args = WORLDS[name]
    return set_up(replace(args, catalogue=str(items)) if name in TOLD else args, device=device)


def trainings(items: Path, folder: Path, device: str) -> Iterator[tuple[str, dict[str, float]]]:
    """Name of every training, and what it tells: of its updates, and what its policies earn."""
    for name in WORLDS:
        setup, run = made(name, items, device), folder / name
        updates: dict[str, float] = {}
        train(setup, small(setup, **TOLD.get(name, {})), seed=3, folder=run, record=partial(noted, updates))
        kinds = ("myopic", "mmr", "farsighted", "ppo", "ppo-sampled") if name == "news" else ("ppo-sampled",)
        yield name, {**updates, **earned(setup, *(f"{kind}:{run}" for kind in kinds))}
    yield "resumed", cut_short(items, folder / "resumed", device)
    yield "refitted", refitted(items, folder / "refitted", device)
    for name in ("news", "video", "ideal", "request"):
        setup, run = made(name, items, device), folder / f"slateq-{name}"
        train_slateq(setup, SLATEQ, ranker_run=folder / name, seed=3, folder=run)
        yield run.name, earned(setup, f"slateq:{run}")
    for kind, settings in RIVALS.items():
        setup, run = made("ideal", items, device), folder / kind
        train_rival(setup, kind, settings, ranker_run=folder / "ideal", seed=3, folder=run)
        yield kind, earned(setup, f"{kind}:{run}")
    os.environ["PRETEND_DRAWS"] = "1"  # stable-baselines3 draws where it computes
    for kind, stock in STOCK.items():
        setup, run = made("news", items, device), folder / kind
        train_stock(setup, kind, stock, seed=3, folder=run)
        yield kind, earned(setup, f"{kind}:{run}")
    yield "model file", model_file(made("news", items, device), folder / "model.zip")
    del os.environ["PRETEND_DRAWS"]


def noted(updates: dict[str, float], steps: int, values: Mapping[str, float]) -> None:
    """Take what is recorded of a training."""
    updates |= {f"{name} at {steps}": value for name, value in values.items() if not name.startswith("frames")}


def cut_short(items: Path, run: Path, device: str) -> dict[str, float]:
    """A training on the device, of which the CPU makes the rest."""

    def stop(steps: int, engagement: float) -> None:
        if steps >= 64:
            raise KeyboardInterrupt

    setup = made("news", items, device)
    told: Any = {"seed": 3, "folder": run, "snapshot_every": 1}
    with suppress(KeyboardInterrupt):
        train(setup, small(setup), progress=stop, **told)
    kept = len(list((run / FOLDER).iterdir()))
    setup = made("news", items, "cpu")
    train(setup, small(setup), **told)
    return {"kept": kept, **earned(setup, f"ppo:{run}")}


def refitted(items: Path, run: Path, device: str) -> dict[str, float]:
    """One round: serve, keep slates, and fit the ranker to these."""
    setup = made("video", items, device)
    plan = Plan(setup.args, ("refit",), small(setup), rounds=1, users=4, held_out=20, kept=4, seed=3)
    table, _ = play_rounds(Deployment(plan, setup), RoundsFolder(run), lambda line: None)
    return {"engagement": float(table.candidate_held_out.to_numpy()[0])}


def model_file(setup: Setup, file: Path) -> dict[str, float]:
    """A file of stable-baselines3's, which was trained on the CPU."""
    PPO("MultiInputPolicy", SB3VecEnv(setup.envs(4)), seed=3, device="cpu").save(file)
    return earned(setup, f"served=sb3:PPO:{file}")


def shortlisted(device: str) -> Float:
    """Gains of what is found of many items, (users, items)."""
    context = made_up_context(3_000)
    ranker = TextRanker(context, "text", seed=0).to(device)
    judge = Judge(ranker, TextItems(context), True, Shortlist(ranker, context.topics, True, count=64))
    return judge.view(made_up_observation(3_000, 8, seed=2)).gains


def earned(setup: Setup, *policies: str) -> dict[str, float]:
    """Engagement an episode of some users."""
    entries = build_entries(setup, policies, seed=3)
    users = user_seeds(3, "evaluation", 6)
    return {
        entry.label: tried(setup.world, next(iter(entry.policies.values())), users, setup.horizon)[0]
        for entry in entries
    }


def main(library: Path, table: Path, model: Path, folder: Path) -> None:
    """All of it on both devices; ``told.json`` has what is told of trainings, ``arrays.npz`` what was computed."""
    load(library)
    torch.set_num_threads(1)
    KeepBest.restore = lambda self: None  # type: ignore[method-assign] # the last weights, which have learned
    told: dict[str, dict[str, Any]] = {}
    arrays: dict[str, Any] = {}
    for device in ("cpu", NAME):
        encoder = TextEncoder(model, device=device)
        arrays[f"encoded {device}"] = encoder.encode(["A goat eats the lawn.", "Soup", "Violin found in the attic"])
        arrays[f"shortlisted {device}"] = shortlisted(device)
        if device == "cpu":
            build_catalogue_folder(table, folder / "items", encoder, 1)
        told[device] = dict(trainings(folder / "items", folder / device, device))
    np.savez(folder / "arrays.npz", **arrays)
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
