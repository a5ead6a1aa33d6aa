"""README, docs and the pages of results: every path, name, link, flag and command that they print is there."""

import importlib
import re
import shlex
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from driftrec.scripts.arguments import parse
from driftrec.scripts.cli import VERBS
from driftrec.scripts.keys import keys_of, kinds_of, with_settings

ROOT = Path(__file__).parents[1]
CODE = ("agents", "envs", "simulators", "scripts")
PAGES = sorted(
    [
        ROOT / "README.md",
        *ROOT.glob("CONTRIBUTING.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("results/**/README.md"),
        ROOT / "release" / "README.md",
    ]
)
SOURCES = sorted(file for folder in CODE for file in (ROOT / folder).rglob("*.py"))
WORLDS = ("driftrec/News-v0", "driftrec/RecSim-InterestEvolution-v0", "driftrec/Sardine-SlateTopK-Bored-v0")
"""One of texts, one of candidates, one of a catalogue with features."""

PATH = re.compile(rf"\b(?:{'|'.join((*CODE, 'docs', 'release', 'results', 'tests'))})(?:/[\w*-]+)+(?:\.[a-z]+)*\b")
NAME = re.compile(r"\bdriftrec(?:\.[A-Za-z_]\w*)+")
FLAG = re.compile(r"(?<![\w-])--[a-z][\w.-]*\w")

EXAMPLES = ROOT / "CONTRIBUTING.md"
"""Names what is not there yet; tests/test_contributing.py adds it."""

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text(page):
    return page.read_text(encoding="utf-8")


def inline(page):
    """What stands between single backquotes, on one line."""
    prose = re.sub(r"```.*?```", "", text(page), flags=re.DOTALL)
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]


def printed(page):
    """Commands as printed in blocks, one a line, without comments and redirections."""
    lines = text(page).replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines if re.match(r" {4}driftrec ", line)]
    return [line[: line.index(">")] if ">" in line else line for line in words]


@cache
def there(name):
    """Whether a dotted name can be imported, or is an attribute of what can."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for part in parts[count:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def args_of(verb):
    return importlib.import_module(f"driftrec.scripts.{verb.replace('-', '_')}").Args


@cache
def flags_of(verb):
    """All flags of a verb, in any of ``WORLDS``."""
    types = [args_of(verb)]
    if hasattr(types[0], "settings"):
        own = [(WORLDS[0], kind) for kind in kinds_of(types[0])] or [(world, None) for world in WORLDS]
        types = [with_settings(types[0], world, kind) for world, kind in own]
    found = {"--help", "--from", "--threads"}
    for each in types:
        for key in keys_of(each):
            ways = (True, False) if isinstance(key.default, bool) else ("x",)
            found |= {key.words(way)[0].partition("=")[0] for way in ways if not key.positional}
    return found


every_finished_page = pytest.mark.parametrize(
    "page", [page for page in PAGES if page != EXAMPLES], ids=lambda page: str(page.relative_to(ROOT))
)


@every_finished_page
def test_paths_are_there(page):
    missing = [path for path in PATH.findall(text(page)) if not list(ROOT.glob(path))]
    assert not missing


@every_page
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if link.startswith("http"):
            continue
        file, _, heading = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        if heading:
            titles = re.findall(r"^#+ (.*)$", text(target), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles], link


@every_finished_page
def test_names_can_be_imported(page):
    assert [name for name in NAME.findall(text(page)) if not there(name)] == []


@pytest.mark.parametrize("folder", CODE)
def test_names_and_paths_in_the_code_are_there(folder):
    wrong = {}
    for file in SOURCES:
        if file.relative_to(ROOT).parts[0] == folder:
            told = text(file)
            names = [name for name in NAME.findall(told) if not there(name)]
            paths = [path for path in PATH.findall(told) if path.endswith((".py", ".md")) and not list(ROOT.glob(path))]
            wrong |= {str(file): names + paths} if names + paths else {}
    assert not wrong


def test_files_of_the_page_on_training_lie_in_agents():
    named = re.findall(r"`((?:\w+/)*\w+\.py)`", text(ROOT / "docs" / "training.md"))
    assert len(set(named)) > 20
    assert [file for file in named if not (ROOT / "agents" / file).exists() and not (ROOT / file).exists()] == []


@every_page
def test_flags_are_flags_of_a_verb(page):
    known = set().union(*map(flags_of, VERBS))
    ours = " ".join(code for code in inline(page) if not re.match(r"(?!driftrec )\w+ ", code))  # not those of pip
    assert [flag for flag in FLAG.findall(ours) if flag not in known and not flag.endswith("settings")] == []


@every_page
def test_commands_in_the_text_have_their_verbs_and_flags(page):
    for code in inline(page):
        program, _, rest = code.partition(" ")
        if program == "make":
            assert re.search(rf"^{rest}:", text(ROOT / "Makefile"), re.MULTILINE), code
        if program == "driftrec" and rest and rest != "--help":
            verb = rest.split()[0]
            assert verb in VERBS or verb == "VERB", code
            assert set(FLAG.findall(rest)) <= flags_of(verb), code


@every_page
def test_printed_commands_are_understood(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _, verb, *words in printed(page):
        if any(re.match(r"my_\w+:", word) for word in words):  # a module of the reader's
            continue
        for before, word in pairwise(words):
            if before == "--from":
                Path(word).parent.mkdir(exist_ok=True)
                Path(word).touch()
        assert parse(verb, args_of(verb), words) is not None, words
