"""docs/scenarios.md says what the code does: every setting of a feed with its default."""

import re
from pathlib import Path

import pytest

from driftrec.envs import VideoEnv, video_world
from driftrec.simulators.feed.feed_config import VIDEO
from tests.simulators.lives import one_by_one

PAGE = (Path(__file__).parents[1] / "docs" / "scenarios.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([\w.]+)` \| ([^|]+?) \|", PAGE.partition("### Settings")[2], re.MULTILINE))


def test_every_setting_is_on_the_page_with_its_default():
    assert {name: float(value) for name, value in ROWS.items()} == {
        ".".join(path): value for path, value in one_by_one(VIDEO)
    }


def test_every_setting_has_a_source():
    rows = re.findall(r"^\| `[\w.]+` \|.*\| ([^|]*) \|$", PAGE.partition("### Settings")[2], re.MULTILINE)
    assert len(rows) == len(ROWS)
    assert all(rows)


@pytest.mark.parametrize("name", video_world().fields)
def test_every_key_of_the_observation_is_explained(name):
    assert re.search(rf"^ *\| {name} \|", VideoEnv.__doc__, re.MULTILINE)
