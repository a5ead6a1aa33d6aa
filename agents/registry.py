"""Policies by name: the built-in ones, those made from an argument such as a run folder, the user's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from driftrec.agents.baselines import Content, EpsilonContent, LinUCB, Popular, Random
from driftrec.agents.policy import Context, Policy, failed
from driftrec.simulators.imports import imported
from driftrec.simulators.settings import nearest

Factory = Callable[[Context], Policy]
Loader = Callable[[Context, str], Policy]

POLICIES: Mapping[str, Factory] = {
    "random": Random,
    "popular": Popular,
    "content": Content,
    "epsilon-content": EpsilonContent,
    "linucb": LinUCB,
}
"""Policies that need nothing but the context, by name."""

LOADERS: Mapping[str, Loader] = {}
"""Policies that need an argument, by the part of the name before the colon."""


@dataclass(frozen=True)
class Known:
    """The policies that a world knows by name, see ``build_policy``."""

    policies: Mapping[str, Factory]
    loaders: Mapping[str, Loader]


def build_policy(
    name: str,
    context: Context,
    policies: Mapping[str, Factory] = POLICIES,
    loaders: Mapping[str, Loader] = LOADERS,
) -> Policy:
    """Build the policy that ``name`` stands for.

    Args:
        name: A key of ``policies`` ("random"), a key of ``loaders`` with its argument ("ppo:runs/7"), or a
            class of the user's own as "package.module:Class", built as ``Class(context)``. Modules in
            the current directory are found.
        context: What is known before the first user arrives.
        policies: Called with the context. Extend with ``{**POLICIES, "planner": ...}``.
        loaders: Called with the context and the argument.

    Raises:
        ValueError: If no policy has that name, or an argument is missing or too much.
        ImportError: If the user's class cannot be imported; the cause is in the message, and the nearest known name
            where there is no such module.

        TypeError: If the user's object lacks a method of ``Policy``.
    """
    head, _, argument = name.partition(":")
    known = {*policies, *loaders}
    if name in policies:
        return policies[name](context)
    if head in loaders:
        if not argument:
            raise ValueError(f"Policy {head!r} needs an argument: write {head}:ARGUMENT.")
        return loaders[head](context, argument)
    if head in policies:
        raise ValueError(f"Policy {head!r} takes no argument, but {argument!r} was given; write {head}.")
    if not head or not argument.isidentifier():
        raise ValueError(f"Unknown policy {name!r}. {_advice(head, known)} Or your own: package.module:Class.")
    return build_own(head, argument, context, _advice(head, known))


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


def _advice(head: str, known: Iterable[str]) -> str:
    """The nearest of the known names, or how to separate several."""
    return "Separate policies with spaces, not commas." if "," in head else nearest(head, known)
