"""Policies of the user's own, imported only when they are named.

Imports of agents: policy, own_parameters.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from driftrec.agents.own_parameters import parsed, typed
from driftrec.agents.policy import Context, Policy, failed
from driftrec.simulators.imports import imported


def build_own(module: str, attribute: str, context: Context, advice: str = "", query: str = "") -> Policy:
    """Import ``module``, call its ``attribute`` with the context, and check that the result is a policy.

    Where there is no such module, the message ends with ``advice``.

    Args:
        module: Dotted path.
        attribute: Class or function.
        context: Its first argument.
        advice: A sentence.
        query: Its other arguments by name, "weights=file&temper=2", see ``own_parameters``.

    Raises:
        PolicyError: If the user's code raises while it builds the policy.
        ImportError: If the module cannot be imported or has no such attribute.
        TypeError: If the attribute cannot be called with these arguments, or the result lacks ``reset`` or ``act``.
        ValueError: If it has no parameter of a name that is given, or a value is of another type.
    """
    name = f"{module}:{attribute}"
    given = parsed(name, query) if query else {}
    factory = imported(f"policy {name!r}", module, attribute, advice)
    arguments = typed(name, factory, given)
    _check_call(name, attribute, factory, context, arguments)
    try:
        policy = factory(context, **arguments)
    except Exception as error:
        raise failed(name, "__init__", error) from error
    missing = [method for method in ("reset", "act") if not callable(getattr(policy, method, None))]
    if missing:
        lacking = " and ".join(f"{method}()" for method in missing)
        raise TypeError(f"Policy {name!r} lacks {lacking}; see driftrec.agents.policy.Policy.")
    return policy


def _check_call(
    name: str, attribute: str, factory: Callable[..., Any], context: Context, arguments: Mapping[str, Any]
) -> None:
    """Raise TypeError unless ``factory(context, **arguments)`` fits what can be known of the arguments."""
    try:
        inspect.signature(factory).bind(context, **arguments)
    except ValueError:  # written in C, it does not say what it takes
        return
    except TypeError as error:
        call = ", ".join(["context", *(f"{key}=..." for key in arguments)])
        raise TypeError(
            f"Policy {name!r} is built as {attribute}({call}), which does not fit: {error}. Give the class a method "
            f"__init__(self, context), and write what else it needs as {name}?name=value."
        ) from error
