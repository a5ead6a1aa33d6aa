"""Where networks compute: a device by its name, once it is known to be there."""

from __future__ import annotations

AUTO = "auto"
"""The first GPU where there is one, else the CPU."""


def usable(name: str) -> str:
    """The device of that name, as torch calls it; "cpu" loads no torch.

    Args:
        name: "cpu", "cuda", "cuda:1", another of torch's, or ``AUTO``.

    Raises:
        ValueError: If nothing can be computed there; names what is there.
    """
    if name == "cpu":
        return name
    import torch

    if name == AUTO:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.ones(1, device=name).sum().item()  # the only sure way: names of devices that are not there parse, too
    except (RuntimeError, AssertionError) as error:
        there = ", ".join(["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))])
        cause = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise ValueError(
            f"The device {name!r} cannot be used here ({cause:.200}). There is: {there}. Give --device one of these, "
            f"or {AUTO}."
        ) from error
    return name
