"""The whole job: encode, train PPO in short, compare it with every baseline, draw the plots."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.runs.folders import check_users, drawn, run_folder
from driftrec.agents.setup import WorldArgs, make_env, set_up
from driftrec.agents.worlds.kits import kit_named
from driftrec.scripts import compare, train


@dataclass(frozen=True)
class Args(WorldArgs):
    """The whole job: encode, train, compare, plot."""

    users: int = 1000
    """Evaluation users."""
    seed: int | None = 0
    """Seed of everything random."""
    planner: bool = True
    """Compare with the planner, too, which says what the best possible policy would get (`normalised`); on a large
    catalogue it takes long to tune."""


def main(args: Args) -> None:
    """Encode, train and compare into one new run folder; errors of the world and of ``compare`` come first."""
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
    set_up(args)
    print("2/3 Training PPO", flush=True)
    run = folder / "train"
    train.main(train.Args(**world, seed=seed, out=run, settings=kit.settings.quick()))
    print("3/3 Comparing policies", flush=True)
    wanted = [name for name in kit.baselines if args.planner or name != "planner"]
    policies = tuple(f"myopic:{run}" if name == "myopic" else name for name in wanted)
    policies = (*policies, f"farsighted:{run}", f"ppo:{run}")
    compare.main(compare.Args(**world, policies=policies, users=args.users, seed=seed, out=folder / "compare"))


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("demo")
