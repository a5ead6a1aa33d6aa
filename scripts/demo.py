"""The whole job: encode, train PPO in short, compare it with every baseline, draw the plots."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.known import KNOWN
from driftrec.agents.runs.folders import check_users, drawn, run_folder
from driftrec.agents.setup import PlacedArgs, Setup, WorldArgs, make_env, set_up
from driftrec.agents.worlds.kits import kit_named
from driftrec.scripts import compare, train
from driftrec.simulators.world import NotAppraisedError


@dataclass(frozen=True)
class Args(PlacedArgs):
    """The whole job: encode, train, compare, plot."""

    users: int = 1000
    """Evaluation users."""
    seed: int | None = 0
    """Seed of everything random."""
    planner: bool = True
    """Compare with the planner, too, which says what the best possible policy would get (`normalised`); on a large
    catalogue it takes long to tune."""


def main(args: Args) -> None:
    """Encode, train and compare into one new run folder; errors of the world and of its policies come first."""
    start = time.perf_counter()
    check_users(args.users)
    make_env(args)  # a wrong argument leaves no folder behind
    seed = drawn(args.seed)
    with run_folder(None, "demo") as folder:
        _run(args, folder, seed)
    print(f"Done in {time.perf_counter() - start:.0f} s: {folder}")


def _run(args: Args, folder: Path, seed: int) -> None:
    """Encode, train and compare into ``folder``."""
    world = {name: getattr(args, name) for name in WorldArgs.__dataclass_fields__}
    kit = kit_named(args.world)
    print("1/3 Encoding texts, where there are some", flush=True)
    told = _oracles(set_up(args, device=args.device), args.planner)
    print("2/3 Training PPO", flush=True)
    run = folder / "train"
    train.main(train.Args(**world, device=args.device, seed=seed, out=run, settings=kit.settings.quick()))
    print("3/3 Comparing policies", flush=True)
    wanted = [name for name in kit.baselines if not KNOWN[name].told or name in told]
    policies = tuple(f"myopic:{run}" if name == "myopic" else name for name in wanted)
    policies = (*policies, f"farsighted:{run}", f"ppo:{run}")
    served: Any = {"policies": policies, "users": args.users, "seed": seed, "out": folder / "compare"}
    compare.main(compare.Args(**world, device=args.device, **served))


def _oracles(setup: Setup, planner: bool) -> list[str]:
    """The oracles that the world has; none, which is said, where a mechanism of the user's own leaves it open."""
    try:
        setup.world.expected_engagement(setup.world.reset(np.zeros(1, np.uint64)))
    except NotAppraisedError as error:
        print(f"No oracles: {error}", flush=True)
        return []
    return ["myopic-oracle", *["planner"] * planner]


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("demo")
