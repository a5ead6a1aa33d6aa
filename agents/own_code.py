"""Policies of the user's own, imported only when they are named.

Imports of agents: policy.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from driftrec.agents.policy import Context, Policy, failed
from driftrec.simulators.imports import imported


def build_own(module: str, attribute: str, context: Context, advice: str = "") -> Policy:
    """Import ``module``, call its ``attribute`` with the context, and check that the result is a policy.

    Where there is no such module, the message ends with ``advice``.

    Raises:
        PolicyError: If the user's code raises while it builds the policy.
        ImportError: If the module cannot be imported or has no such attribute.
        TypeError: If the attribute cannot be called with the context alone, or the result lacks ``reset`` or ``act``.
    """
    name = f"{module}:{attribute}"
    factory = imported(f"policy {name!r}", module, attribute, advice)
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
