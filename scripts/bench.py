"""How fast and how large: environment, scenarios, peers, training, latency, encoding, audiences, sharing, memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.benchmarks.measure import PEERS, QUICK, Row, Workload
from driftrec.agents.benchmarks.suite import (
    PEER_SECTIONS,
    SECTIONS,
    WORLD_SECTIONS,
    run_benchmarks,
    table,
    to_json,
)
from driftrec.agents.setup import NEWS
from driftrec.simulators.files import write_text


@dataclass(frozen=True)
class Args:
    """How fast and how large."""

    sections: tuple[str, ...] | None = None
    """Benchmarks to run, in the order given, any of environment, scenarios, peers, training, latency, encoding,
    audience, sharing, memory, published, sizes and published-training; the first nine when omitted. Not together
    with --peers."""
    peers: bool = False
    """Run published, sizes and published-training and nothing else, with fewer repeats: the published worlds beside
    their originals. RecSim's figures are quoted, SARDINE needs the extra peers."""
    world: str = NEWS
    """Environment id of a world whose steps, training, latency and memory are measured; sections are of the news when
    omitted."""
    quick: bool = False
    """See only that everything works; the figures mean nothing."""
    out: Path | None = None
    """JSON file to write; none when omitted."""


def main(args: Args) -> None:
    """Measure, print the table, write the JSON.

    Raises:
        ValueError: If a section or the world is unknown, or both ``sections`` and ``peers`` are given.
        FileNotFoundError: If the folder of ``out`` does not exist.
    """
    if args.out is not None and not args.out.resolve().parent.is_dir():
        raise FileNotFoundError(f"--out {args.out}: its folder does not exist; make it first.")

    if args.peers and args.sections is not None:
        raise ValueError(
            "--peers and --sections are both given; each says which benchmarks run. Leave one of them out."
        )
    usual = PEER_SECTIONS if args.peers else SECTIONS if args.world == NEWS else WORLD_SECTIONS

    def report(row: Row) -> None:
        print(f"{row.section}: {row.name}" + (f" ({row.note})" if row.value is None else ""), flush=True)

    effort = QUICK if args.quick else PEERS if args.peers else Workload()
    results = run_benchmarks(args.sections or usual, effort, world=args.world, report=report)
    print(f"\n{table(results)}")
    if args.out is not None:
        write_text(args.out, to_json(results))
        print(f"Written to {args.out}.")


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("bench")
