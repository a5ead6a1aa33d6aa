"""Plots as SVG that can stand inside a page, several of them, without asking the network for anything."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from driftrec.agents.evaluation.summary import Results
from driftrec.agents.plots.output import Output
from driftrec.agents.plots.plots import draw_all, one_warning_of_glyphs

SVG = Output("svg")

CAPTIONS = {
    "engagement_per_policy": "Mean engagement of every policy, with its interval",
    "engagement_over_steps": "Engagement by step",
    "retention": "Users who are still there, by step",
    "behaviour": "What policies do to their audience, by step",
    "interest_journey": "One user's interests, by step",
    "training_curve": "Training",
}
"""Of plots by name; of others it is the name."""


@dataclass(frozen=True)
class InlinePlot:
    """A plot.

    Attributes:
        name: As of its file.
        caption: What it shows.
        svg: The element, ids of its own.
    """

    name: str
    caption: str
    svg: str


def inline_plots(results: Results, curve: pd.DataFrame | None, key: str) -> list[InlinePlot]:
    """Every plot of a comparison; ``key`` is before their ids, letters and digits that begin with a letter."""
    with SVG.drawing(), one_warning_of_glyphs():
        drawn = draw_all(results, curve=curve)
        return [
            InlinePlot(
                name, (caption := CAPTIONS.get(name, name.replace("_", " "))), as_svg(figure, key, name, caption)
            )
            for name, figure in drawn.items()
            if figure is not None
        ]


def as_svg(figure: Figure, key: str, name: str, caption: str) -> str:
    """A figure as an element, with ``key`` and ``name`` before every id; ``caption`` is what screen readers say."""
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    text = written.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    before = f"{key}-{name}-"
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))

    def own_id(found: re.Match[str]) -> str:
        """An id that something refers to; Matplotlib gives many that nothing does, such as names of topics, twice."""
        return f'{found[1]} id="{before}{found[2]}"' if found[2] in used else found[1]

    text = re.sub(r'(<[^<>]*?) id="([^"]*)"', own_id, text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{before}", text)
    # Its size in points would not shrink with the page; the view box does.
    return re.sub(r'<svg ([^>]*?)width="[^"]*"', rf'<svg role="img" aria-label="{caption}" \1', text, count=1)
