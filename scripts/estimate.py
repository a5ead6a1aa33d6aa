"""Estimate from a log what policies would have earned that did not serve (docs/logs.md)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from tqdm import tqdm

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison.entries import build_entries
from driftrec.agents.estimation.estimate import estimate
from driftrec.agents.estimation.estimate_tables import estimates_in_text, held_in_words, write_estimates
from driftrec.agents.estimation.truth import coverage, true_episodes, true_slates, with_truth
from driftrec.agents.known import policies_in_words
from driftrec.agents.logbook.log_files import parse_columns
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.policy import Policy
from driftrec.agents.runs.description import recorded
from driftrec.agents.runs.folders import check_empty, check_users, drawn, run_folder, write_config
from driftrec.agents.setup import PlacedArgs, Setup, set_up
from driftrec.agents.worlds.kits import item_ids

__doc__ = f"{__doc__}\n\n{policies_in_words()}"


@dataclass(frozen=True)
class Args(PlacedArgs):
    """Estimate from a log what policies would have earned that did not serve."""

    log: Path = Path("log.parquet")
    """The log, .parquet or .csv, or a MovieLens folder."""
    policies: tuple[str, ...] = ("random",)
    """Those to estimate, by the names above; none that learns while it serves or is told the truth."""
    logged_by: str = ""
    """Whose rows count, NAME or NAME@VERSION, where several policies wrote the log."""
    columns: str = ""
    """The log's own names of columns, such as user=userId,item=movieId,time=timestamp,engagement=rating; of engagement
    several with their weights, such as engagement=minutes+20*purchase."""
    steps: int = 3
    """Slates of an episode, from each user's first on."""
    seed: int | None = None
    """Seed of draws, intervals and the truth's users; drawn, printed and stored when omitted."""
    truth: bool = False
    """Simulate the policies, too, and say which intervals hold the truth; that of a slate where the log's policy is
    known by its name."""
    truth_users: int = 10_000
    """Fresh users that the truth is simulated with."""
    repeats: int = 0
    """With --truth: logs of the log's size that its policy writes anew, to count how often intervals hold the truth."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-estimate when omitted."""


def main(args: Args) -> None:
    """Estimate, print the table, and say where the run folder is.

    Raises:
        FileNotFoundError: If there is no log.
        ValueError: If the log is not as it must be, does not fit the world, or a policy cannot be estimated.
        FileExistsError: If the run folder holds anything.
    """
    check_users(args.truth_users, "--truth-users")
    if args.repeats < 0 or (args.repeats and not args.truth):
        raise ValueError(f"--repeats is {args.repeats}; it must not be negative, and needs --truth.")
    check_empty(args.out)
    seed = drawn(args.seed)
    columns = parse_columns(args.columns)
    setup = set_up(args, progress=sys.stderr.isatty(), device=args.device)
    log = read_log(args.log, columns, item_ids(setup)).only(args.logged_by)
    policies = built(setup, args.policies, seed)
    with tqdm(unit="step", disable=not sys.stderr.isatty()) as bar:

        def tick() -> None:
            bar.update()

        found = estimate(setup, log, policies, steps=args.steps, seed=seed, tick=tick)
    tables = {"estimates": found.table}
    if args.truth:
        length, users = int(log.rows["step"].max()) + 1, log.rows["user"].nunique()
        tables = _with_truth(args, setup, policies, found.table, log.policies[0][0], length, users, seed)
    with run_folder(args.out, "estimate") as folder:
        write_config(folder, {**asdict(args), **recorded(setup), "seed": seed})
        write_estimates(folder, tables, {"log": str(args.log), "unit": setup.world.unit, "notes": found.notes})
    print(estimates_in_text(tables["estimates"], setup.world.unit, args.steps))
    print("\n".join(["", *found.notes]))
    if args.truth:
        print(held_in_words(tables["estimates"]))
    if "coverage" in tables:
        print(f"\nOver {args.repeats} logs:\n{tables['coverage'].round(4).to_string(index=False)}")
    print(f"Run folder: {folder}")


def built(setup: Setup, names: tuple[str, ...], seed: int) -> dict[str, Policy]:
    """Policies by label, with the training seed behind it where there are several runs of one."""
    entries = build_entries(setup, names, seed=seed, report=print)
    return {
        f"{entry.label}@{trained}" if len(entry.policies) > 1 else entry.label: policy
        for entry in entries
        for trained, policy in entry.policies.items()
    }


def _with_truth(
    args: Args,
    setup: Setup,
    policies: Mapping[str, Policy],
    table: pd.DataFrame,
    logging: str,
    length: int,
    users: int,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """The tables with the truth, and over many logs how often it is held."""
    told = {"users": args.truth_users, "seed": seed}
    episodes = true_episodes(setup, policies, steps=args.steps, **told)
    try:
        (served,) = built(setup, (logging,), seed).values()
    except (ValueError, ImportError) as error:
        if args.repeats:
            raise ValueError(
                f"--repeats needs the log's policy, {logging!r}, by a name that is built: {error}"
            ) from error
        print(f"The truth of a slate is not known: the log's policy {logging!r} is no name of a policy.")
        return {"estimates": with_truth(table, None, episodes)}
    tables = {"estimates": with_truth(table, true_slates(setup, served, policies, steps=length, **told), episodes)}
    if args.repeats:
        tables["coverage"] = coverage(
            setup,
            served,
            policies,
            logs=args.repeats,
            users=users,
            length=length,
            steps=args.steps,
            seed=seed,
            truth_users=args.truth_users,
        )
    return tables


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("estimate")
