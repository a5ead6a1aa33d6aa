"""The site of docs/: built without a warning, whole, and asking nothing of the network."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = re.compile(r'<(?:img|script|link|iframe|source)\b[^>]*?\b(?:src|href)="?([^">\s]+)')
LINKS = re.compile(r'\bhref="([^"#]+)')
OUTSIDE = re.compile(r"(?:[a-z]+:)?//|data:|mailto:")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, as ``make docs`` builds it."""
    folder = tmp_path_factory.mktemp("site") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=1800,  # some fifteen seconds, on a machine that does nothing else
    )
    assert done.returncode == 0, done.stderr[-5000:]
    assert "WARNING" not in done.stderr
    return folder


def pages(site):
    return {file: file.read_text(encoding="utf-8") for file in site.rglob("*.html") if file.name != "404.html"}


def test_every_page_of_docs_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = {line.rpartition(" ")[2] for line in navigation.splitlines()}
    assert {file.name for file in (ROOT / "docs").glob("*.md")} - named == set()
    assert {str(file.relative_to(ROOT)) for file in (ROOT / "results").rglob("README.md")} - named == set()


@pytest.mark.slow  # the next too: they wait for the site
def test_every_page_of_docs_and_every_room_is_there(site):
    wanted = {file.stem for file in (ROOT / "docs").glob("*.md")} | {"tour", "CHANGELOG", "CONTRIBUTING", "LICENSE"}
    assert {name for name in wanted if not (site / f"{name}.html").is_file()} == set()
    for readme in (ROOT / "results").rglob("README.md"):
        assert (site / readme.relative_to(ROOT)).with_name("index.html").is_file(), readme
    api = (site / "api" / "driftrec.agents.html").read_text(encoding="utf-8")
    assert 'id="driftrec.agents.policy.Policy.act"' in api


@pytest.mark.slow
def test_links_and_pictures_lead_to_files(site):
    broken = set()
    for file, text in pages(site).items():
        for link in {*SOURCES.findall(text), *LINKS.findall(text)}:
            if not OUTSIDE.match(link) and not (file.parent / unquote(link.partition("?")[0])).exists():
                broken.add(f"{file.relative_to(site)}: {link}")
    assert broken == set()


@pytest.mark.slow
def test_what_pages_load_is_their_own(site):
    loaded = {link for text in pages(site).values() for link in SOURCES.findall(text)}
    assert {link for link in loaded if OUTSIDE.match(link) and not link.startswith("data:")} == set()
    styles = [file.read_text(encoding="utf-8") for file in site.rglob("*.css")]
    assert not any(re.search(r"url\(['\"]?(?:https?:)?//|@import", style) for style in styles)


@pytest.mark.slow
def test_pictures_sources_and_the_notebook_are_shown(site):
    read = {name: (site / name).read_text(encoding="utf-8") for name in ("index.html", "how-to.html", "tour.html")}
    assert 'src="results/news-demo/interest_journey.png"' in read["index.html"]
    assert 'href="examples/own_policy.py.html"' in read["how-to.html"]
    assert "class" in (site / "examples" / "own_policy.py.html").read_text(encoding="utf-8")
    assert 'src="data:image/png;base64,' in read["tour.html"]
    assert '<html lang="zh"' in (site / "framework.zh.html").read_text(encoding="utf-8")
