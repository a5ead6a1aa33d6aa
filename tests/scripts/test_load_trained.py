"""README's way to load a trained policy, on the project's run."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"

pytestmark = pytest.mark.slow  # for the processes that ``project`` starts


def test_a_trained_policy_is_loaded_as_printed(project, monkeypatch, capsys):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (code,) = [block for block in blocks if "load_ppo(" in block]
    world = "WorldArgs(catalogue='items', slate_size=3, history=10, horizon=20)"
    monkeypatch.chdir(project.folder)
    names = {}
    exec(code.replace("WorldArgs()", world).replace("runs/my-ppo", "runs/0001-train"), names)
    assert names["slates"].shape == (2, 3)
    assert all(title in (project.folder / "items.csv").read_text() for title in eval(capsys.readouterr().out))
