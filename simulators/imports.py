"""Classes of the user's own by name: nothing is imported before somebody names it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any


def import_own(what: str, module: str, advice: str = "") -> ModuleType:
    """Import a module of the user's, found as ``python -m`` finds it: in the current directory first.

    Args:
        what: What it is for, with its name, for messages.
        module: Dotted path.
        advice: A sentence for those whose module does not exist.

    Raises:
        ImportError: If there is no such module, or it fails; the cause is in the message.
    """
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        raise ImportError(f"Cannot import {what}: there is no module {module!r}. {advice}".rstrip())
    try:
        return importlib.import_module(module)
    except Exception as error:  # whatever a user's module raises
        raise ImportError(f"Cannot import {what}: {type(error).__name__}: {error}") from error


def imported(what: str, module: str, attribute: str, advice: str = "") -> Any:
    """The ``attribute`` of a module of the user's; ImportError also if it has none, else all as of ``import_own``."""
    loaded = import_own(what, module, advice)
    if not hasattr(loaded, attribute):
        raise ImportError(f"Cannot import {what}: module {module!r} has no {attribute!r}.")
    return getattr(loaded, attribute)
