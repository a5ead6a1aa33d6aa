"""Tuples among settings: lists from JSON become tuples of numbers, and nothing else does."""

from dataclasses import dataclass

import pytest

from driftrec.simulators.settings import updated


@dataclass(frozen=True)
class Weighed:
    """Settings with a tuple."""

    weights: tuple[float, ...] = (0.0, 1.0)
    size: int = 3


@pytest.mark.parametrize(("given", "kept"), [([1, 2.5], (1.0, 2.5)), ((4,), (4.0,)), ([], ())])
def test_lists_become_tuples_of_numbers(given, kept):
    found = updated(Weighed(), {"weights": given})
    assert found == Weighed(weights=kept)
    assert all(type(weight) is float for weight in found.weights)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (1.0, TypeError, "config.weights is 1.0; it must be a list of numbers"),
        ("12", TypeError, "config.weights is '12'; it must be a list of numbers"),
        ({"a": 1}, TypeError, "config.weights is {'a': 1}; it must be a list of numbers"),
        ([1, "2"], TypeError, "config.weights is '2'; it must be a number"),
        ([[1.0]], TypeError, r"config.weights is \[1.0\]; it must be a number"),
        ([True], TypeError, "config.weights is True; it must be a number"),
        ([1.0, float("inf")], ValueError, "config.weights is inf; it must be finite"),
    ],
)
def test_what_is_no_list_of_numbers_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        updated(Weighed(), {"weights": given})
