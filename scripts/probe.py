"""What representations of a world's texts say of its hidden truth: linear probes on held-out items, and what they cost.

The language models are those that packages carry; smollm2 needs the extra llm and is left out where it is missing.
Vectors come through the embedding cache; speed and memory are measured past it, in a process a model.

With --encoders, which encoder of the user tells best what users do: log-loss of choices and error of the engagement on
logs of users that none was fitted to.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.benchmarks.encoder_probe import (
    ProbeLogs,
    encoder_table,
    encoders_of,
    probe_encoders,
    write_encoders,
)
from driftrec.agents.benchmarks.probe import KNOWN, MODELS, probe, probe_table, subtopic_score, with_cost, write_probes
from driftrec.agents.benchmarks.suite import machine
from driftrec.agents.setup import WorldArgs, make_env, set_up
from driftrec.simulators.settings import nearest


@dataclass(frozen=True)
class Args(WorldArgs):
    """What representations of a world's texts say of its hidden truth."""

    representations: tuple[str, ...] | None = None
    """Which of minilm, smollm2-last, smollm2-mean, smollm2-word-last, smollm2-word-mean, hashing, random, ids and
    latents; when omitted all that are installed."""
    items: int = 2000
    """Items at most, drawn from the seed; a decoder reads some ten a second."""
    seed: int = 0
    """Of the items drawn, of the folds and of random vectors."""
    timed: int = 64
    """Texts that are encoded to measure speed and memory, twice; 0 measures neither."""
    encoders: tuple[str, ...] | None = None
    """Probe encoders of the user in place of representations: of fading, belief, recurrent, transformer, told-fading
    and told-recurrent, compared with the first; all where none is named."""
    users: int = ProbeLogs.users
    """Users side by side of each log that encoders are fitted to, and as many others of each that judges."""
    steps: int = ProbeLogs.steps
    """Steps of each of them."""
    epochs: int = ProbeLogs.epochs
    """Passes over those logs."""
    out: Path | None = None
    """Folder of probe.md and probe.json, of encoders encoders.md and encoders.json; none when omitted."""


def main(args: Args) -> None:
    """Probe, print the table, write it.

    Raises:
        ValueError: If the world has no texts, a representation is unknown, or there are too few items.
        FileNotFoundError: If a language model that was asked for by name is not installed.
    """
    if args.encoders is not None:
        _encoders(args)
        return
    for name in args.representations or ():
        if name not in KNOWN:
            raise ValueError(f"Representation {name!r} is unknown. {nearest(name, KNOWN)}")
    if args.items < 50:
        raise ValueError(f"--items is {args.items}; probes on fewer than 50 say nothing.")
    world = make_env(args).world
    catalogue, personas = world.catalogue, world.personas
    if catalogue is None or personas is None:
        raise ValueError(f"{args.world} has no texts to represent.")
    rows = np.sort(np.random.default_rng(args.seed).permutation(catalogue.num_items)[: args.items])
    found = []
    for name in args.representations or KNOWN:
        if args.representations is None and not _installed(name):
            continue
        print(name, flush=True)
        each = probe(name, catalogue, personas, rows, seed=args.seed)
        documents = catalogue.documents()
        found.append(with_cost(each, [documents[row] for row in rows[: args.timed]]) if args.timed else each)
    subtopics = subtopic_score(catalogue, rows, seed=args.seed)
    print(probe_table(found, subtopics))
    if args.out is not None:
        told = {"world": args.world, "items": len(rows), "personas": personas.num_personas, "seed": args.seed}
        write_probes(found, subtopics, {**told, "timed": args.timed, "machine": machine()}, args.out)
        print(f"Written to {args.out}.")


def _encoders(args: Args) -> None:
    """Probe encoders, print the table, write it."""
    report = partial(print, flush=True)
    logs = ProbeLogs(args.users, args.steps, args.epochs)
    setup = set_up(args)
    found = probe_encoders(setup, args.encoders or encoders_of(setup), logs, seed=args.seed, report=report)
    print(encoder_table(found))
    if args.out is not None:
        told = {"world": args.world, "seed": args.seed, **asdict(logs), "machine": machine()}
        write_encoders(found, told, args.out)
        print(f"Written to {args.out}.")


def _installed(name: str) -> bool:
    """Whether a representation is at hand; says what is missing."""
    try:
        if name in MODELS:
            MODELS[name]()
    except FileNotFoundError as error:
        print(f"Left out: {name}. {error}", flush=True)
        return False
    return True


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("probe")
