"""The picture of a scorecard."""

import pytest

from driftrec.agents.plots.looks import looks_of
from driftrec.agents.plots.scorecard_plot import RIGHT, scores

POLICIES = {"content": {"oracle": False}, "own": {"oracle": False}, "planner": {"oracle": True}}


def made(name, **means):
    told = {label: {"score": {"mean": mean, "low": mean - 0.1, "high": mean + 0.1}} for label, mean in means.items()}
    return {"name": name, "scores": told}


@pytest.fixture
def axes():
    experiments = [made("rest", content=0.2, own=-0.3, planner=1.0), made("drift", content=3.0, own=0.5)]
    return scores(experiments, POLICIES, "What").axes[0]


def test_a_bar_each_in_the_colour_of_its_policy(axes):
    bars = [patch for patch in axes.patches if patch.get_gid() == "bar"]
    look = looks_of(POLICIES, ["planner"])
    lengths = {look[label].colour: [] for label in POLICIES}
    for bar in bars:
        lengths[next(c for c in lengths if _same(c, bar.get_facecolor()))].append(round(bar.get_width(), 2))
    assert lengths == {
        look["content"].colour: [0.2, RIGHT],
        look["own"].colour: [-0.3, 0.5],
        look["planner"].colour: [1.0],
    }


def _same(colour, drawn):
    from matplotlib.colors import to_rgb

    return to_rgb(colour) == tuple(drawn[:3])


def test_what_goes_beyond_and_what_is_missing_is_said(axes):
    assert [text.get_text() for text in axes.texts] == ["3.0"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["rest", "drift"]
    assert axes.get_xlabel() == "0 random, 1 the reference; 95 % interval; * oracle; x not measured"


def test_marks_that_are_not_there_are_not_explained():
    figure = scores([made("rest", content=0.2)], {"content": {"oracle": False}}, "What")
    assert figure.axes[0].get_xlabel() == "0 random, 1 the reference; 95 % interval"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["content"]
