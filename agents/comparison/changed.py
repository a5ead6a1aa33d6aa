"""The same world with some of its settings changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from driftrec.agents.setup import Setup, json_object, make_env


def changed(setup: Setup, changes: Mapping[str, Any]) -> Setup:
    """``setup`` with ``changes`` to its mechanisms, nested as in ``--config``; errors as of ``make_env``."""
    config = _merged(json_object("config", setup.args.config), changes)
    args = replace(setup.args, config=json.dumps(config))
    return replace(setup, args=args, world=make_env(args).world)


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings of both; those of ``other`` win."""
    both = {**one, **other}
    for name in one.keys() & other.keys():
        if isinstance(one[name], Mapping) and isinstance(other[name], Mapping):
            both[name] = _merged(one[name], other[name])
    return both
