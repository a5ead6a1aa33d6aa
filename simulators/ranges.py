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


def check_choices(settings: Any, **choices: tuple[str, ...]) -> None:
    """Raise ValueError unless every named field of ``settings`` is one of its choices.

    Args:
        settings: A dataclass instance.
        **choices: Field name to the values it may have.
    """
    for name, known in choices.items():
        value = getattr(settings, name)
        if value not in known:
            names = " or ".join(map(repr, known))
            raise ValueError(f"{type(settings).__name__}.{name} is {value!r}; it must be {names}.")
