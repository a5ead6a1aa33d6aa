"""docs/model.md says what the code does: names, defaults and ranges of all settings, and the observation's keys."""

import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from driftrec.envs import NewsEnv, news_world
from driftrec.simulators.news_config import NewsConfig

PAGE = (Path(__file__).parents[1] / "docs" / "model.md").read_text(encoding="utf-8")
CONFIG = NewsConfig()
MECHANISMS = {name: getattr(CONFIG, name) for name in ("choice", "reading", "satisfaction", "satiation", "drift")}
MECHANISMS |= {name: getattr(CONFIG, name) for name in ("session_end", "comeback")}
ROW = re.compile(r"^\| `(\w+)` \| (\S+) \| (\S+) to ([^|]+?)(?:, whole)? \|", re.MULTILINE)


def rows(heading):
    """Name, default and range of each setting under a heading."""
    section = PAGE.partition(heading)[2].partition("\n### ")[0].partition("\n## ")[0]
    return {name: (default, low, high.replace(",", "")) for name, default, low, high in ROW.findall(section)}


SETTINGS = [
    *[(CONFIG, name, row) for name, row in rows("### World settings").items()],
    *[(part, name, row) for key, part in MECHANISMS.items() for name, row in rows(f"(`config.{key}`").items()],
]


def test_every_setting_is_on_the_page():
    numbers = {name for name in (field.name for field in fields(CONFIG)) if name not in MECHANISMS}
    assert set(rows("### World settings")) == numbers
    for key, part in MECHANISMS.items():
        assert set(rows(f"(`config.{key}`")) == {field.name for field in fields(part)}, key


@pytest.mark.parametrize(("part", "name", "row"), SETTINGS, ids=lambda x: x if isinstance(x, str) else "")
def test_defaults_and_ranges_are_those_of_the_code(part, name, row):
    default, *ends = row
    assert getattr(part, name) == float(default)
    for end, way in zip(ends, (-np.inf, np.inf), strict=True):
        if end.startswith("`"):  # the value of another setting
            end = getattr(part, end.strip("`"))
        bound = type(getattr(part, name))(float(end))
        replace(part, **{name: bound})
        beyond = bound + int(np.sign(way)) if isinstance(bound, int) else np.nextafter(bound, way)
        with pytest.raises(ValueError, match="must be between"):
            replace(part, **{name: beyond})


@pytest.mark.parametrize("text", [PAGE, NewsEnv.__doc__], ids=["page", "docstring"])
def test_every_key_of_the_observation_is_explained(text):
    for name in news_world().fields:
        assert re.search(rf"^ *\|[^|]*\b{name}\b", text, re.MULTILINE), name
