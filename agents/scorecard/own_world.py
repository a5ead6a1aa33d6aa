"""The world in which policies are scored where none is named: that of their runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from driftrec.agents.comparison.entries import parse_entry
from driftrec.agents.known import OF_RUNS, TUNABLE
from driftrec.agents.runs.checkpoint import read_config
from driftrec.agents.runs.tuned import is_tuned, tuned, tuned_in
from driftrec.agents.setup import NEWS, WorldArgs


def world_of(args: WorldArgs, policies: Sequence[str]) -> WorldArgs:
    """``args`` where they name a world; else those of the runs among the policies, or of News where there are none.

    What ``args`` say besides, sizes or settings, wins over what a run says.

    Raises:
        ValueError: If runs are of several worlds.
        FileNotFoundError: If a run holds nothing.
    """
    own = {field.name: getattr(args, field.name) for field in fields(WorldArgs)}
    if args.world:
        return WorldArgs(**own)
    found = {run: _trained_in(run) for run in _runs(policies)}
    worlds = {there.world: run for run, there in found.items()}
    if len(worlds) > 1:
        told = " and ".join(f"{run} in {world}" for world, run in worlds.items())
        raise ValueError(f"The runs were made in several worlds: {told}. Score them apart, or say --world.")
    usual = WorldArgs()
    given = {name: value for name, value in own.items() if name != "world" and value != getattr(usual, name)}
    return replace(next(iter(found.values()), WorldArgs(NEWS)), **given)


def _runs(policies: Sequence[str]) -> list[str]:
    """Run folders behind the policies."""
    named = [name.partition(":") for text in policies for name in parse_entry(text)[1]]
    return [run for head, _, run in named if head in (*OF_RUNS, *TUNABLE) and run]


def _trained_in(run: str) -> WorldArgs:
    """The world that a run was trained or tuned in."""
    if is_tuned(run):
        tuned(run)  # whose errors say what is damaged
        return tuned_in(run) or WorldArgs()
    return WorldArgs(**read_config(run)["world"])
