"""One table of policies: whatever is known by name is in it, and whatever is in it is known somewhere."""

import re
from pathlib import Path

import pytest

from driftrec.agents.known import KNOWN, MIXED, OF_RUNS, TUNABLE, policies_in_words
from driftrec.agents.registry import CLASSES, MODEL_FILE, builders
from driftrec.agents.setup import NEWS, WorldArgs, set_up
from driftrec.agents.worlds.kits import KITS, kit_of
from driftrec.agents.worlds.text_kit import TextKit

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
RUN = re.compile(r"(?<![\w./-])([a-z][a-z0-9-]*):(?:RUN|runs/\S)")
"""A policy of a run folder, as pages spell it."""
OWN = re.compile(r"[\w.]+:[A-Z]")
"""A class of the reader's."""


@pytest.fixture(scope="module")
def known(make_setup):
    """What every world builds and loads, by environment id."""
    setups = [make_setup(8), *(set_up(WorldArgs(world)) for world in KITS if world != NEWS)]
    return {setup.args.world: (builders(setup), kit_of(setup)) for setup in setups}


def test_every_name_is_built_or_loaded_somewhere_and_no_other(known):
    built = {name for made, _ in known.values() for name in made.policies}
    loaded = {name for made, _ in known.values() for name in made.loaders} - {MODEL_FILE}
    assert built == {name for name, told in KNOWN.items() if told.bare}
    loaded.remove(MIXED)
    assert loaded == {name for name, told in KNOWN.items() if told.run != "none"} == {*OF_RUNS, *TUNABLE}


def test_what_needs_texts_is_known_where_there_are_some_alone(known):
    texts = {name for name, told in KNOWN.items() if told.texts}
    for world, (made, kit) in known.items():
        here = {*made.policies, *made.loaders} & texts
        assert here == (texts if isinstance(kit, TextKit) else set()), world


def test_baselines_and_stock_kinds_of_every_kit_are_known_in_its_world(known):
    for world, (made, kit) in known.items():
        assert set(kit.baselines) <= set(made.policies), world
        assert set(kit.stock) <= set(made.loaders) & set(OF_RUNS), world


def test_everything_that_can_be_tuned_is_made_with_its_parameters():
    assert set(TUNABLE) <= set(CLASSES)
    assert all(KNOWN[name].run != "none" for name in TUNABLE)


def test_only_what_can_do_without_a_run_has_no_need_of_one():
    assert all(told.bare for told in KNOWN.values() if told.run == "none")


def test_oracles_are_marked_as_such():
    assert {name for name, told in KNOWN.items() if told.told} == {"myopic-oracle", "planner"}


def test_the_help_names_them_all_and_what_they_show():
    words = policies_in_words()
    for name, told in KNOWN.items():
        assert re.search(rf"(?<![\w-]){name}(:RUN|,| \()", words), name
        assert told.about in words, name
        assert (f"{name}:RUN" in words) == (told.run != "none"), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_no_unknown_policy(page):
    text = page.read_text(encoding="utf-8")
    tuned = {"train"}  # `driftrec tune train:RUN` is no policy
    assert set(RUN.findall(text)) - tuned <= {name for name, told in KNOWN.items() if told.run != "none"}
    lists = [line.partition(" --")[0] for line in re.findall(r"--policies ([^`\n#|]*)", text)]
    names = [word.partition("=")[2] or word for line in lists for word in line.split()]
    assert {name.partition(":")[0] for name in names if not OWN.match(name)} <= {*KNOWN, MIXED}


def test_readme_lists_every_policy():
    text = README.read_text(encoding="utf-8")
    table = text.partition("| policy | what it is |\n|---|---|\n")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()]
    rows = {name.strip().partition(":")[0] for cell in cells for name in cell.split(",")}
    here = re.search(r"^Published worlds know (.*?)\.$", text, re.MULTILINE | re.DOTALL)[1]
    words = set(re.findall(r"[a-z0-9-]+", here)) & set(KNOWN)
    assert rows <= set(KNOWN)
    assert rows | words | set(RUN.findall(table)) == set(KNOWN)
