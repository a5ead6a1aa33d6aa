"""Range checks shared by the mechanisms' parameters."""

from __future__ import annotations

from typing import Any


def check_ranges(settings: Any, **ranges: tuple[float, float]) -> None:
    """Raise ValueError unless every named field of ``settings`` lies within its closed range.

    Args:
        settings: A dataclass instance.
        **ranges: Field name to (lowest, highest).
    """
    for name, (low, high) in ranges.items():
        value = getattr(settings, name)
        if not low <= value <= high:
            raise ValueError(f"{type(settings).__name__}.{name} is {value}; it must be between {low:g} and {high:g}.")
