"""Settings of a moving world, and how they are refused."""

import pytest

from driftrec.simulators.moving.moves import Moves, Shock
from driftrec.simulators.settings import updated


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Moves(arrivals=1.5), "Moves.arrivals is 1.5; it must be between 0 and 1"),
        (lambda: Moves(hours=0), "Moves.hours is 0; it must be between 1 and 10000"),
        (lambda: Shock(round=0, trend=1.0), "Shock.round is 0; it must be between 1 and 100000"),
        (lambda: Shock(round=2), "The shock of round 2 changes nothing; give it a trend"),
        (lambda: Moves(shocks=(Shock(2, trend=1.0), Shock(2, mix=1.0))), "Two shocks are of round 2"),
        (lambda: updated(Moves(), {"arival": 0.1}, "moves"), "moves.arival is not a setting. Did you mean 'arrivals'"),
        (lambda: updated(Moves(), {"shocks": [{"round": 2, "tend": 1}]}, "moves"), "Did you mean 'trend'"),
        (lambda: updated(Moves(), {"shocks": [{"round": 2}]}, "moves"), "The shock of round 2 changes nothing"),
    ],
)
def test_bad_moves_are_refused_in_words(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize("shocks", ["late", {"round": 1}, [3]])
def test_shocks_are_a_list_of_mappings(shocks):
    with pytest.raises(TypeError, match=r"moves\.shocks"):
        updated(Moves(), {"shocks": shocks}, "moves")


def test_a_shock_comes_on_top_in_its_round_alone():
    moves = updated(Moves(trend=0.1, churn=0.6), {"shocks": [{"round": 3, "trend": 0.5, "churn": 0.7}]}, "moves")
    assert [moves.at(number, "trend") for number in (2, 3, 4)] == pytest.approx([0.1, 0.6, 0.1])
    assert moves.at(3, "churn") == 1.0  # a share
    assert moves.at(3, "arrivals") == moves.arrivals
