"""Equality to the bit of what environments and worlds say."""

import numpy as np


def assert_same(one, other, path=""):
    """Equal in dicts, lists, tuples, objects and arrays of these; ``path`` says where they differ."""
    assert type(one) is type(other), path
    if isinstance(one, np.ndarray) and one.dtype == object:
        one, other = one.tolist(), other.tolist()
    if isinstance(one, list | tuple):
        assert len(one) == len(other), path
        one, other = dict(enumerate(one)), dict(enumerate(other))
    elif hasattr(one, "__dict__"):
        one, other = vars(one), vars(other)
    if isinstance(one, dict):
        assert set(one) == set(other), path
        for name in one:
            assert_same(one[name], other[name], f"{path}/{name}")
    else:
        np.testing.assert_array_equal(one, other, err_msg=path)
