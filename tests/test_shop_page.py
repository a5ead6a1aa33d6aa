"""docs/scenarios-shop.md says what the code does: names and defaults of all settings, the file they are in."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from driftrec.simulators.shop.config import ShopConfig

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "scenarios-shop.md").read_text(encoding="utf-8")
CONFIG = ShopConfig()
PARTS = {field.name: getattr(CONFIG, field.name) for field in fields(CONFIG)}
MECHANISMS = {name: part for name, part in PARTS.items() if hasattr(part, "__dataclass_fields__")}


def rows(heading):
    """Defaults by name under the heading that holds ``heading``."""
    section = PAGE.partition(heading)[2].partition("\n### ")[0].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", section, re.MULTILINE))


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_setting_is_on_the_page_with_its_default(name):
    told = {field.name: str(getattr(MECHANISMS[name], field.name)) for field in fields(MECHANISMS[name])}
    assert rows(f"(`config.{name}`") == told


def test_so_are_those_of_no_mechanism():
    told = {name: str(value) for name, value in PARTS.items() if name not in MECHANISMS}
    assert rows("### The rest") == told


@pytest.mark.parametrize("name", MECHANISMS)
def test_a_mechanism_is_in_the_file_that_the_page_names(name):
    (file,) = re.findall(rf"\(`config\.{name}`, `([\w/.]+)`\)", PAGE)
    module = "driftrec." + file.removesuffix(".py").replace("/", ".")
    assert type(MECHANISMS[name]).__module__ == module
