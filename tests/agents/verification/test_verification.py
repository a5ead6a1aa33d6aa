"""Tables of a verification: which rows there are, and what they make of agreement and its lack."""

from dataclasses import replace

import pytest

from driftrec.agents.figures import figures_recsim
from driftrec.agents.figures.figures import Measurement
from driftrec.agents.verification import verification, verification_original
from driftrec.agents.verification.sardine_original import ORIGINAL_SLATES, Differences
from driftrec.agents.verification.verification import measurable, measured_worlds, tables, verify
from driftrec.agents.verification.verification_original import lives, same_users

SATISFACTION = "RecSim-LongTermSatisfaction"


def made_up(z):
    """In place of every measurement: one that is so many errors off."""
    return lambda figure, policies, episodes, seed: Measurement(episodes, figure.mean, 1.0, z)


def test_all_eleven_worlds_have_figures():
    assert len(measured_worlds()) == 11


def test_there_is_a_row_for_every_figure(monkeypatch):
    monkeypatch.setattr("driftrec.agents.figures.figures.measure", made_up(1.5))
    told = []
    part = verify(measured_worlds(), 300, seed=0, report=told.append)
    figures = [figure for table in tables() for figure in table.FIGURES]
    assert list(part.frame[["world", "policy", "theirs"]].itertuples(index=False, name=None)) == [
        (f.name, f.policy, f.mean) for f in figures
    ]
    assert list(part.frame.our_episodes) == [max(300, f.episodes) for f in figures]  # 15,000 stay so many
    assert len(told) == len(figures)
    assert part.agrees
    assert f"{len(figures)} of {len(figures)} rows are within 3" in part.about


def test_only_the_worlds_asked_for_are_measured(monkeypatch):
    monkeypatch.setattr("driftrec.agents.figures.figures.measure", made_up(0.0))
    part = verify([SATISFACTION], 300, seed=0)
    assert set(part.frame.world) == {SATISFACTION}
    assert len(part.frame) == sum(figure.name == SATISFACTION for figure in figures_recsim.FIGURES)


def test_one_row_beyond_the_bound_is_a_disagreement(monkeypatch):
    wrong = figures_recsim.FIGURES[-1]
    monkeypatch.setattr(
        "driftrec.agents.figures.figures.measure",
        lambda figure, *rest: made_up(-3.1 if figure is wrong else 2.9)(figure, *rest),
    )
    part = verify([SATISFACTION], 300, seed=0)
    assert not part.agrees
    assert f"{len(part.frame) - 1} of {len(part.frame)} rows" in part.about
    assert "farthest is 3.10 off" in part.about
    text = part.text()
    assert list(text["within 3 SE"]) == ["yes"] * (len(part.frame) - 1) + ["NO"]
    assert list(text["z"]) == ["+2.90"] * (len(part.frame) - 1) + ["-3.10"]


def test_a_wrong_figure_is_found_out(monkeypatch):
    """Measured, not made up: 100 less than what was published of RecSim's long-term satisfaction."""
    (right, *_) = [figure for figure in figures_recsim.FIGURES if figure.name == SATISFACTION]
    monkeypatch.setattr(figures_recsim, "FIGURES", (right, replace(right, mean=right.mean - 100)))
    part = verify([SATISFACTION], 600, seed=0)
    assert list(part.frame.agrees) == [True, False]


def test_the_table_shows_means_errors_and_settings(monkeypatch):
    monkeypatch.setattr("driftrec.agents.figures.figures.measure", made_up(0.5))
    (first, *_) = verify([SATISFACTION], 300, seed=0).text().to_dict("records")
    assert first == {
        "world": SATISFACTION,
        "setting": "slate_size: 2, num_candidates: 10",
        "policy": "random",
        "theirs": "941.20 ± 6.70",
        "source": "worlds.md 8.11",
        "ours": "941.20 ± 1.00",
        "z": "+0.50",
        "within 3 SE": "yes",
    }


def test_the_file_holds_numbers(monkeypatch):
    monkeypatch.setattr("driftrec.agents.figures.figures.measure", made_up(0.5))
    frame = verify([SATISFACTION], 300, seed=0).frame
    assert frame["theirs"].dtype == frame["z"].dtype == float
    assert frame["their_error"].isna().any()  # where none was given


@pytest.mark.parametrize(
    ("worlds", "message"),
    [((), "No worlds to verify"), (("Sardine-SlateTopK-Bord",), "Did you mean 'Sardine-SlateTopK-Bored'")],
)
def test_worlds_without_figures_are_refused(worlds, message):
    with pytest.raises(ValueError, match=message):
        measurable(worlds)


def test_without_the_package_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(verification, "packaged_file", lambda name: None)
    worlds, left = measurable([SATISFACTION, "Sardine-SlateTopK-Bored"])
    assert worlds == [SATISFACTION]
    assert left.startswith("Left out: Sardine-SlateTopK-Bored: the figures belong to the items of sardine-rec")
    assert "pip install -e '.[peers]' in driftrec's folder" in left
    with pytest.raises(ModuleNotFoundError, match="choose other --worlds"):
        measurable(["Sardine-SlateTopK-Bored"])


@pytest.mark.parametrize(
    ("change", "agrees"),
    [
        ({}, True),
        ({"other_clicks": 1}, False),
        ({"other_boredom": 1}, False),
        ({"other_ends": 1}, False),
        ({"user_state": 1e-5}, False),
    ],
    ids=str,
)
def test_any_difference_of_the_same_users_is_a_disagreement(change, agrees, monkeypatch):
    found = replace(Differences(100, 40, 7, 0, 0, 0, 1e-6), **change)
    monkeypatch.setattr(verification_original, "side_by_side", lambda world, policy, users, seed: found)
    part = same_users(["SlateTopK-Bored"], 3, seed=0)
    assert len(part.frame) == len(ORIGINAL_SLATES)
    assert part.agrees is agrees
    assert (f"{len(part.frame)} of {len(part.frame)} rows are alike" in part.about) is agrees


@pytest.mark.parametrize(("p", "agrees"), [(0.5, True), (0.002, True), (0.0008, False)])
def test_many_tests_are_judged_together(p, agrees, monkeypatch):
    """12 tests: 0.01 / 12 = 0.00083."""
    monkeypatch.setattr(verification_original, "original_lives", lambda *args: ThreeMeans())
    monkeypatch.setattr(verification_original, "our_lives", lambda *args: ThreeMeans())
    smallest = iter([p])
    monkeypatch.setattr(
        verification_original,
        "p_values",
        lambda one, other: {"clicks": next(smallest, 0.7), "click_rate": 0.7, "boredom": 0.7},
    )
    part = lives(["SlateTopK-Bored"], 500, seed=0)
    assert len(part.frame) == 3 * len(ORIGINAL_SLATES) == 12
    assert part.agrees is agrees
    assert "12 Kolmogorov-Smirnov tests of 500 episodes" in part.about
    assert "above 0.00083 (Bonferroni)" in part.about
    assert f"At or below 0.01 are {int(p <= 0.01)};" in part.about
    assert part.text()["above 0.01"].iloc[0] == ("yes" if p > 0.01 else "no")


class ThreeMeans:
    def __getattr__(self, name):
        return Mean()


class Mean:
    def mean(self):
        return 1.0


def test_the_original_runs_beside_ours():
    pytest.importorskip("sardine")
    assert same_users(["SlateRerank-Bored"], 3, seed=0).agrees
    part = lives(["SlateRerank-Bored"], 30, seed=0)
    assert part.agrees
    assert (part.frame.loc[part.frame.quantity == "clicks", ["theirs", "ours"]] > 0).all(axis=None)
