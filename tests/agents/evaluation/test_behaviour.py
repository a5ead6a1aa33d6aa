"""Behaviour over time: right means on an example worked out by hand, and a panel for each of them."""

from types import SimpleNamespace

import numpy as np
import pytest

from driftrec.agents.evaluation.behaviour import BEHAVIOUR, WINDOW, Behaviour, TopicWindows
from driftrec.agents.evaluation.play import Step
from driftrec.agents.plots.steps_plot import FEWEST, behaviour, told_behaviour
from driftrec.simulators.world import Feedback

CATALOGUE = SimpleNamespace(
    topic=np.array([0, 0, 1, 2]),
    quality=np.array([1.0, 2.0, 4.0, 8.0], np.float32),
    allure=np.array([-1.0, 0.0, 0.5, 3.0], np.float32),
    num_topics=3,
)
WORLD = SimpleNamespace(catalogue=CATALOGUE)
SLATES = np.array([[0, 1], [2, 3], [3, 0]])
HIDDEN = {"satiation": np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]])}


def step(number, clicks, gap=(0.0, 0.0, 0.0)):
    hours = np.array(gap, np.float32)
    opened = np.array(clicks, bool)
    feedback = Feedback(opened, opened.astype(np.float32), hours > 0, hours, np.zeros(3, bool))
    return Step(number, {}, np.arange(3), SLATES, SLATES, feedback)


@pytest.fixture
def told():
    """Three steps of three users: two open something, nobody does, one opens two items."""
    tally = Behaviour(WORLD, 3, 4)
    tally.add(step(0, [[0, 1], [0, 0], [1, 0]], gap=(5.0, 0.0, 8.0)), HIDDEN)
    tally.add(step(1, np.zeros((3, 2))), HIDDEN)
    tally.add(step(2, [[0, 0], [1, 1], [0, 0]]), HIDDEN)
    return tally.columns


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("opened_quality", [(2 + 8) / 2, np.nan, (4 + 8) / 2, np.nan]),
        ("opened_allure", [(0 + 3) / 2, np.nan, (0.5 + 3) / 2, np.nan]),
        ("opened_satiation", [(0.1 + 0.9) / 2, np.nan, (0.5 + 0.6) / 2, np.nan]),
        ("gap_hours", [(5 + 8) / 2, np.nan, np.nan, np.nan]),
        ("topic_entropy", [np.nan] * 4),  # nobody has opened as many as it takes
    ],
)
def test_means_by_hand(told, name, means):
    np.testing.assert_allclose(told[name], means, rtol=1e-6)


def test_what_a_world_does_not_tell_is_absent():
    bare, untired = Behaviour(SimpleNamespace(catalogue=None), 3, 4), Behaviour(WORLD, 3, 4)
    for tally in (bare, untired):
        tally.add(step(0, [[0, 1], [0, 0], [1, 0]]), {})
    assert list(bare.columns) == ["gap_hours"]
    assert list(untired.columns) == [name for name in BEHAVIOUR if name != "opened_satiation"]


def entropy(topics):
    shares = np.unique(topics, return_counts=True)[1] / len(topics)
    return -(shares * np.log(shares)).sum()


def test_the_entropy_is_that_of_the_last_window_opened():
    rng = np.random.default_rng(0)
    windows, opened = TopicWindows(4, 6), [[] for _ in range(4)]
    for _ in range(70):
        users = np.flatnonzero(rng.random(4) < [1.0, 0.8, 0.5, 0.1])
        topics = rng.integers(0, 6, len(users))
        windows.add(users, topics)
        for user, topic in zip(users, topics, strict=True):
            opened[user].append(topic)
        full = [topics for topics in opened if len(topics) >= WINDOW]
        np.testing.assert_allclose(
            windows.entropies(np.arange(4)), [entropy(topics[-WINDOW:]) for topics in full], atol=1e-12
        )
    assert [len(topics) >= WINDOW for topics in opened] == [True, True, True, False]
    np.testing.assert_allclose(windows.entropies(np.array([1, 3])), [entropy(opened[1][-WINDOW:])])


def test_one_topic_has_no_entropy_and_an_even_mix_the_most():
    windows = TopicWindows(2, 4)
    for number in range(WINDOW):
        windows.add(np.arange(2), np.array([2, number % 4]))
    np.testing.assert_allclose(windows.entropies(np.arange(2)), [0.0, np.log(4)])


@pytest.fixture
def measured(steps):
    """The steps table with a number in every column of behaviour, the entropy from step 10 on."""
    columns = {name: steps.engagement * (number + 1) for number, name in enumerate(BEHAVIOUR)}
    return steps.assign(**columns, alive=1.0).assign(topic_entropy=steps.engagement.where(steps.step >= 10))


def test_a_panel_a_measure_and_a_line_a_policy(measured, summary):
    figure = behaviour(measured, summary)
    panels = [axes for axes in figure.axes if axes.get_lines()]
    assert [axes.get_title() for axes in panels] == list(BEHAVIOUR.values())
    assert all(len(axes.get_lines()) == measured.policy.nunique() for axes in panels)
    assert len({axes.get_xlim() for axes in panels}) == 1
    line = panels[1].get_lines()[0]
    np.testing.assert_allclose(line.get_ydata()[:-1], measured[measured.policy == "random"].opened_allure)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["random", "content", "ppo", "planner *"]


def test_lines_are_means_of_bins_and_training_seeds_averaged(measured, summary):
    figure = behaviour(measured, summary, width=5)
    means = measured[measured.policy == "ppo"].groupby("step").opened_quality.mean()
    assert figure.axes[0].get_lines()[2].get_ydata()[2] == pytest.approx(means.iloc[10:15].mean())
    assert "means of 5 steps each" in figure.get_suptitle()


def test_a_line_ends_where_hardly_anybody_is_left(measured, summary):
    few = measured.assign(alive=np.where(measured.step < 7, FEWEST, FEWEST / 2))
    drawn = behaviour(few, summary).axes[0].get_lines()[0].get_ydata()[:-1]
    assert np.isfinite(drawn).tolist() == [step < 7 for step in range(few.step.nunique())]


def test_panels_without_numbers_are_left_out(steps, measured, summary):
    some = measured.assign(gap_hours=np.nan).drop(columns=["opened_satiation"])
    assert told_behaviour(some) == ["opened_quality", "opened_allure", "topic_entropy"]
    figure = behaviour(some, summary)
    assert len(figure.axes) == 3
    with pytest.raises(ValueError, match="no number in any of the columns opened_quality, opened_allure"):
        behaviour(steps, summary)
