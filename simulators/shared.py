"""Tables that never change: copies share them, and nobody can write to their arrays."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Self

import numpy as np


class Shared:
    """Base of a frozen dataclass that is large and the same for all who hold it.

    Its arrays are read-only. ``copy.deepcopy`` gives the table itself, and a pickled one is checked again and as
    read-only as it was.
    """

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                view = value.view()
                view.flags.writeable = False
                object.__setattr__(self, field.name, view)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
