"""docs/published-worlds.md: its examples run as printed, and its tables are those of the code and of the results."""

import json
import re
from pathlib import Path

import gymnasium as gym
import pandas as pd
import pytest

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.simulators.published.sardine_config import PUBLISHED

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "published-worlds.md").read_text(encoding="utf-8")
RESULTS = ROOT / "results" / "published" / "verify"
WORLDS = [name for name in gym.registry if name.startswith(("driftrec/RecSim-", "driftrec/Sardine-"))]


def example(sign):
    """The one code block of the page that holds ``sign``."""
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if sign in block]
    return block


def row(name):
    """Cells of a world's line in the first table."""
    (line,) = re.findall(rf"^\| `{name}` \|(.*)\|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in line.split("|")]


def test_environments_are_made_as_printed():
    names = {}
    exec(example("gym.make_vec"), names)
    assert names["envs"].num_envs == 1024
    assert names["envs"].world.slate_size == 3
    assert set(names["observation"]) == {"shown", "clicked", "age", "hist"}


def test_a_planner_is_measured_as_printed(capsys):
    code = example("QuotaPlanner")
    assert "episodes=1000" in code
    exec(code.replace("episodes=1000", "episodes=50"), {})
    # 499.5 with standard deviation 60 by the packaged items, 484 and 83 by generated ones: at least 3 errors of 50.
    assert 445 < float(capsys.readouterr().out) < 550


def test_dqn_trains_as_printed():
    code = example("DQN")
    names = {}
    exec(code.replace("1_000)", "16)").replace("100_000", "64"), names)
    assert names["model"].num_timesteps == 64
    assert names["model"].action_space == gym.spaces.Discrete(1000)


@pytest.mark.parametrize("identifier", WORLDS)
def test_sizes_and_ends_are_the_defaults(identifier):
    env = gym.make(identifier).unwrapped
    slate, number, _, ends, _ = row(identifier.removeprefix("driftrec/").removesuffix("-v0"))
    assert int(slate) == env.world.slate_size
    assert int(number.split()[0].replace(",", "")) == env.world.num_items
    steps = re.search(r"after (\d+) steps", ends)
    if "budget" not in ends:
        assert env.horizon == int(steps[1])
    elif steps:
        assert env.world.config.time_budget == int(steps[1])


@pytest.mark.parametrize("identifier", WORLDS)
@pytest.mark.parametrize("settings", [{}, {"observation": "partial"}], ids=["default", "partial"])
def test_every_key_of_the_observations_is_named(identifier, settings):
    if settings and "RecSim" in identifier:
        pytest.skip("has one observation")
    for key in gym.make(identifier, **settings).observation_space.spaces:
        assert f"`{key}`" in PAGE


def test_every_world_is_in_the_table_of_gaps():
    gaps = PAGE[PAGE.index("## Which have a long-term gap") :]
    named = set(re.findall(r"^\| (?:Sardine-|RecSim-)([\w-]+)", gaps, re.MULTILINE))
    assert named == {*PUBLISHED, "InterestEvolution", "InterestExploration", "LongTermSatisfaction"}


def test_the_page_says_what_the_results_say():
    rows, lives = pd.read_csv(RESULTS / "verify.csv"), pd.read_csv(RESULTS / "lives.csv")
    users = pd.read_csv(RESULTS / "same-users.csv")
    assert rows["agrees"].all()
    assert users["agrees"].all()
    assert f"{len(rows)} of {len(rows)}; the farthest is {rows['z'].abs().max():.2f} off" in PAGE
    assert f"{users['user_steps'].sum():,} user-steps" in PAGE
    assert f"{len(lives)} tests, the smallest p is {lives['p'].min():.3f}" in PAGE
    assert lives["p"].min() > 0.01
    assert json.loads((RESULTS / "config.json").read_text())["command"].startswith("driftrec verify --original")
