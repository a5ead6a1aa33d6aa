"""The training plot: both axes, every stage, the checkpoint kept, and a scale that does not make noise a trend."""

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.plots.looks import KNOWN
from driftrec.agents.plots.training_plot import training_curve

STAGES = ["myopic", "farsighted", "refitted", "ppo", "ppo", "ppo"]
STEPS, SECONDS = [1000, 5000, 6000, 6000, 7000, 8000], [9.0, 20.0, 30.0, 30.0, 41.0, 50.0]


def log(seed, engagement):
    told = {"training_seed": seed, "stage": STAGES, "env_steps": STEPS, "seconds": SECONDS}
    return pd.DataFrame({**told, "mean_episode_engagement": engagement})


ONE = log(0, [70.0, 150.0, 200.0, 201.0, 215.0, 215.0])
TWO = pd.concat([ONE, log(1, [60.0, 140.0, 199.0, 195.0, np.nan, 180.0])])


def test_both_panels_hold_every_run():
    for axes, x in zip(training_curve(TWO, "minutes").axes, (STEPS, SECONDS), strict=True):
        lines = [line for line in axes.lines if line.get_linestyle() == "-"]
        assert [line.get_xdata().tolist() for line in lines] == [x, x[:4] + x[5:]]
        assert lines[0].get_ydata().tolist() == ONE.mean_episode_engagement.tolist()


def test_the_legend_names_each_stage_once():
    (legend,) = training_curve(TWO, "minutes").legends
    assert [text.get_text() for text in legend.get_texts()] == ["myopic", "farsighted", "refitted", "ppo"]


def test_a_star_marks_the_measurement_whose_weights_are_kept():
    left, right = training_curve(TWO, "minutes").axes
    stars = [collection.get_offsets().tolist()[0] for collection in left.collections]
    assert stars == [[7000, 215], [6000, 195]]  # of equals the first; and none of what came before PPO
    assert [collection.get_offsets().tolist()[0][0] for collection in right.collections] == [41.0, 30.0]


def test_the_scale_begins_at_0_and_holds_all_levels():
    figure = training_curve(ONE, "minutes", {"random": 33.0, "planner": 290.0})
    left, right = figure.axes
    assert left.get_ylim() == pytest.approx((0, 319))
    assert {text.get_text() for text in right.texts} == {"random", "planner"}
    assert [line.get_ydata()[0] for line in left.lines[:2]] == [33.0, 290.0]


def test_a_stage_has_the_colour_of_its_policy_and_oracles_are_marked():
    log = ONE.assign(stage=["slateq"] * 3 + ["sb3-ppo"] * 3)
    figure = training_curve(log, "minutes", {"planner": 290.0}, oracles=["planner"])
    left, right = figure.axes
    marks = {line.get_gid(): line.get_color() for line in left.lines if line.get_gid()}
    assert marks == {name: KNOWN[name].style.colour for name in ("slateq", "sb3-ppo")}
    assert [text.get_text() for text in right.texts] == ["planner *"]
    assert "* oracle, dashed" in figure.get_suptitle()
    assert len(left.collections) == 1  # a star on the best, whatever learned


def test_how_many_runs_is_said():
    assert "one run" in training_curve(ONE, "minutes").get_suptitle()
    assert "2 runs" in training_curve(TWO, "minutes").get_suptitle()
