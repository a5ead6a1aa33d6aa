"""Compare policies on the same users and noise; writes tables, a summary and plots to a run folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace
from itertools import chain, filterfalse
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.comparison.across_worlds import worlds_named
from driftrec.agents.comparison.comparison import INTERRUPTED, compare
from driftrec.agents.comparison.comparison_log import ComparisonLog
from driftrec.agents.comparison.entries import Entry, build_entries, chosen_baseline, parse_entry, weights_of_planners
from driftrec.agents.comparison.seen import repeats
from driftrec.agents.engines.engine import Engine, EngineName, engine_named
from driftrec.agents.evaluation.curves import CURVE_FILE, read_curves
from driftrec.agents.evaluation.summary import Results, write_results
from driftrec.agents.evaluation.tables import text_table, write_table
from driftrec.agents.known import OF_RUNS, TUNABLE, policies_in_words
from driftrec.agents.logbook.log_writer import check_log
from driftrec.agents.plots.plots import save_all
from driftrec.agents.runs.description import recorded
from driftrec.agents.runs.folders import check_empty, check_users, drawn, rescue, run_folder, versions, write_config
from driftrec.agents.runs.load import nothing_learned, other_world
from driftrec.agents.runs.resume import begun, check_unchanged, fingerprint
from driftrec.agents.runs.tuned import is_tuned, tuned_elsewhere
from driftrec.agents.setup import PlacedArgs, Setup, WorldArgs, json_object, set_up
from driftrec.agents.snapshots.snapshot_folder import FOLDER, SnapshotFolder
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import kit_named, kit_of
from driftrec.scripts.in_worlds import ACROSS, SUMMARY, InWorlds, compare_in_worlds

VERB = "compare"
__doc__ = f"{__doc__}\n\n{policies_in_words()}"


@dataclass(frozen=True)
class Args(PlacedArgs):
    """Compare policies on the same users and noise."""

    policies: tuple[str, ...] | None = None
    """Those to compare, by the names above; the world's baselines when omitted. Several training seeds of one policy:
    ppo:RUN,RUN, or of one of your own, in full: my:New?seed=1,my:New?seed=2. A label of your own: label=NAME."""
    users: int = 1000
    """Evaluation users, the same for every policy and never met in training."""
    seed: int | None = None
    """Seed of users, draws and intervals; drawn, printed and stored when omitted."""
    baseline: str | None = None
    """Policy that the others are compared with in pairs, by its label or as in --policies; myopic, or else the first,
    when omitted."""
    planner_effort: tuple[int, int] = (Effort.users, Effort.rounds)
    """Users and rounds with which the planner is tuned where no weights are at hand, such as 32 2 for a quick look; how
    long it takes is said beforehand. Leave planner out of --policies for a table without it."""
    worlds: str = ""
    """Folders of fitted worlds, parted by commas, such as a fit and its replicates: compares in each, and together. The
    recommender knows the first, with which runs are trained."""
    log: Path | None = None
    """New file for every impression, .csv or .parquet, with the chances that it was shown where the policy can say them
    (docs/logs.md); none when omitted."""
    out: Path | None = None
    """Run folder, new or empty; the next of runs/NNNN-compare when omitted."""
    resume: Path | None = None
    """Run folder of a comparison that was cut short: the policies that are missing serve, all else is taken from it.
    A log that it had is written anew."""
    engine: EngineName = "local"
    """Where the policies serve: one after another in this process, or each as a task of a Ray cluster, to the same
    numbers (docs/ray.md)."""


ASKED = tuple(field.name for field in fields(Args) if field.name not in ("resume", "engine", "device"))
"""What decides what comes of a comparison."""


def main(args: Args) -> None:
    """Compare, print the table, and say where the run folder is.

    Raises:
        ValueError: If a policy or the baseline is unknown, there are fewer than two users, or --log is to be written on
            Ray.
        ImportError: If Ray is asked for and not installed.
        FileExistsError: If the run folder holds anything.
        FileNotFoundError: If there is nothing to resume.
        OSError: If it cannot be written; says where the results are instead.
    """
    args = args if args.resume is None else _begun(args, args.resume)
    if args.worlds:
        _in_worlds(args)
        return
    check_users(args.users)
    if min(args.planner_effort) < 1:
        raise ValueError(f"--planner-effort is {args.planner_effort}; both users and rounds must be at least 1.")
    check_empty(args.out)
    engine = engine_named(args.engine, device=args.device)
    if args.log is not None:
        _check_log(args, args.log)
    policies = kit_named(args.world).baselines if args.policies is None else args.policies
    baseline = chosen_baseline(args.baseline, policies)
    seed = drawn(args.seed)
    setup = set_up(args, progress=sys.stderr.isatty(), device=args.device)
    for note in notes_on_runs(setup, policies):
        print(note)
    entries = build_entries(setup, policies, seed=seed, report=print, effort=Effort(*args.planner_effort))
    with run_folder(args.out, "compare") if args.resume is None else nullcontext(args.resume) as folder:
        config = {"seed": seed, "baseline": baseline, "planner_weights": weights_of_planners(entries)}
        told = {**config, "policies": policies, "fingerprints": setup.fingerprints()}
        kept_in = _kept_in(folder, args, setup, told)
        log = args.log and ComparisonLog(args.log, folder / FOLDER, replace=args.resume is not None)
        with log or nullcontext():
            told_besides: Any = {"log": log, "kept_in": kept_in, "engine": engine}
            results = served(setup, entries, users=args.users, seed=seed, baseline=baseline, **told_besides)
        curve, read = _training(curve_runs(policies))
        try:
            rescue(folder, lambda where: _write(where, results, curve))
        finally:
            print(text_table(results.summary), flush=True)  # on a full disk, too
        drawn_all = draw(folder, results, curve) and read
        fault = log.fault if log else ""
        if not results.summary["failed"] and not fault:
            kept_in.finish()
    _say(setup, results)
    print(f"Run folder: {folder}")
    if fault:
        print(f"{fault} driftrec compare --resume {folder} writes it again.", file=sys.stderr)
    _end(results.summary, baseline, folder, drawn_all and not fault)


def _check_log(args: Args, file: Path) -> None:
    """Raise if no log can be written to ``file``."""
    if args.engine != "local":
        raise ValueError("--log is written by one process; leave it or --engine out.")
    check_log(file, replace=args.resume is not None)


def _kept_in(folder: Path, args: Args, setup: Setup, told: Mapping[str, Any]) -> SnapshotFolder:
    """What takes the tables of every policy that has served; the configuration is written, where the run begins."""
    if args.resume is None:
        write_config(folder, {**asdict(args), **recorded(setup), **told, **_begin(args)})
    return SnapshotFolder(folder, _identity(setup, args.users, told), print)


def _begin(args: Args) -> dict[str, Any]:
    """What ``--resume`` needs of a configuration, besides the seed."""
    return {"verb": VERB, "asked": {name: getattr(args, name) for name in ASKED}}


def _say(setup: Setup, results: Results) -> None:
    """What is to be known beside the table."""
    for label, share in repeats(results.episodes, setup.slate_size).items():
        what = "a repeat is an empty position, but in published worlds as they have it"
        print(f"Note: {label} repeated an item of the same slate at {share:.1%} of the positions; {what}.")
    if note := kit_of(setup).note(setup):
        print(note)


def _in_worlds(args: Args) -> None:
    """Compare in several fitted worlds, and put all together.

    Raises:
        ValueError: As of ``main`` and ``worlds_named``, or if a log is asked for.
    """
    if args.log is not None:
        raise ValueError("--worlds takes no --log; compare in one world for it.")
    check_users(args.users)
    check_empty(args.out)
    seed, worlds = drawn(args.seed), worlds_named(args, args.worlds)

    def one(world: WorldArgs, folder: Path, goes_on: bool) -> None:
        where: Any = {"resume": folder, "out": None} if goes_on else {"resume": None, "out": folder}
        main(replace(args, worlds="", seed=seed, world=world.world, options=world.options, **where))

    policies = kit_named(worlds[0].world).baselines if args.policies is None else args.policies
    config = {**asdict(args), **_begin(args), "seed": seed}
    said = {name: getattr(args, name) for name in ASKED if name not in ("out", "seed")}
    of = {**said, "seed": seed, **_on_disk(policies, worlds), "versions": versions()}
    told = InWorlds(worlds, args.policies, args.baseline, seed, config, of)
    compare_in_worlds(told, one, args.out, args.resume)


def _begun(args: Args, run: Path) -> Args:
    """The arguments that ``run`` was begun with; raises as of ``begun`` and ``check_unchanged``."""
    begun(run, VERB, ACROSS)
    config = begun(run, VERB, SUMMARY)
    then = {**config["asked"], "seed": config["seed"]}
    check_unchanged(run, then, asdict(args), asdict(Args()))
    policies = None if then["policies"] is None else tuple(then["policies"])
    log = None if then["log"] is None else Path(then["log"])
    told = {"policies": policies, "log": log, "planner_effort": tuple(then["planner_effort"]), "out": None}
    return replace(args, **{**then, **told})


def _identity(setup: Setup, users: int, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """All that decides what comes of a comparison: with that of the world and the versions the runs' own bytes."""
    disk = _on_disk(told["policies"], [setup.args])
    return {"world": asdict(setup.args), "users": users, **told, **disk, "versions": versions()}


def _on_disk(policies: Sequence[str], worlds: Sequence[WorldArgs]) -> dict[str, dict[str, str]]:
    """Hashes of the runs behind ``policies`` and of the folders that worlds were fitted into."""
    models = [rest.partition(":")[2] for rest in training_runs(policies, ["sb3"])]
    runs = [*training_runs(policies, [*OF_RUNS, *TUNABLE]), *models]
    options = [json_object("options", world.options) for world in worlds]
    fitted = sorted({str(told[name]) for told in options for name in ("world", "known") if told.get(name)})
    return {"runs": {run: fingerprint(run) for run in runs}, "fitted": {name: fingerprint(name) for name in fitted}}


def _training(runs: Sequence[str]) -> tuple[pd.DataFrame | None, bool]:
    """Training curves of ``runs``, and whether they could be read; if not, that is said and costs their plot alone."""
    try:
        return read_curves(runs), True
    except Exception as error:
        print(f"The training curve could not be read ({type(error).__name__}: {str(error).strip()}).", file=sys.stderr)
        return None, False


def _write(folder: Path, results: Results, curve: pd.DataFrame | None) -> None:
    """All tables."""
    write_results(folder, results)
    if curve is not None:
        write_table(curve, folder / CURVE_FILE)


def draw(folder: Path, results: Results, curve: pd.DataFrame | None) -> bool:
    """Draw all plots; where that fails say so and how to try again, and return False."""
    try:
        save_all(folder, results, curve=curve)
    except Exception as error:  # the tables are there, whatever a plot trips over
        print(f"The plots could not be drawn ({type(error).__name__}: {error}).", file=sys.stderr)
        print(f"The tables are written; draw again with: driftrec plot {folder}", file=sys.stderr)
        return False
    return True


def _end(summary: Mapping[str, Any], baseline: str, folder: Path, drawn_all: bool) -> None:
    """Say which policies failed, and end with a status that is not 0 if any did or something could not be written."""
    failed = summary["failed"]
    if baseline != summary["baseline"]:
        print(f"The baseline {baseline} is among the missing: compared with {summary['baseline']}.", file=sys.stderr)
    if INTERRUPTED in failed.values():
        left = f"{folder} holds the policies that were finished"
        raise KeyboardInterrupt(f"{left}; driftrec compare --resume {folder} goes on")
    for label, why in failed.items():
        kept = summary["policies"].get(label, {}).get("training_seeds")
        left = f"is left out but for training seeds {kept}" if kept else "is left out"
        print(f"{label} failed and {left}: {why}", file=sys.stderr)
    if failed or not drawn_all:
        raise SystemExit(1)


def served(
    setup: Setup,
    entries: Sequence[Entry],
    *,
    users: int,
    seed: int,
    baseline: str,
    log: ComparisonLog | None = None,
    kept_in: SnapshotFolder | None = None,
    engine: Engine | None = None,
) -> Results:
    """``compare`` with a progress bar, or with a line a policy where the output is not a terminal."""
    rollouts = sum(len(entry.policies) for entry in entries)
    with tqdm(total=rollouts * setup.horizon, unit="step", disable=not sys.stderr.isatty()) as bar:

        def on_policy(label: str) -> None:
            bar.set_postfix_str(label)
            if bar.disable:
                print(f"Serving {users:,} users with {label}", flush=True)

        def tick() -> None:
            bar.update()

        told: Any = {"on_policy": on_policy, "tick": tick, "log": log, "kept_in": kept_in, "engine": engine}
        return compare(setup, entries, users=users, seed=seed, baseline=baseline, **told)


def notes_on_runs(setup: Setup, policies: Sequence[str]) -> Iterator[str]:
    """What is to be known of the runs behind ``policies``, in sentences."""
    trained = list(filterfalse(is_tuned, training_runs(policies, OF_RUNS)))
    notes = [other_world(setup.args, run) for run in trained] + [nothing_learned(run) for run in trained]
    notes += [tuned_elsewhere(setup, run) for run in filter(is_tuned, training_runs(policies, TUNABLE))]
    return chain.from_iterable(notes)


def training_runs(policies: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Run folders of the policies among ``policies`` that are of these kinds, each once."""
    names = [_served(name) for text in policies for name in parse_entry(text)[1]]
    runs = [run for head, _, run in (name.partition(":") for name in names) if head in kinds and run]
    return list(dict.fromkeys(runs))


def _served(name: str) -> str:
    """The policy that ``epsilon:SHARE:POLICY`` serves besides chance; others are themselves."""
    head, _, rest = name.partition(":")
    return _served(rest.partition(":")[2]) if head == "epsilon" else name


def curve_runs(policies: Sequence[str]) -> list[str]:
    """Run folders of the first PPO policy, whose training is drawn; other trainings may not bear comparison with it."""
    of_each = (training_runs([text], ("ppo", "ppo-sampled")) for text in policies)
    return next((runs for runs in of_each if runs), [])


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("compare")
