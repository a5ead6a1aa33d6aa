"""Observations made by hand."""

import numpy as np
import pytest


def observation(items, clicked, age=None, persona=None):
    """An observation with the given history, one row a user."""
    items = np.asarray(items, np.int32)
    users = len(items)
    clicked = np.asarray(clicked, np.int8)
    age = np.zeros(items.shape, np.float32) if age is None else np.asarray(age, np.float32)
    return {
        "persona": np.zeros((users, 1), np.int32) if persona is None else np.asarray(persona, np.int32)[:, None],
        "shown": items,
        "clicked": clicked,
        "engagement": np.zeros(items.shape, np.float32),
        "age": age,
        "read_items": np.where(clicked > 0, items, np.int32(-1)),
        "read_minutes": np.zeros(items.shape, np.float32),
        "read_age": np.where(clicked > 0, age, np.float32(0.0)),
        "clock": np.zeros((users, 4), np.float32),
    }


@pytest.fixture
def history():
    """Makes the observation of users with the given history, one row a user."""
    return observation


@pytest.fixture
def nothing_yet():
    """Makes the observation of users who have seen nothing, from their personas."""

    def make(persona):
        empty = np.full((len(persona), 3), -1)
        return observation(empty, np.zeros_like(empty), persona=persona)

    return make
