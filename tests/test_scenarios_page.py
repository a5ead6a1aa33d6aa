"""docs/scenarios.md says what the code does: every setting of a feed with its default."""

import re
from pathlib import Path

import pytest

from driftrec.envs import NewsStreamEnv, VideoEnv, news_stream_world, video_world
from driftrec.simulators.feed.feed_config import MUSIC, STREAM, VIDEO
from tests.simulators.lives import one_by_one

PAGE = (Path(__file__).parents[1] / "docs" / "scenarios.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("### Settings")[2]
ROWS = re.findall(r"^\| `([\w.]+)` \| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|$", SECTION, re.MULTILINE)


@pytest.mark.parametrize(("column", "config"), [(1, VIDEO), (2, MUSIC), (3, STREAM)])
def test_every_setting_is_on_the_page_with_its_default(column, config):
    told = {row[0]: float(row[column]) for row in ROWS if row[column] != "-"}
    assert told == {".".join(path): value for path, value in one_by_one(config)}


def test_every_setting_has_a_source():
    assert len(re.findall(r"^\| `", SECTION, re.MULTILINE)) == len(ROWS)
    assert all(row[4] for row in ROWS)


@pytest.mark.parametrize("name", news_stream_world().fields)
def test_every_key_of_the_observation_is_explained(name):
    of = VideoEnv if name in video_world().fields else NewsStreamEnv
    assert re.search(rf"^ *\| {name} \|", of.__doc__, re.MULTILINE)
