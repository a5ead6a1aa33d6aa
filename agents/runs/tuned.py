"""What ``driftrec tune`` found, in its run folder."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from driftrec.agents.known import KNOWN, TUNABLE
from driftrec.agents.runs.description import differences
from driftrec.agents.setup import Setup, WorldArgs
from driftrec.simulators.files import parsed_object
from driftrec.simulators.settings import nearest

Parameters = Mapping[str, float]

BEST_FILE = "best.json"
"""In the run folder of ``driftrec tune``: the policy's name, and under "best" its parameters."""


def check_tunable(name: str) -> str:
    """Which of ``TUNABLE`` ``name`` ("linucb", "mmr:RUN") is.

    Raises:
        ValueError: If it has nothing to tune; the message gives the nearest that has.
    """
    head = name.partition(":")[0]
    if head not in TUNABLE:
        raise ValueError(f"Policy {name!r} has no parameters to tune. {nearest(head, TUNABLE)}")
    return head


def is_tuned(run: str) -> bool:
    """Whether ``run`` is a folder of ``driftrec tune``."""
    return (Path(run) / BEST_FILE).is_file()


def tuned(run: str) -> tuple[str, dict[str, float]]:
    """What was tuned in a run folder, and the best parameters.

    Raises:
        FileNotFoundError: If it holds nothing tuned.
        ValueError: If the file is damaged.
    """
    with _reading(run) as found:
        name = str(found["policy"])
        return name, {key: _number(key, found["best"][key]) for key in KNOWN[check_tunable(name)].tunable}


def tuned_in(run: str) -> WorldArgs | None:
    """The world that a run of ``driftrec tune`` was made in; None of earlier versions. Errors as of ``tuned``."""
    with _reading(run) as found:
        return WorldArgs(**found["world"]) if "world" in found else None


@contextmanager
def _reading(run: str) -> Iterator[dict[str, Any]]:
    """What a run found; what is missing or of another kind inside ``with`` is told as damage of the file."""
    file = Path(run) / BEST_FILE
    if not file.is_file():
        raise FileNotFoundError(f"{run} holds nothing tuned: it has no {BEST_FILE}. Make it with: driftrec tune")
    try:
        yield parsed_object(file.read_bytes())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file} is damaged ({error!r}); tune again with: driftrec tune") from error


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}, no finite number")
    return value


def tuned_elsewhere(setup: Setup, run: str) -> list[str]:
    """Notes on how the world that a run of ``driftrec tune`` was made in differs from that of ``setup``.

    Other items are no error, as they are to what was trained with them. Errors as of ``tuned``.
    """
    tuned(run)
    with _reading(run) as found:
        then, now = dict(found.get("fingerprints", {})), setup.fingerprints()  # earlier versions kept neither
        others = [f"another {what}" for what in then if then[what] != now.get(what)]
    told = [*others, *differences(tuned_in(run) or setup.args, setup.args)]
    return [f"Note: {run} was tuned with {difference}." for difference in told]
