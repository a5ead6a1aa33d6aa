"""The page: sections of comparisons, set into ``page.html`` with its style and script. It asks the network nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from driftrec.agents.comparison.added import Compared, read_compared
from driftrec.agents.evaluation.curves import read_curves
from driftrec.agents.evaluation.tables import method
from driftrec.agents.report.beyond import beyond_accuracy, served_groups
from driftrec.agents.report.inline_plots import InlinePlot, inline_plots
from driftrec.agents.report.story import ToldStory, told_story
from driftrec.agents.report.views import Listing, improvements, measures

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Section:
    """One comparison on the page.

    Attributes:
        key: Before every id in it, so that none is twice on the page.
        title: The world.
        folder: Where the comparison is.
        method: What was compared and how, a line each.
        measures: The tables of the summary.
        plots: In their order.
        improvements: Probability of improvement between every two policies.
        beyond: Beyond accuracy, the tables that the comparison allows.
        lacks: What to do for tables that it does not allow, in words; empty where nothing is missing.
        story: One user's; None where the comparison has none.
        config: Settings and versions by name.
    """

    key: str
    title: str
    folder: str
    method: Sequence[str]
    measures: Sequence[Listing]
    plots: Sequence[InlinePlot]
    improvements: Listing
    beyond: Sequence[Listing]
    lacks: str
    story: ToldStory | None
    config: Sequence[tuple[str, str]]


def page(folders: Sequence[Path]) -> str:
    """One HTML file with the comparisons in ``folders``.

    Raises:
        FileNotFoundError: If a folder does not hold a comparison.
    """
    sections = [_section(f"run{number}", read_compared(folder)) for number, folder in enumerate(folders, 1)]
    script = (FOLDER / "story.js").read_text(encoding="utf-8")
    return rendered("page.html", sections=sections, script=script, script_hash=_hash(script))


def rendered(template: str, **told: object) -> str:
    """A template of this folder with its style, and with what it is ``told``.

    Names, titles and texts are escaped, whatever is in them; plots are ours and are not.
    """
    setting = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    return setting.get_template(template).render(style=style, **told)


def _section(key: str, compared: Compared) -> Section:
    """One comparison."""
    results, summary = compared.results, compared.results.summary
    lacks = "" if len(results.exposure) else "Exposure and the story are not in this comparison; run it again for them."
    return Section(
        key=key,
        title=summary["world"],
        folder=compared.folder.resolve().name,
        method=method(summary),
        measures=measures(summary),
        plots=inline_plots(results, read_curves([compared.folder]), key),
        improvements=improvements(results),
        beyond=[*beyond_accuracy(results), *served_groups(results)],
        lacks=lacks,
        story=told_story(results),
        config=[(name, _in_words(value)) for name, value in compared.config.items()],
    )


def _in_words(value: object) -> str:
    """A setting as it is shown."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _hash(script: str) -> str:
    """By which the page's policy knows its own script, and runs no other."""
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
