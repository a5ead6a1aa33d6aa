"""Pictures of rounds: a line an arm, bands, shocks between the rounds that they part."""

import pandas as pd
import pytest

from driftrec.agents.plots.rounds_plot import rounds_figures

ROW = {"held_out": 20.0, "held_out_low": 18.0, "held_out_high": 22.0, "fresh_share": 0.1, "fresh_engagement": 0.3}


@pytest.fixture
def table():
    rows = [
        {
            "arm": arm,
            "round": number,
            "engagement": 10.0 + number,
            "engagement_low": 9.0,
            "engagement_high": 12.0,
            **ROW,
        }
        for number in range(3)
        for arm in ("frozen", "ppo@ids", "planner")
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("shocks", [[], [{"round": 2}]])
def test_an_arm_is_a_line_and_a_shock_is_marked(table, shocks):
    told = {"world": "driftrec/Video-v0", "unit": "minutes", "shocks": shocks}
    for figure in rounds_figures(table, told).values():
        (legend,) = figure.legends
        labels = [text.get_text() for text in legend.get_texts()]
        assert labels == ["frozen", "ppo@ids", "planner *", *(["shock"] if shocks else [])]
        for axes in figure.axes:
            lines = axes.get_lines()
            assert len(lines) == len(labels)
            if shocks:
                assert list(lines[-1].get_xdata()) == [1.5, 1.5]
        figure.canvas.draw()


def test_engagement_has_a_band_an_arm(table):
    told = {"world": "driftrec/Video-v0", "unit": "minutes", "shocks": []}
    for axes in rounds_figures(table, told)["engagement_by_round"].axes:
        assert len(axes.collections) == 3
