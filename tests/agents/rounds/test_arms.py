"""Arms by name."""

import pytest

from driftrec.agents.rounds.arms import ABOUT, arms_of


def test_arms_are_named_with_what_stands_for_items():
    frozen, ids = arms_of(["frozen", "refit-ppo@ids"])
    assert (frozen.update, frozen.representation, frozen.refits) == ("frozen", None, False)
    assert (ids.update, ids.representation, ids.refits, ids.folder) == ("refit-ppo", "ids", True, "refit-ppo-ids")
    assert [arm.learns for arm in arms_of(ABOUT)] == [name != "planner" for name in ABOUT]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["frozn"], "Arm 'frozn' is unknown. Did you mean 'frozen'"),
        (["ppo@idz"], "Arm 'ppo@idz' has an unknown representation. Did you mean 'ids'"),
        (["planner@ids"], "Arm 'planner@ids' reads no texts; write planner"),
        (["ppo", "ppo"], "Arm 'ppo' is given twice"),
        ([], "No arms to compare; name some of frozen, refit"),
    ],
)
def test_unknown_arms_are_refused_in_words(names, said):
    with pytest.raises(ValueError, match=said):
        arms_of(names)
