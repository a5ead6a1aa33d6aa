"""What plots are written as: file format, and looks for the screen or for print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.figure import Figure

from driftrec.simulators.files import replacing

Format = Literal["png", "svg", "pdf"]
Looks = Literal["screen", "paper"]

# Text stays text that can be searched, and letters are TrueType outlines, as publishers ask for (never Type 3).
_TEXT_AS_TEXT = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "driftrec"}

STYLES: Mapping[Looks, dict[Any, Any]] = {
    "screen": {**_TEXT_AS_TEXT, "savefig.dpi": 130},
    "paper": {
        **_TEXT_AS_TEXT,
        "savefig.dpi": 300,
        "font.family": ["STIXGeneral", "DejaVu Serif"],  # like Times, and both come with Matplotlib
        "mathtext.fontset": "stix",
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
    },
}
"""Matplotlib's settings by style."""

# Without a date the same tables give the same file.
_DATELESS: Mapping[Format, Mapping[str, None]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


@dataclass(frozen=True)
class Output:
    """What plots are written as.

    Attributes:
        form: File format, and the suffix.
        style: "screen", or "paper": a serif typeface, thin frames, and 300 dots an inch where the format has dots.
    """

    form: Format = "png"
    style: Looks = "screen"

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Figures made and saved inside ``with`` have the style."""
        with matplotlib.rc_context(STYLES[self.style]):
            yield

    def save(self, figure: Figure, file: Path) -> None:
        """Write or replace one figure, whole or not at all; call it inside ``drawing``."""
        with replacing(file) as part:
            figure.savefig(part, format=self.form, metadata=dict(_DATELESS[self.form]))
