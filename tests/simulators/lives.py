"""All that a world says of its users' lives, and its settings one by one."""

import dataclasses

import numpy as np


def trajectory(world, seeds, slates, also=lambda state: {}):
    """What a world says step by step: name -> (steps, users, ...); what it observes is "seen NAME".

    ``also`` says more of the state after a step, by name.
    """
    state, rows = world.reset(seeds), []
    for slate in slates:
        feedback = world.step(state, slate).as_info()
        seen = {f"seen {name}": value for name, value in world.observe(state).items()}
        rows.append({**feedback, **seen, **world.reveal(state), **also(state)})
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def one_by_one(config):
    """Every setting of ``config``, those of its parts too: (names from the outermost in, value)."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        parts = one_by_one(value) if dataclasses.is_dataclass(value) else [((), value)]
        yield from (((field.name, *path), found) for path, found in parts)


def nested(path, value):
    """``value`` as the setting at ``path``, as worlds take it."""
    for name in reversed(path):
        value = {name: value}
    return value
