"""The picture of one user's life: cells, colours, captions."""

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb

from driftrec.agents.plots.lives_plot import PALE, PALE_GREY, user_lives
from driftrec.agents.plots.looks import OTHER_TOPICS, TOPIC_COLOURS, looks_of


def tables():
    impressions = pd.DataFrame(
        {
            "user": 0,
            "time": [0.0, 0.0, 0.0, 0.0, 48.0, 48.0],
            "session": [1, 1, 1, 1, 2, 2],
            "step": [0, 0, 1, 1, 2, 2],
            "position": [0, 1] * 3,
            "topic": ["a", "b", "a", "c", "a", "$b_"],
            "clicked": [True, False, True, True, False, False],
            "engagement": [2.0, 0.0, 1.0, 0.5, 0.0, 0.0],
            "policy": "random",
        }
    )
    rows = [(step, "mood $", topic, 0.1 * step) for step in range(4) for topic in ("a", "b", "c", "d")]
    rows += [(step, "trust", "", 1.0 - 0.1 * step) for step in range(4)]
    return impressions, pd.DataFrame(rows, columns=["step", "kind", "topic", "value"]).assign(policy="random")


def drawn(oracles=()):
    figure = user_lives(*tables(), looks_of(["random"], oracles), "User 0 in a $world", "bites")
    figure.canvas.draw()
    return figure


def test_cells_are_full_where_something_was_opened_and_pale_elsewhere():
    (image,) = drawn().axes[0].images
    cells = np.asarray(image.get_array())
    first, second = (np.array(to_rgb(colour)) for colour in TOPIC_COLOURS[:2])
    grey = np.array(to_rgb(OTHER_TOPICS))
    faint = grey + PALE_GREY * (1 - grey)  # only topics that were opened have colours
    expected = [[first, first, first + PALE * (1 - first)], [faint, second, faint]]
    np.testing.assert_allclose(cells, expected)


def test_the_caption_counts_and_names_are_written_as_they_are():
    figure = drawn()
    title = figure.axes[0].get_title()
    assert title == "random\n3 of 6 opened, 3.5 bites\n3 slates in 2 sessions, 2.0 days"
    assert [axes.get_ylabel() for axes in figure.axes] == ["position", r"mood \$", "trust"]
    assert r"a \$world" in figure.get_suptitle()
    assert figure.get_suptitle().endswith("pale where not; colours are topics")
    assert drawn(["random"]).get_suptitle().endswith("; * oracle")


def test_what_there_is_not_is_not_spoken_of():
    impressions, hidden = tables()
    alone = impressions.assign(topic="", session=1)
    figure = user_lives(alone, hidden, looks_of(["random"], []), "User 0", "bites")
    assert figure.get_suptitle().endswith("pale where not")
    assert figure.axes[0].get_title().endswith("\n3 slates")
    assert figure.axes[-1].get_xlabel() == "step"


def test_every_kind_of_number_has_a_panel_with_a_line_a_topic():
    _, moods, trust = drawn().axes
    assert [line.get_color() for line in moods.lines] == [
        TOPIC_COLOURS[0],
        OTHER_TOPICS,
        TOPIC_COLOURS[1],
        OTHER_TOPICS,
    ]
    assert [line.get_color() for line in trust.lines] == ["black"]
    assert len(moods.patches) == 1  # the second of two sessions
