"""The whole job on real text: encode, train PPO, compare it with every baseline, draw the plots."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.runs.folders import check_users, drawn, run_folder
from driftrec.agents.setup import WorldArgs, make_env
from driftrec.agents.worlds.news import NewsKit
from driftrec.agents.worlds.settings import TextSettings
from driftrec.scripts import compare, encode, train

QUICK = TextSettings(refits=1)
"""One refit where ``driftrec train`` makes three: the demo is to be done within six minutes."""


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
    if args.catalogue is None:
        print("1/3 Encoding the catalogue", flush=True)
        encode.main(encode.Args())
    print("2/3 Training PPO", flush=True)
    run = folder / "train"
    train.main(train.Args(**world, seed=seed, out=run, settings=QUICK))
    print("3/3 Comparing policies", flush=True)
    wanted = [name for name in NewsKit.baselines if args.planner or name != "planner"]
    policies = tuple(f"myopic:{run}" if name == "myopic" else name for name in wanted)
    policies = (*policies, f"farsighted:{run}", f"ppo:{run}")
    compare.main(compare.Args(**world, policies=policies, users=args.users, seed=seed, out=folder / "compare"))


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("demo")
