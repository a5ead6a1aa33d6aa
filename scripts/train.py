"""Train a PPO slate policy: warm start on logged slates, then PPO; writes a run folder."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.runs.checkpoint import FILE, read_config
from driftrec.agents.runs.description import recorded
from driftrec.agents.runs.folders import check_empty, drawn, run_folder, write_config
from driftrec.agents.runs.train import train
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.worlds.kits import fitting, kit_of
from driftrec.agents.worlds.settings import TrainSettings


@dataclass(frozen=True)
class Args(WorldArgs):
    """Train a PPO slate policy."""

    seed: int | None = None
    """Seed of everything random; drawn, printed and stored when omitted."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-train when omitted."""
    settings: TrainSettings | None = None
    """How to train; as the world has it when omitted."""


def main(args: Args) -> None:
    """Train, and say where the run folder is.

    Raises:
        FileExistsError: If the run folder holds anything.
        TypeError: If settings are of another kind of world.
        KeyboardInterrupt: If training was interrupted; says what is left of it.
    """
    check_empty(args.out)
    seed = drawn(args.seed)
    settings: TrainSettings = fitting(args.settings, args.world)
    setup = set_up(args, progress=sys.stderr.isatty())
    if note := kit_of(setup).note(setup):
        print(note)
    start = time.perf_counter()
    with run_folder(args.out, "train") as folder:
        told = {"seed": seed, "settings": asdict(settings), "fingerprints": setup.fingerprints()}
        write_config(folder, {**asdict(args), **recorded(setup), **told})
        try:
            _train(setup, settings, seed, folder)
        except KeyboardInterrupt:
            saved = (folder / FILE).is_file()
            left = f"{folder} holds what was learned so far" if saved else "nothing is kept, since PPO had not begun"
            raise KeyboardInterrupt(left) from None
    kept = read_config(folder)["steps"]
    print(f"Kept: the policy after {kept:,} steps of PPO, which did best on the validation users.")
    print(f"{time.perf_counter() - start:.0f} s. Run folder: {folder}")


def _train(setup: Setup, settings: TrainSettings, seed: int, folder: Path) -> None:
    """``train`` with a progress bar, or with lines where the output is not a terminal."""
    total = settings.ppo.total_steps
    with tqdm(total=total, unit="step", disable=not sys.stderr.isatty()) as bar:
        unit = setup.world.unit
        lines = _Lines(total, unit)

        def progress(steps: int, engagement: float) -> None:
            bar.update(min(steps, total) - int(bar.n))
            bar.set_postfix_str(f"last validation {engagement:.1f} {unit} an episode")
            if bar.disable:
                lines.report(steps, engagement)

        train(setup, settings, seed=seed, folder=folder, report=bar.write, progress=progress)


class _Lines:
    """Some twenty lines of progress over a training, for output that is not a terminal."""

    def __init__(self, total: int, unit: str) -> None:
        self.total, self.unit = total, unit
        self.next = 0

    def report(self, steps: int, engagement: float) -> None:
        """Print a line if it is time for one."""
        if steps < self.next:
            return
        self.next = steps + self.total // 20
        done = f"PPO: {steps:,} of {self.total:,} steps"
        print(f"{done}, last validation {engagement:.1f} {self.unit} an episode", flush=True)


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("train")
