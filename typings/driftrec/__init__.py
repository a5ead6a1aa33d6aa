"""Reinforcement learning for recommendation to users whose interests drift, tire, leave and return.

The code is in ``driftrec.simulators``, ``driftrec.envs``, ``driftrec.agents`` and ``driftrec.scripts``, each imported
when it is first asked for. ``import driftrec.envs`` registers the environments with gymnasium.
"""

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

_PARTS = ("agents", "envs", "scripts", "simulators")


def __getattr__(name: str) -> ModuleType:
    """The part ``name``, imported now."""
    if name in _PARTS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; its parts are {', '.join(_PARTS)}.")


def __dir__() -> list[str]:
    """The parts, imported or not, beside what every module has."""
    return sorted({*_PARTS, *(name for name in globals() if name.startswith("__"))})
