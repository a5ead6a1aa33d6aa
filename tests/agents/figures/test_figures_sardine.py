"""Figures measured with the original SARDINE, reproduced within three combined standard errors."""

import math

import pytest

from driftrec.agents.figures.figures import measure, returns
from driftrec.agents.figures.figures_sardine import FIGURES, PLANNER_SKETCH, POLICIES, env_id
from driftrec.agents.oracles.sardine_planner import TUNED, QuotaPlanner
from driftrec.envs.sardine import sardine_horizon, sardine_world
from driftrec.simulators.published.sardine_config import PUBLISHED
from driftrec.simulators.published.sardine_items import PACKAGED, packaged_file

installed = pytest.mark.skipif(packaged_file(PACKAGED[1000]) is None, reason="sardine-rec is not installed")

OTHERS = {(env_id("SingleItem-BoredInf"), "oracle"), (env_id("SlateTopK-Uncertain"), "oracle, epsilon 0.5")}
QUICK = [
    figure
    for figure in FIGURES
    if figure.source.endswith("8.11")
    and (figure.policy == "random" or "Rerank" in figure.world or (figure.world, figure.policy) in OTHERS)
]


@installed
@pytest.mark.parametrize("figure", QUICK, ids=lambda figure: f"{figure.name}, {figure.policy}")
def test_figures_are_reproduced(figure):
    """18 figures at 3 errors: one in 20 sets of seeds would fail by chance; this seed is fixed.

    Tried: it fails if users have 4 to 6 topics, and with corrected influence.
    """
    episodes = 15_000 if "Rerank" in figure.world else 2_000
    assert measure(figure, POLICIES, episodes, seed=5).agrees


@installed
@pytest.mark.parametrize("name", PLANNER_SKETCH)
def test_the_planner_beats_the_sketched_one(name):
    """By more than two standard errors of ours."""
    world, horizon, users = sardine_world(name), sardine_horizon(name, None), 2_000 if "Rerank" in name else 300
    clicks = returns(world, QuotaPlanner(world, horizon, TUNED[name]), users, horizon, seed=6)
    assert clicks.mean() - 2 * clicks.std() / math.sqrt(users) > PLANNER_SKETCH[name]


def test_every_world_has_planner_weights():
    assert list(TUNED) == list(PUBLISHED)


def test_there_is_a_figure_for_every_world_and_policy():
    assert len(FIGURES) == 8 * 5 + 8 * 2
    assert {env_id(name) for name in PLANNER_SKETCH} < {figure.world for figure in FIGURES}
