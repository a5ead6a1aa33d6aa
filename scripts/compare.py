"""Compare policies on the same users and noise; writes tables, a summary and plots to a run folder."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from driftrec.agents.comparison import BASELINES, build_entries, chosen_baseline, compare, parse_entry, write
from driftrec.agents.evaluation.plots import save_all
from driftrec.agents.evaluation.tables import text_table
from driftrec.agents.ppo import CURVE_FILE
from driftrec.agents.runs import drawn, empty_folder, new_run, write_config
from driftrec.agents.world_setup import WorldArgs, set_up


@dataclass(frozen=True)
class Args(WorldArgs):
    """Compare policies on the same users and noise."""

    policies: tuple[str, ...] = BASELINES
    """Names (random, popular, content, epsilon-content, linucb, myopic, myopic-oracle, planner), ppo:RUN (drawn
    slates), ppo-greedy:RUN, myopic:RUN (the ranker of that run), or your own class as package.module:Class. Several
    training seeds of one policy: ppo:RUN,RUN. A label of your own: label=NAME."""
    users: int = 1000
    """Evaluation users, the same for every policy and never met in training."""
    seed: int | None = None
    """Seed of users, draws and intervals; drawn, printed and stored when omitted."""
    baseline: str | None = None
    """Label of the policy that the others are compared with in pairs; myopic, or else the first, when omitted."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-compare when omitted."""


def main(args: Args) -> None:
    """Compare, print the table, and say where the run folder is.

    Raises:
        ValueError: If a policy or the baseline is unknown or there are fewer than two users.
    """
    if args.users < 2:
        raise ValueError(f"--users is {args.users}; intervals need at least 2.")
    seed = drawn(args.seed)
    setup = set_up(args, progress=sys.stderr.isatty())
    baseline = chosen_baseline(args.baseline, [parse_entry(text)[0] for text in args.policies])
    entries = build_entries(setup, args.policies, seed=seed, report=print)
    folder = new_run(Path("runs"), "compare") if args.out is None else empty_folder(args.out)
    write_config(folder, {**asdict(args), "seed": seed})
    rollouts = sum(len(entry.policies) for entry in entries)
    with tqdm(total=rollouts * args.horizon, unit="step", disable=not sys.stderr.isatty()) as bar:

        def on_policy(label: str) -> None:
            bar.set_postfix_str(label)
            if bar.disable:
                print(f"Serving {args.users:,} users with {label}", flush=True)

        def tick() -> None:
            bar.update()

        results = compare(
            setup,
            entries,
            users=args.users,
            seed=seed,
            baseline=baseline,
            on_policy=on_policy,
            tick=tick,
        )
    write(folder, results)
    save_all(folder, results, curve=training_curves(args.policies))
    print(text_table(results.summary))
    print(f"Run folder: {folder}")


def training_curves(policies: tuple[str, ...]) -> pd.DataFrame | None:
    """Curves of the training runs among ``policies``, or None where there are none."""
    runs = [run for text in policies if "ppo" in text.partition(":")[0] for run in text.partition(":")[2].split(",")]
    files = [Path(run) / CURVE_FILE for run in runs]
    curves = [pd.read_csv(file) for file in files if file.is_file()]
    return pd.concat(curves, ignore_index=True) if curves else None


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("compare")
