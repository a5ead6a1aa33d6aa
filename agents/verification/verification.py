"""Our worlds against the figures of the originals: which there are, and the table that they make."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from driftrec.agents.figures import figures
from driftrec.agents.figures.figures import BOUND, Figure, FigureTable, Measurement
from driftrec.agents.worlds.kits import KITS
from driftrec.simulators.extras import install
from driftrec.simulators.imports import import_own
from driftrec.simulators.published.sardine_items import PACKAGED, packaged_file
from driftrec.simulators.settings import nearest

Report = Callable[[str], None]

Columns = Mapping[str, Callable[[Any], str]]
"""What a reader is shown of a row of a frame, by heading."""


@dataclass(frozen=True)
class Part:
    """One table of a verification.

    Attributes:
        name: Of its file.
        title: Its heading.
        frame: The rows for a file, numbers as they are.
        columns: What a reader is shown of a row, by heading.
        about: What is to be said of the whole.
        agrees: Whether nothing is beyond its bound.
    """

    name: str
    title: str
    frame: pd.DataFrame
    columns: Columns
    about: str
    agrees: bool

    def text(self) -> pd.DataFrame:
        """The rows for a reader."""
        return pd.DataFrame(
            {title: [show(row) for row in self.frame.itertuples()] for title, show in self.columns.items()}
        )


COLUMNS: Columns = {
    "world": lambda row: row.world,
    "setting": lambda row: row.setting,
    "policy": lambda row: row.policy,
    "theirs": lambda row: _mean(row.theirs, row.their_error),
    "source": lambda row: row.source,
    "ours": lambda row: _mean(row.ours, row.our_error),
    "z": lambda row: f"{row.z:+.2f}",
    f"within {BOUND:g} SE": lambda row: "yes" if row.agrees else "NO",
}


def tables() -> tuple[FigureTable, ...]:
    """The tables of figures of all kits that are known by now, each once."""
    return tuple(dict.fromkeys(kit.figures for kit in KITS.values() if kit.figures is not None))


def measured_worlds() -> tuple[str, ...]:
    """Names of all worlds with figures, such as "Sardine-SlateTopK-Bored"."""
    return tuple(dict.fromkeys(figure.name for table in tables() for figure in table.FIGURES))


def figure_name(world: str) -> str:
    """What ``world`` is called in the tables, of "package.module:Name" too, whose module is imported for its kit.

    Raises:
        ImportError: If the module cannot be imported.
    """
    module, _, name = world.rpartition(":")
    if module:
        import_own(f"world {world!r}", module)
    return name.removeprefix("driftrec/").removesuffix("-v0")


def measurable(worlds: Sequence[str]) -> tuple[list[str], str]:
    """Those of ``worlds`` whose figures can be measured here, and what is left out, "" for nothing.

    SARDINE's figures belong to the items of its package, which need not be installed.

    Raises:
        ValueError: If there is none, or a name is unknown.
        ModuleNotFoundError: If all need the package.
    """
    known = measured_worlds()
    if not worlds:
        raise ValueError(f"No worlds to verify; name some, such as {known[0]}.")
    for name in worlds:
        if name not in known:
            raise ValueError(f"World {name!r} has no figures. {nearest(name, known)}")
    missing = any(packaged_file(file) is None for file in PACKAGED.values())
    packaged = {f.name for table in tables() for f in table.FIGURES if f.settings.get("embeddings") == "packaged"}
    left = [name for name in worlds if missing and name in packaged]
    why = f"the figures belong to the items of sardine-rec, which is not installed; {install('peers')}"
    if len(left) == len(worlds):
        raise ModuleNotFoundError(f"{', '.join(left)}: {why}, or choose other --worlds.")
    return [name for name in worlds if name not in left], f"Left out: {', '.join(left)}: {why}." if left else ""


def verify(worlds: Sequence[str], episodes: int, seed: int, report: Report = lambda line: None) -> Part:
    """Measure the figures of ``worlds``.

    Args:
        worlds: Of ``measured_worlds``, at least one.
        episodes: Of ours; where a figure comes from more, as many as that.
        seed: Source of users and of the policies' random numbers.
        report: Called with a line after every figure.
    """
    rows = []
    for table in tables():
        for theirs in [figure for figure in table.FIGURES if figure.name in worlds]:
            ours = figures.measure(theirs, table.POLICIES, max(episodes, theirs.episodes), seed)
            report(f"{theirs.name}, {theirs.policy}: {_mean(theirs.mean, theirs.standard_error)}, ours {ours.mean:.2f}")
            rows.append(_row(theirs, ours))
    frame = pd.DataFrame(rows)
    about = _about(frame.z.abs(), int(frame.agrees.sum()))
    return Part("verify", "Figures of the originals, and ours", frame, COLUMNS, about, bool(frame.agrees.all()))


def _row(theirs: Figure, ours: Measurement) -> dict[str, Any]:
    """A line of the file, with the setting in words."""
    # The items are the packaged ones in all rows of SARDINE.
    setting = {name: value for name, value in theirs.settings.items() if name != "embeddings"}
    return {
        "world": theirs.name,
        "setting": json.dumps(setting).strip("{}").replace('"', ""),
        "policy": theirs.policy,
        "their_episodes": theirs.episodes,
        "theirs": theirs.mean,
        "their_error": theirs.standard_error,
        "source": theirs.source,
        "our_episodes": ours.episodes,
        "ours": ours.mean,
        "our_error": ours.standard_error,
        "z": ours.z,
        "agrees": ours.agrees,
    }


def _about(distances: pd.Series[float], agree: int) -> str:
    return (
        f"{agree} of {len(distances)} rows are within {BOUND:g} standard errors of both figures "
        f"combined (±: one standard error). The farthest is {distances.max():.2f} off, and "
        f"{(distances > 2).sum()} are beyond 2. Chance alone puts 0.27 % of rows beyond 3 and "
        "4.6 % beyond 2. An error that was not given is that of our spread at their episodes."
    )


def _mean(mean: float, standard_error: float | None) -> str:
    return f"{mean:.2f}" + ("" if pd.isna(standard_error) else f" ± {standard_error:.2f}")
