"""All that changes of an object while it runs, as a tree of names; and back into an object made in the same way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from torch import Tensor

Tree = Any
"""None, a number, a string, an array or a tensor; or a list or a dict by names of such."""

_LEAVES = (bool, int, float, str, np.ndarray, np.generic, Tensor)
_CODE = (type, FunctionType, MethodType, ModuleType)


def tree_of(value: Any) -> Tree:
    """``value`` with every object replaced by a dict of its attributes; arrays are shared, not copied.

    An object may name in ``CHANGING`` those that change, if others do not.

    Raises:
        TypeError: If it holds code, or an object without named attributes, such as a random generator.
    """
    if value is None or isinstance(value, _LEAVES):
        return value
    if isinstance(value, list | tuple):
        return [tree_of(each) for each in value]
    if isinstance(value, Mapping):
        return {name: tree_of(each) for name, each in value.items()}
    if isinstance(value, _CODE) or not hasattr(value, "__dict__"):
        raise TypeError(f"A {type(value).__name__} cannot be kept; let states be dataclasses of arrays and numbers.")
    return parts_of(value, getattr(value, "CHANGING", vars(value)))


def put_back(current: Any, tree: Tree) -> Any:
    """``current`` as ``tree`` has it: its objects are filled in, all else is replaced.

    No class is named by the tree and nothing is called: what has no object in ``current`` stays a dict.
    """
    if isinstance(tree, list):
        before = current if isinstance(current, list | tuple) and len(current) == len(tree) else [None] * len(tree)
        values = [put_back(*pair) for pair in zip(before, tree, strict=True)]
        return tuple(values) if isinstance(current, tuple) else values
    if not isinstance(tree, dict):
        return tree
    if isinstance(current, Mapping) or not hasattr(current, "__dict__"):
        known = current if isinstance(current, Mapping) else {}
        return {name: put_back(known.get(name), part) for name, part in tree.items()}
    vars(current).update({name: put_back(vars(current).get(name), part) for name, part in tree.items()})
    return current


def parts_of(value: Any, names: Iterable[str]) -> Tree:
    """The attributes ``names`` of an object; errors as of ``tree_of``."""
    return {name: tree_of(getattr(value, name)) for name in names}
