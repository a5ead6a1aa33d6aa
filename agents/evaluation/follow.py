"""One user's life under a policy: in words, as impressions, and what is hidden of the user step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.impressions import Served
from driftrec.agents.evaluation.play import play
from driftrec.agents.policy import Policy
from driftrec.envs.rendering import Account, hidden_numbers
from driftrec.simulators.world import World, no_feedback

NO_TOPIC = ""


@dataclass(frozen=True)
class Life:
    """A user's life under one policy.

    Attributes:
        words: The time, the titles shown, what was opened and what changed, a block a step.
        impressions: See ``driftrec.agents.evaluation.impressions.Served.table``, with the item's ``topic`` and
            ``title``; "" where it has none.
        hidden: One row a step and number: ``step``, 0 before the first slate, ``kind``, ``topic``, ``value``.
    """

    words: tuple[str, ...]
    impressions: pd.DataFrame
    hidden: pd.DataFrame


def follow(
    world: World[Any],
    policy: Policy,
    user: np.uint64,
    *,
    horizon: int,
    seed: int,
    name: str,
    topics: NDArray[np.int64] | None = None,
) -> Life:
    """Let ``policy`` serve one user to the horizon; errors as of ``play``.

    Args:
        world: The world.
        policy: Serves.
        user: The user's seed.
        horizon: Steps at most.
        seed: The policy's own source of randomness.
        name: What to call the policy in errors.
        topics: Number of every item's topic in a world without texts, (items,); None where items have none.
    """
    state, steps = play(world, policy, np.array([user], np.uint64), horizon=horizon, seed=seed, name=name)
    account, served = Account(world, horizon), Served(world, 1)
    truth = _row(world.reveal(state))
    nothing = _row(no_feedback(1, world.slate_size))
    words = [account.begin(_row(world.observe(state)), {**nothing, **truth})]
    impressions, hidden = [], [_hidden(world, 0, truth)]
    for step in steps:
        truth = _row(world.reveal(state))
        told = {**_row(step.feedback.as_info()), **truth}
        words.append(account.step(step.number + 1, step.slates[0], _row(world.observe(state)), told))
        impressions.append(titled(world, served.table(step), step.items[0], topics))
        hidden.append(_hidden(world, step.number + 1, truth))
    return Life(tuple(words), pd.concat(impressions, ignore_index=True), pd.concat(hidden, ignore_index=True))


def _row(batch: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """The one user's part of a batch of one."""
    return {name: value[0] for name, value in batch.items()}


def titled(
    world: World[Any], table: pd.DataFrame, slate: NDArray[np.int64], topics: NDArray[np.int64] | None
) -> pd.DataFrame:
    """``table``, one row an impression, with the topics and titles of the items ``slate``, (rows,).

    Arguments as of ``follow``.
    """
    catalogue = world.catalogue
    if catalogue is None:
        of = [NO_TOPIC] * len(slate) if topics is None else [f"topic {topic}" for topic in topics[slate]]
        return table.assign(topic=of, title=NO_TOPIC)
    named = [catalogue.topic_names[topic] for topic in catalogue.topic[slate]]
    return table.assign(topic=named, title=[catalogue.titles[item] for item in slate])


def _hidden(world: World[Any], step: int, truth: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of one step."""
    rows = [
        (step, kind, topic, float(value))
        for kind, parts in hidden_numbers(world, truth).items()
        for topic, value in parts.items()
    ]
    return pd.DataFrame(rows, columns=["step", "kind", "topic", "value"])
