"""README's examples, as printed."""

import re
from pathlib import Path

import numpy as np
import pytest

from driftrec.agents.policy import Context
from driftrec.agents.registry import build_policy

README = Path(__file__).parents[1] / "README.md"


def example(sign):
    """The one code block of README that holds ``sign``."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [block for block in blocks if sign in block]
    return block


def test_the_environment_runs_as_printed():
    names = {}
    exec(example("gym.make("), names)
    assert names["envs"].num_envs == 1024
    catalogue = names["env"].unwrapped.world.catalogue  # as the text says
    assert len(catalogue.titles) == len(catalogue.ids) == 1000


@pytest.mark.slow  # a network with 5,000 outputs
def test_stable_baselines3_trains_as_printed():
    code = example("MultiInputPolicy")
    assert "100_000" in code
    names = {}
    exec(code.replace("num_envs=64", "num_envs=2").replace("100_000", "64"), names)
    assert names["model"].num_timesteps == 64


@pytest.mark.parametrize("slate_size", [1, 5, 12])
def test_own_policy_is_short_and_serves_as_printed(slate_size, tmp_path, monkeypatch):
    code = example("class ")
    assert len(code.splitlines()) < 25
    (tmp_path / "mypolicy.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    rows = np.eye(12, dtype=np.float32)
    context = Context(slate_size, rows, rows[:3], np.ones(12, np.float32), tuple(map(str, range(12))))
    policy = build_policy("mypolicy:Newest", context)
    policy.reset(4, seed=0)
    for _ in range(30):
        slates = policy.act({})
        assert slates.shape == (4, slate_size)
        assert all(len(set(slate)) == slate_size and 0 <= min(slate) <= max(slate) < 12 for slate in slates.tolist())
