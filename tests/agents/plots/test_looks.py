"""What policies are called in plots, which are drawn, and that no name, short or long, breaks or crowds a plot."""

import re
import warnings
from itertools import combinations

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from driftrec.agents.evaluation.behaviour import BEHAVIOUR
from driftrec.agents.evaluation.summary import Results
from driftrec.agents.plots import plots
from driftrec.agents.plots.looks import LONGEST, MOST, MOST_LINES, how_many, line_looks, looks, looks_of, plain
from driftrec.agents.plots.steps_plot import behaviour
from tests.drawn import ALWAYS

HOSTILE = ["a$b$", "$x_1", r"\alpha$", "new\nline", "_hidden", "tab\there", "x" * 60, "$" * 7, "^{", r"$\frac{"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ppo", "ppo"),
        ("$x$", r"\$x\$"),
        ("a\nb", r"a\nb"),
        ("_mine", " _mine"),
        ("x" * 20 + "y" * 20, "x" * 18 + "…" + "y" * 17),
    ],
)
def test_names_are_written_as_they_are(name, shown):
    assert plain(name) == shown
    assert len(plain("z" * 500)) == LONGEST


def test_names_that_differ_in_their_middle_only_are_numbered():
    names = [f"{'a' * 30}{i}{'b' * 30}" for i in range(2)]
    first, second = (look.label for look in looks_of([*names, "ppo"], [names[1]]).values() if look.label != "ppo")
    assert first.endswith(" (1)")
    assert second.endswith(" (2) *")


def many(results, count, name="policy-{}"):
    """The comparison with ``count`` policies: random, planner and own ones, all different."""
    names = ["random", "planner", *(name.format(i) for i in range(count - 2))]
    like = results.summary["policies"]
    policies = {}
    for place, label in enumerate(names):
        part = like[label if label in like else "content"]
        mean = part["engagement"]["mean"] + place
        policies[label] = {**part, "engagement": {"mean": mean, "low": mean - 9, "high": mean + 9}}
    base = results.steps[results.steps.policy == "content"]
    parts = [base.assign(policy=label, engagement=1.0 + place) for place, label in enumerate(names)]
    steps = pd.concat(parts, ignore_index=True)
    steps = steps.assign(**dict.fromkeys(BEHAVIOUR, steps.engagement))
    summary = {**results.summary, "baseline": names[2], "policies": policies}
    return Results(results.episodes, steps, results.journeys[:0], summary)


def test_of_too_many_the_best_and_those_others_are_held_against_are_drawn(results):
    summary = many(results, 45).summary
    found = list(looks(summary))
    assert found == ["random", "planner", "policy-0", *(f"policy-{i}" for i in range(43 - MOST + 3, 43))]
    assert how_many(summary) == f"\n{MOST} of 45 policies: baseline, floor, ceiling and the best"
    assert how_many(many(results, MOST).summary) == ""


def test_of_many_lines_few_have_colours_their_own_and_the_others_are_grey(results):
    crowd = many(results, 40)
    few, more = line_looks(crowd.summary), looks(crowd.summary)
    assert list(few) == ["random", "planner", "policy-0", *(f"policy-{i}" for i in range(29, 38))]
    assert all(more[name] == look for name, look in few.items())
    said = f"{MOST_LINES} of 40 policies: baseline, floor, ceiling and the best; the others grey"
    for draw in (plots.engagement_over_steps, plots.retention):
        axes = draw(crowd.steps, crowd.summary).axes[0]
        coloured = {look.colour for look in few.values()}
        assert [line.get_color() in coloured for line in axes.lines].count(True) == MOST_LINES
        assert [line.get_color() for line in axes.lines].count("0.8") == 40 - MOST_LINES
        assert axes.get_title().endswith(said)


def sizes(figure):
    """Boxes of all texts that are drawn, in pixels, and of the figure."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [text for axes in figure.axes for text in axes.texts]
    texts += [text for legend in figure.legends for text in legend.get_texts()]
    return [Text.get_window_extent(text, renderer) for text in texts], figure.bbox  # without lines that lead to them


LONG = "my.package.with.a.long.name.of.module:Policy{}OfMany" + "x" * 20


@pytest.mark.parametrize(("count", "name"), [(3, "p{}"), (10, LONG), (17, "policy-{}"), (25, LONG), (45, "policy-{}")])
def test_no_name_is_cut_and_none_lies_on_another(results, count, name):
    crowd = many(results, count, name)
    drawn = [plots.engagement_over_steps(crowd.steps, crowd.summary), plots.retention(crowd.steps, crowd.summary)]
    for figure in [*drawn, behaviour(crowd.steps, crowd.summary)]:
        boxes, page = sizes(figure)
        assert len(boxes) == min(count, MOST_LINES)
        assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)
        assert all(page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)
        for one, other in combinations(boxes, 2):
            beside = one.x1 <= other.x0 or other.x1 <= one.x0
            assert beside or abs(one.y0 - other.y0) > 0.9 * min(one.height, other.height)
    panels = [axes.get_position() for axes in drawn[0].axes]
    assert panels[0].width > 0.5  # names do not press the panel together


@pytest.mark.filterwarnings("error")
def test_any_name_can_be_drawn(tmp_path, results, journeys):
    renamed = dict(zip(["random", "content", "ppo", "planner"], HOSTILE, strict=False))
    for names in (renamed, dict(zip(renamed, HOSTILE[4:], strict=False)), dict(zip(renamed, HOSTILE[6:], strict=True))):
        steps, moved = (table.replace({"policy": names}) for table in (results.steps, journeys))
        policies = {names[name]: part for name, part in results.summary["policies"].items()}
        roles = {role: names[results.summary[role]] for role in ("baseline", "floor", "ceiling")}
        summary = {**results.summary, **roles, "policies": policies, "world": "a $world$\n_x", "unit": "$ spent $"}
        topics = {f"topic {i}": name for i, name in enumerate(HOSTILE[:8])}
        files = plots.save_all(tmp_path, Results(results.episodes, steps, moved.replace({"topic": topics}), summary))
        assert len(files) == len([*ALWAYS, "engagement_over_steps", "retention", "interest_journey"])


def test_legends_hold_names_that_begin_with_an_underscore(results):
    crowd = many(results, 4, "_{}")
    (legend,) = behaviour(crowd.steps, crowd.summary).legends
    assert [text.get_text() for text in legend.get_texts()] == ["random", "planner *", " _0", " _1"]


def test_characters_that_the_font_lacks_are_told_of_once(tmp_path, results):
    crowd = many(results, 5, "漢字政策{}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plots.save_all(tmp_path, crowd)
    assert len(caught) == 1
    assert re.match("The plots show boxes for some characters", str(caught[0].message))


def test_a_policy_has_one_colour_in_all_plots_and_oracles_are_marked(results):
    crowd = many(results, 12)
    look = looks(crowd.summary)
    for figure in (
        plots.engagement_over_steps(crowd.steps, crowd.summary),
        plots.retention(crowd.steps, crowd.summary),
        behaviour(crowd.steps, crowd.summary),
    ):
        for axes in figure.axes:
            if axes.lines:
                assert [line.get_color() for line in axes.lines] == [policy.colour for policy in look.values()]
    assert look["planner"].label == "planner *"
