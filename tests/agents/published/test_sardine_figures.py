"""Figures measured with the original SARDINE, reproduced within three combined standard errors."""

import math

import pytest

from driftrec.agents.published.figures_sardine import FIGURES, PLANNER_SKETCH, Figure, episode_clicks, measure, z_score
from driftrec.agents.published.sardine_planner import TUNED, QuotaPlanner
from driftrec.envs.sardine import sardine_horizon, sardine_world
from driftrec.simulators.published.sardine_config import PUBLISHED
from driftrec.simulators.published.sardine_items import PACKAGED, packaged_file

installed = pytest.mark.skipif(packaged_file(PACKAGED[1000]) is None, reason="sardine-rec is not installed")

OTHERS = {("SingleItem-BoredInf", "oracle"), ("SlateTopK-Uncertain", "oracle, epsilon 0.5")}
QUICK = [
    figure
    for figure in FIGURES
    if figure.source.endswith("8.11")
    and (figure.policy == "random" or "Rerank" in figure.world or (figure.world, figure.policy) in OTHERS)
]


@installed
@pytest.mark.parametrize("figure", QUICK, ids=lambda figure: f"{figure.world}, {figure.policy}")
def test_figures_are_reproduced(figure):
    """18 figures at 3 errors: one in 20 sets of seeds would fail by chance; this seed is fixed.

    Tried: it fails if users have 4 to 6 topics, and with corrected influence.
    """
    episodes = 15_000 if "Rerank" in figure.world else 2_000
    mean, error = measure(figure, episodes, seed=5)
    assert abs(z_score(figure, mean, error, episodes)) <= 3


@installed
@pytest.mark.parametrize("name", PLANNER_SKETCH)
def test_the_planner_beats_the_sketched_one(name):
    """By more than two standard errors of ours."""
    world, horizon, users = sardine_world(name), sardine_horizon(name, None), 2_000 if "Rerank" in name else 300
    clicks = episode_clicks(world, QuotaPlanner(world, horizon, TUNED[name]), users, horizon, seed=6)
    assert clicks.mean() - 2 * clicks.std() / math.sqrt(users) > PLANNER_SKETCH[name]


def test_every_world_has_planner_weights():
    assert list(TUNED) == list(PUBLISHED)


def test_there_is_a_figure_for_every_world_and_policy():
    assert len(FIGURES) == 8 * 5 + 8 * 2
    assert len({(figure.world, figure.policy, figure.source) for figure in FIGURES}) == len(FIGURES)
    assert set(PLANNER_SKETCH) < {figure.world for figure in FIGURES}


@pytest.mark.parametrize(
    ("standard_error", "mean", "own", "z"),
    [
        (0.3, 10.5, 0.4, 1.0),
        (0.0, 10.0, 0.0, 0.0),
        (0.0, 9.0, 0.0, -math.inf),
        (None, 11.0, 0.1, 1 / math.hypot(0.1, 0.2)),  # theirs: a quarter of the episodes, twice the error
    ],
)
def test_z_scores_by_hand(standard_error, mean, own, z):
    figure = Figure("SlateTopK-Bored", "random", 100, 10.0, standard_error, "nowhere", {})
    assert z_score(figure, mean, own, 400) == pytest.approx(z)
