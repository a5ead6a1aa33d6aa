"""What stands beside the code: how to cite it, whose work it builds on, what is checked before a commit."""

import datetime
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import driftrec
from driftrec.agents.text.packaged_models import PACKAGED

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
KNOWN = {
    *("abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi", "identifiers", "keywords"),
    *("license", "license-url", "message", "preferred-citation", "references", "repository", "repository-artifact"),
    *("repository-code", "title", "type", "url", "version"),
}
"""Keys of the Citation File Format 1.2.0."""


def faults(cited):
    """What of a citation is not of the Citation File Format 1.2.0, or not of this project."""
    missing = {"cff-version", "message", "title", "authors"} - cited.keys()
    wrong = [f"no {key}" for key in sorted(missing)] + [f"unknown {key}" for key in sorted(cited.keys() - KNOWN)]
    for work in (cited, *cited.get("references", [])):
        wrong += [] if work.get("title") and work.get("authors") else ["a work without title or authors"]
        people = work.get("authors", [])
        wrong += [f"{who} has no name" for who in people if not ("name" in who) ^ ("family-names" in who)]
    wrong += [] if cited.get("cff-version") == "1.2.0" else ["another version of the format"]
    wrong += [] if cited.get("type", "software") in ("software", "dataset") else ["another type"]
    released = cited.get("date-released")
    return wrong + ([] if released is None or isinstance(released, datetime.date) else ["a date that is none"])


@pytest.fixture
def cited():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_citation_is_one_and_of_this_version(cited):
    assert faults(cited) == []
    assert (cited["version"], cited["license"]) == (driftrec.__version__, PROJECT["license"])
    assert set(cited["keywords"]) <= set(PROJECT["keywords"])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"cff-version": "1.1.0"}, "another version"),
        ({"authors": [{"given-names": "Ada"}]}, "has no name"),
        ({"licence": "MIT"}, "unknown licence"),
        ({"date-released": "soon"}, "a date that is none"),
    ],
)
def test_a_citation_with_a_fault_is_seen(cited, change, fault):
    assert any(fault in told for told in faults(cited | change))


def test_the_notices_name_every_packaged_model_and_peer():
    told = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    names = {model.package.replace("_", "-") for model in PACKAGED.values()}
    peers = {re.split(r"[=<>]", need)[0] for need in PROJECT["optional-dependencies"]["peers"]}
    assert {name for name in names | peers if f"`{name}`" not in told} == set()
    for need in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["peers"]):
        name, pinned, version = need.partition("==")
        assert not pinned or f"`{name}` {version}" in told, need


def test_hooks_run_what_is_installed_and_ask_no_network():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]
    (held,) = (repository["hooks"] for repository in hooks["repos"])
    assert {hook["language"] for hook in held} == {"system"}
    needed = {hook["entry"].split()[0] for hook in held}
    assert needed == {"ruff", "mypy"}
    assert needed <= {re.split(r"[=<>]", need)[0] for need in PROJECT["optional-dependencies"]["dev"]}


def test_versions_of_python_are_said_once():
    named = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if line.startswith("Programming Language")]
    assert named == ["3", "3.11", "3.12", "3.13"]
    assert PROJECT["requires-python"] == f">={named[1]}"
