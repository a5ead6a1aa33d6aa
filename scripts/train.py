"""Train a PPO slate policy: warm start on logged slates, then PPO; writes a run folder."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tqdm import tqdm

from driftrec.agents.ppo import TrainSettings, train
from driftrec.agents.runs import drawn, empty_folder, new_run, write_config
from driftrec.agents.world_setup import WorldArgs, set_up


@dataclass(frozen=True)
class Args(WorldArgs):
    """Train a PPO slate policy."""

    seed: int | None = None
    """Seed of everything random; drawn, printed and stored when omitted."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-train when omitted."""
    settings: TrainSettings = field(default_factory=TrainSettings)
    """How to train."""


def main(args: Args) -> None:
    """Train, and say where the run folder is."""
    seed = drawn(args.seed)
    setup = set_up(args, progress=sys.stderr.isatty())
    folder = new_run(Path("runs"), "train") if args.out is None else empty_folder(args.out)
    write_config(folder, {**asdict(args), "seed": seed})
    start = time.perf_counter()
    with tqdm(total=args.settings.ppo.total_steps, unit="step", disable=not sys.stderr.isatty()) as bar:

        def progress(steps: int, engagement: float) -> None:
            bar.update(min(steps, args.settings.ppo.total_steps) - int(bar.n))
            bar.set_postfix_str(f"{engagement:.1f} min/episode")
            if bar.disable and steps // 100_000 != (steps - args.settings.ppo.lanes) // 100_000:
                print(f"PPO: {steps:,} steps, {engagement:.1f} minutes an episode", flush=True)

        try:
            train(setup, args.settings, seed=seed, folder=folder, report=bar.write, progress=progress)
        finally:
            print(f"{time.perf_counter() - start:.0f} s. Run folder: {folder}")


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("train")
