"""Users' own modules: imported only when they are named, from the current directory first, as ``python -m`` does."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from driftrec.agents.policy import Context, Policy, failed


def import_own(module: str, what: str) -> ModuleType:
    """Import a module of the user's.

    Args:
        module: Its dotted name.
        what: What it is imported for, such as "policy 'mine:Best'".

    Raises:
        ImportError: If it cannot be imported, for whatever reason; the cause is in the message.
    """
    look_here()
    try:
        return importlib.import_module(module)
    except Exception as error:  # whatever a user's module raises
        raise ImportError(f"Cannot import {what}: {type(error).__name__}: {error}") from error


def look_here() -> None:
    """Let modules in the current directory be found."""
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)


def build_own(module: str, attribute: str, context: Context) -> Policy:
    """Import ``module``, call its ``attribute`` with the context, and check that the result is a policy.

    Raises:
        PolicyError: If the user's code raises while it builds the policy.
        ImportError: If the module cannot be imported or has no such attribute.
        TypeError: If the attribute cannot be called with the context alone, or the result lacks ``reset`` or ``act``.
    """
    name = f"{module}:{attribute}"
    factory = _attribute(module, attribute)
    _check_call(name, attribute, factory, context)
    try:
        policy = factory(context)
    except Exception as error:
        raise failed(name, "__init__", error) from error
    missing = [method for method in ("reset", "act") if not callable(getattr(policy, method, None))]
    if missing:
        lacking = " and ".join(f"{method}()" for method in missing)
        raise TypeError(f"Policy {name!r} lacks {lacking}; see driftrec.agents.policy.Policy.")
    return policy


def _check_call(name: str, attribute: str, factory: Callable[[Context], Any], context: Context) -> None:
    """Raise TypeError unless ``factory(context)`` fits what can be known of the arguments."""
    try:
        inspect.signature(factory).bind(context)
    except ValueError:  # written in C, it does not say what it takes
        return
    except TypeError as error:
        raise TypeError(
            f"Policy {name!r} is built as {attribute}(context), which does not fit: {error}. "
            "Give the class a method __init__(self, context)."
        ) from error


def _attribute(module: str, attribute: str) -> Callable[[Context], Any]:
    """The attribute of the module; errors as of ``build_own``."""
    name = f"{module}:{attribute}"
    loaded = import_own(module, f"policy {name!r}")
    if not hasattr(loaded, attribute):
        raise ImportError(f"Cannot import policy {name!r}: module {module!r} has no {attribute!r}.")
    return getattr(loaded, attribute)
