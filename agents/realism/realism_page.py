"""The realism report as files: ``realism.json``, and ``realism.html``, one page that asks the network nothing."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from driftrec.agents.evaluation.tables import number_and_ends
from driftrec.agents.realism.distances import Difference
from driftrec.agents.realism.realism import Realism
from driftrec.agents.realism.realism_plot import realism_figure, similarity_figure
from driftrec.agents.realism.words import not_trusted, trusted
from driftrec.agents.report.inline_plots import SVG, InlinePlot, as_svg
from driftrec.agents.report.page import rendered
from driftrec.simulators.files import write_files

JSON_FILE, PAGE_FILE = "realism.json", "realism.html"


@dataclass(frozen=True)
class TextGrid:
    """A table of texts.

    Attributes:
        caption: What it is.
        heads: Of the columns.
        rows: Texts, the first of each its name.
        notes: What the numbers are.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def write_realism(folder: Path, realism: Realism, told: dict[str, Any]) -> None:
    """Write both files.

    Args:
        folder: Is there.
        realism: What to write.
        told: Where the world is from, for the page's heading: ``log``, ``seed``.
    """
    text = json.dumps(realism_as_json(realism, told), indent=1, allow_nan=False)
    page = realism_page(realism, told)
    write_files({folder / JSON_FILE: text.encode(), folder / PAGE_FILE: page.encode()})


def realism_as_json(realism: Realism, told: dict[str, Any]) -> dict[str, Any]:
    """All figures, NaN as None."""
    found = {
        "told": told,
        "users": realism.users,
        "of_users": realism.of_users,
        "exposure_replayed": realism.replayed,
        "visits_fitted_to_others": realism.apart,
        "trusted": trusted(realism),
        "not_trusted": not_trusted(realism),
        "differences": [{**asdict(each), "inside": each.inside} for each in realism.differences],
        "similarity": realism.similarity.to_dict("records"),
        "told_apart": {name: asdict(each) for name, each in realism.told_apart.items()},
        "against": realism.against.to_dict("records"),
        "mechanisms": realism.mechanisms.to_dict("records"),
        "notes": realism.notes,
    }
    plain: dict[str, Any] = _plain(found)
    return plain


def realism_page(realism: Realism, told: dict[str, Any]) -> str:
    """The page."""
    with SVG.drawing():
        plots = [
            _plot(
                "curves", "The log with its 95 % band over users, and the world", realism_figure(realism.differences)
            ),
            _plot("similarity", "Similarity between sessions", similarity_figure(realism.similarity)),
        ]
    return rendered(
        "realism.html",
        told=told,
        how=_how(realism),
        trusted=trusted(realism),
        not_trusted=not_trusted(realism),
        tables=[_of_differences(realism), _of_classifiers(realism), _of_baselines(realism), _of_mechanisms(realism)],
        plots=plots,
        notes=realism.notes,
    )


def _plot(name: str, caption: str, figure: Any) -> InlinePlot:
    return InlinePlot(name, caption, as_svg(figure, "realism", name, caption))


def _how(realism: Realism) -> str:
    """What was done, in a sentence."""
    shown = (
        "were shown what those were shown, slate by slate"
        if realism.replayed
        else "took one item after the other from all there are, for the log does not tell what was passed over"
    )
    return f"{realism.users:,} of the log's {realism.of_users:,} users lived again in the world: they {shown}."


def _of_differences(realism: Realism) -> TextGrid:
    rows = []
    for each in realism.differences:
        ends = _ends(each.distance, each.distance_low, each.distance_high)
        rows.append([each.name, *_values(each), ends, f"{each.band:.3f}", "inside" if each.inside else "fails"])
    notes = [
        "distance: the largest difference of the two curves, of shares up to a value where it is a distribution",
        "band: within which two draws of as many of the log's users lie 95 times of 100",
        "[low, high]: 95 % percentile interval, users drawn with replacement, the same in both",
    ]
    heads = ["", "log", "world", "distance", "band", ""]
    return TextGrid("Real against simulated", heads, rows, notes)


def _values(each: Difference) -> tuple[str, str]:
    """Of one number; nothing of a curve."""
    return ("", "") if each.of else (f"{each.real[0]:.3f}", f"{each.simulated[0]:.3f}")


def _of_classifiers(realism: Realism) -> TextGrid:
    rows = []
    for name, found in realism.told_apart.items():
        seen = [f"{what} ({lost:.3f})" for what, lost in list(found.looked_at.items())[:3]]
        rows.append([name, _ends(found.auc, found.low, found.high), ", ".join(seen)])
    notes = ["AUC of a classifier of sessions, 0.5 where it cannot tell; in brackets what it loses without"]
    heads = ["world", "AUC", "what it looked at"]
    return TextGrid("Can simulated sessions be told from real ones?", heads, rows, notes)


def _of_baselines(realism: Realism) -> TextGrid:
    rows = [
        [row["baseline"], f"{row['log_likelihood']:.4f}", f"{row['ours']:.4f}", _gain(row, ""), _gain(row, "shuffled_")]
        for row in realism.against.to_dict("records")
    ]
    notes = ["shuffled: both models fitted to, and tested on, the log with each session's events in random order"]
    heads = ["baseline", "log-likelihood", "world", "gain", "gain, shuffled"]
    return TextGrid("Log-likelihood a held-out event", heads, rows, notes)


def _of_mechanisms(realism: Realism) -> TextGrid:
    rows = [
        [
            row["mechanism"],
            _ends(row["gain"], row["low"], row["high"]),
            _ends(row["shuffled_gain"], row["shuffled_low"], row["shuffled_high"]) if row["kept"] else "",
            "kept" if row["kept"] else "left out",
        ]
        for row in realism.mechanisms.to_dict("records")
    ]
    heads = ["mechanism", "loss", "loss, shuffled", ""]
    notes = ["shuffled: the world fitted to the log with each session's events in random order, with and without"]
    return TextGrid("What a slate of the validation part loses without", heads, rows, notes)


def _gain(row: Mapping[Hashable, Any], prefix: str) -> str:
    return _ends(*(row[f"{prefix}{name}"] for name in ("gain", "gain_low", "gain_high")))


def _ends(value: float, low: float, high: float) -> str:
    """A number with its interval."""
    return " ".join(number_and_ends({"mean": value, "low": low, "high": high}, ".3f"))


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return None if isinstance(value, float) and pd.isna(value) else value
