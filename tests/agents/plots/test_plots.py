import copy
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from driftrec.agents.plots import plots
from driftrec.agents.plots.drawing import spread
from driftrec.agents.plots.steps_plot import one_line, while_anyone_is_there
from tests.drawn import ALWAYS

PNG = b"\x89PNG\r\n\x1a\n"
DRAW = """
import pickle, sys
from pathlib import Path
from driftrec.agents.plots.plots import save_all
results, curve = pickle.loads(Path(sys.argv[1]).read_bytes())
for file in save_all(sys.argv[2], results, curve=curve):
    print(file.name)
print("pyplot loaded:", "matplotlib.pyplot" in sys.modules)
"""


@pytest.fixture
def curve():
    stages = ["myopic", "farsighted", "refitted", "ppo", "ppo", "ppo"]
    told = {"stage": stages, "env_steps": [1000, 5000, 6000, 6000, 7000, 8000], "seconds": [9.0, 20, 30, 30, 41, 50]}
    measured = {0: [70.0, 150, 200, 201, 215, 214], 1: [60.0, 140, 190, 195, 194, 180]}
    return pd.concat(
        pd.DataFrame({"training_seed": seed, **told, "mean_episode_engagement": x}) for seed, x in measured.items()
    )


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_png_are_written_with_tkagg_and_no_display(tmp_path, results, curve):
    (tmp_path / "tables.pickle").write_bytes(pickle.dumps((results, curve)))
    environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"} | {"MPLBACKEND": "TkAgg"}
    done = subprocess.run(
        [sys.executable, "-c", DRAW, str(tmp_path / "tables.pickle"), str(tmp_path / "plots")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    names = [*ALWAYS, "engagement_over_steps", "retention", "interest_journey", "training_curve"]
    assert done.stdout.split("\n")[:-1] == [*(f"{name}.png" for name in names), "pyplot loaded: False"]
    for name in names:
        content = (tmp_path / "plots" / f"{name}.png").read_bytes()
        assert content.startswith(PNG)
        assert len(content) > 10_000


def test_bars_are_the_means_in_order(summary):
    axes = plots.engagement_per_policy(summary).axes[0]
    policies = summary["policies"]
    names = ["random", "content", "ppo", "planner"]  # from bottom to top
    assert [bar.get_width() for bar in axes.patches] == [policies[name]["engagement"]["mean"] for name in names]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["random", "content", "ppo", "planner *"]
    assert f"{policies['ppo']['engagement']['mean']:,.1f}" in texts(axes)
    assert {"floor: random", "ceiling: planner *"} <= set(texts(axes))
    assert "minutes" in axes.get_xlabel()
    assert "30 users" in axes.get_xlabel()
    assert "* oracle, ~ not told apart from random" in axes.get_xlabel()


def test_a_unit_called_engagement_is_not_said_twice(summary, steps, curve):
    bars = plots.engagement_per_policy({**summary, "unit": "engagement"}).axes[0]
    assert bars.get_xlabel().startswith("engagement per user and episode, 95%")
    over_steps = plots.engagement_over_steps(steps, {**summary, "unit": "engagement"}).axes[0]
    assert over_steps.get_ylabel() == "engagement per user and step"
    assert plots.training_curve(curve, unit="engagement").axes[0].get_ylabel() == "engagement per episode"
    assert plots.training_curve(curve, unit="clicks").axes[0].get_ylabel() == "engagement per episode (clicks)"


def test_whiskers_are_the_intervals(summary):
    axes = plots.engagement_per_policy(summary).axes[0]
    (whiskers,) = axes.collections
    ends = [segment[:, 0].tolist() for segment in whiskers.get_segments()]
    found = [summary["policies"][name]["engagement"] for name in ("random", "content", "ppo", "planner")]
    np.testing.assert_allclose(ends, [[value["low"], value["high"]] for value in found])


def test_few_steps_are_drawn_one_by_one_as_they_are(steps, summary):
    axes = plots.engagement_over_steps(steps, summary).axes[0]
    assert len(axes.lines) == 4
    want = steps[steps.policy == "random"].engagement
    line = axes.lines[0]
    np.testing.assert_array_equal(line.get_ydata(), [*want, want.iloc[-1]])  # a step is as wide as any other
    assert line.get_xdata().tolist() == list(range(26))
    assert line.get_drawstyle() == "steps-post"
    assert "every step" in axes.get_xlabel()
    assert set(texts(axes)) == {"random", "content", "ppo", "planner *"}


def test_many_steps_are_drawn_in_bins_that_are_stated(steps, summary):
    axes = plots.engagement_over_steps(steps, summary, width=10).axes[0]
    assert "means of 10 steps each" in axes.get_xlabel()
    raw = steps[steps.policy == "random"].engagement.to_numpy()
    line = axes.lines[0]
    assert line.get_xdata().tolist() == [0, 10, 20, 25]
    means = [raw[:10].mean(), raw[10:20].mean(), raw[20:].mean()]
    np.testing.assert_allclose(line.get_ydata(), [*means, means[-1]])
    with pytest.raises(ValueError, match="Bins must hold 1 step or more, not 0"):
        plots.engagement_over_steps(steps, summary, width=0)


def test_who_begins_highest_is_drawn_highest_at_the_beginning(steps, summary):
    """One click too many at first and hardly any after: a centred mean cut off at the start drew it lowest of all."""
    bored = steps.copy()
    of_random = bored.policy == "random"
    bored.loc[of_random, "engagement"] = np.where(bored.step[of_random] == 0, 5.31, 0.42)
    first = [line.get_ydata()[0] for line in plots.engagement_over_steps(bored, summary).axes[0].lines]
    assert first[0] == max(first) == 5.31


def test_band_reaches_over_the_intervals_of_all_training_seeds(steps, summary):
    changed = steps.copy()
    last = (changed.policy == "ppo") & (changed.training_seed == 2)
    changed.loc[last, ["engagement_low", "engagement_high"]] = [0.25, 7.5]
    axes = plots.engagement_over_steps(changed, summary).axes[0]
    (outline,) = axes.collections[2].get_paths()
    assert (outline.vertices[:, 1].min(), outline.vertices[:, 1].max()) == (0.25, 7.5)


def test_plots_end_when_everybody_is_gone(steps):
    gone = steps.assign(alive=np.where(steps.step < 3, 0.5, 0.0))
    gone.loc[(gone.policy == "ppo") & (gone.training_seed == 2) & (gone.step == 3), "alive"] = 0.01
    assert while_anyone_is_there(gone).step.max() == 4  # the step that took the last one
    assert while_anyone_is_there(steps).equals(steps)


def test_saved_plots_of_steps_end_when_everybody_is_gone(tmp_path, results, monkeypatch):
    steps = results.steps.assign(alive=np.where(results.steps.step < 3, 0.5, 0.0))
    steps.loc[(steps.policy == "random") & (steps.step == 1), "alive"] = 0.1
    steps.loc[(steps.policy == "ppo") & (steps.step == 1), "alive"] = 0.9
    drawn, retention = [], plots.retention

    def drawing(steps, summary):
        drawn.append(steps.step.max())
        return retention(steps, summary)

    monkeypatch.setattr(plots, "retention", drawing)
    plots.save_all(tmp_path, replace(results, steps=steps))
    assert drawn == [3]


def test_retention_averages_training_seeds(steps, summary):
    changed = steps.copy()
    changed.loc[(changed.policy == "ppo") & (changed.training_seed == 2), "alive"] = 0.1
    axes = plots.retention(changed, summary).axes[0]
    assert axes.lines[2].get_ydata()[-1] == pytest.approx((0.5 + 0.5 + 0.1) / 3)
    assert axes.yaxis.get_major_formatter()(0.5) == "50%"


def test_retention_is_drawn_from_none_to_all(steps, summary):
    axes = plots.retention(steps, summary).axes[0]
    assert axes.get_ylim() == (0.0, 1.0)
    assert {text.xy[1] for text in axes.texts} == {0.2, 0.35, 0.5, 0.8}  # names at the lines' ends
    assert not any(line.get_clip_on() for line in axes.lines)


@pytest.mark.parametrize(
    ("gone", "title", "retention"),
    [
        (0.5, "Engagement over an episode, users who left count 0", ["retention"]),
        (0.0, "Engagement over an episode", []),
    ],
)
def test_of_users_who_left_is_told_only_where_anyone_did(results, tmp_path, gone, title, retention):
    share = results.steps.policy.map({"random": 1.0, "content": 0.7, "ppo": 0.4, "planner": 0.1})
    last = results.steps.step == results.steps.step.max()
    steps = results.steps.assign(alive=np.where(last, 1.0 - gone * share, 1.0))
    assert plots.engagement_over_steps(steps, results.summary).axes[0].get_title() == title
    files = plots.save_all(tmp_path, replace(results, steps=steps, journeys=results.journeys[:0]))
    assert [file.stem for file in files] == [*ALWAYS, "engagement_over_steps", *retention]


@pytest.mark.parametrize(
    ("heights", "alike"),
    [
        ([[1, 1], [1, 1], [1, 1], [0.1, 0.1]], True),  # three of four
        ([[1, 1], [1, 1], [0.5, 1], [0.1, 0.1]], False),  # two of four
        ([[1, 0], [1, 0]], True),  # a cliff
        ([[1, 0]], False),  # one policy is always drawn
        ([[1, 0.97], [1, 1]], False),
        ([[1, 0.99], [1, 1]], True),
        ([[0, 0], [0, 0]], True),
    ],
)
def test_lines_on_one_another(heights, alike):
    assert one_line({str(i): pd.Series(line) for i, line in enumerate(heights)}) is alike


def test_plots_that_say_nothing_are_left_out_and_removed(results, tmp_path):
    cliff = results.steps.assign(alive=np.where(results.steps.step < 20, 1.0, 0.0), engagement=1.0)
    plots.save_all(tmp_path, results)
    assert (tmp_path / "retention.png").is_file()
    files = plots.save_all(tmp_path, replace(results, steps=cliff))
    assert {file.stem for file in files} == {path.stem for path in tmp_path.glob("*.png")}
    assert {file.stem for file in files} == {*ALWAYS, "interest_journey"}


def test_journey_names_the_topics_of_highest_interest(journeys, summary):
    figure = plots.interest_journey(journeys, summary, horizon=25)
    peaks = journeys.groupby("topic").interest.max().sort_values(ascending=False)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [*peaks.index[:6], "the other 2 topics"]
    left, right = figure.axes
    assert len(left.lines) == len(right.lines) == 8
    assert left.get_title() == "content\n5 sessions in 3.4 days"
    assert len(left.patches) == 2  # sessions 2 and 4 of 5 are shaded
    assert "of the first 16 users, the one whose shortest stay" in figure.get_suptitle()
    with pytest.raises(ValueError, match="journeys table is empty"):
        plots.interest_journey(journeys[:0], summary, horizon=25)


def test_journeys_share_their_axes_and_say_who_left(journeys, summary):
    stays_less = journeys[(journeys.policy == "ppo") | (journeys.step <= 9)]
    left, right = plots.interest_journey(stays_less, summary, horizon=25).axes
    assert left.get_xlim() == right.get_xlim() == (-0.5, 24.5)
    assert [text.strip() for text in texts(left)] == ["gone for good after step 9"]
    assert [line.get_xdata()[0] for line in left.lines[-1:]] == [9]
    assert texts(right) == []


def test_a_policy_keeps_its_colour(summary, steps):
    bars = plots.engagement_per_policy(summary).axes[0].patches
    lines = plots.engagement_over_steps(steps, summary).axes[0].lines
    of_bar = dict(
        zip(
            ["random", "content", "ppo", "planner"],
            (to_hex(bar.get_facecolor()) for bar in bars),
            strict=True,
        )
    )
    of_line = dict(zip(steps.policy.unique(), (to_hex(line.get_color()) for line in lines), strict=True))
    assert of_bar == of_line


def test_a_broken_line_is_not_hidden_by_a_whole_one(steps, summary):
    lines = dict(zip(summary["policies"], plots.engagement_over_steps(steps, summary).axes[0].lines, strict=True))
    assert lines["planner"].get_linestyle() == "--"
    assert lines["planner"].get_zorder() > lines["ppo"].get_zorder()


def test_labels_are_moved_apart_as_little_as_possible():
    np.testing.assert_allclose(spread([0.1, 0.5, 0.9], gap=0.1), [0.1, 0.5, 0.9])
    np.testing.assert_allclose(spread([0.5, 0.5], gap=0.1), [0.45, 0.55])
    moved = spread([0.2, 0.21, 0.22, 0.9], gap=0.05)
    np.testing.assert_allclose(moved, [0.16, 0.21, 0.26, 0.9])


def test_save_all_leaves_out_what_there_is_no_table_for(tmp_path, results):
    bare = plots.Results(results.episodes, results.steps, results.journeys[:0], results.summary)
    files = plots.save_all(tmp_path, bare)
    assert [file.stem for file in files] == [*ALWAYS, "engagement_over_steps", "retention"]
    assert all(file.read_bytes().startswith(PNG) for file in files)


def test_names_are_not_moved_out_of_the_panel():
    assert spread([0.0, 0.001, 0.002], gap=0.05) == pytest.approx([0.0, 0.05, 0.1])
    assert spread([0.998, 0.999, 1.0], gap=0.05) == pytest.approx([0.9, 0.95, 1.0])


@pytest.mark.filterwarnings("error")
def test_a_comparison_in_which_nobody_read_a_minute_can_be_drawn(results):
    summary = copy.deepcopy(results.summary)
    for policy in summary["policies"].values():
        policy["engagement"] = {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert plots.engagement_per_policy(summary).axes[0].get_xlim() == (0.0, 1.0)
