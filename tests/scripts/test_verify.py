"""``driftrec verify``: what it prints, what it writes, and how it ends."""

import json
from pathlib import Path

import pandas as pd
import pytest

from driftrec.agents.figures import figures_recsim
from driftrec.agents.worlds import kits
from driftrec.agents.worlds.feature_kit import FeatureKit

WORLD = ("--worlds", "RecSim-LongTermSatisfaction")


@pytest.fixture
def wrong(monkeypatch):
    """One figure, which is not what the world does."""
    (figure, *_) = [f for f in figures_recsim.FIGURES if f.name == WORLD[1]]
    monkeypatch.setattr(figures_recsim, "FIGURES", (figure.__class__(**{**figure.__dict__, "mean": 500.0}),))


def test_agreement_is_printed_written_and_the_end_is_good(driftrec, tmp_path):
    done = driftrec("verify", *WORLD, "--episodes", "600", "--out", "folder")
    assert done.status == 0, done.err
    table = pd.read_csv(tmp_path / "folder" / "verify.csv")
    assert len(table) == sum(figure.name == WORLD[1] for figure in figures_recsim.FIGURES)
    assert table["agrees"].all()
    page = (tmp_path / "folder" / "verify.md").read_text()
    about = f"{len(table)} of {len(table)} rows are within 3 standard errors"
    assert about in page
    assert about in done.out
    assert page.count("\n| RecSim-LongTermSatisfaction |") == len(table)
    config = json.loads((tmp_path / "folder" / "config.json").read_text())
    assert config["command"] == f"driftrec verify {' '.join(WORLD)} --episodes 600 --out folder"
    assert config["seed"] == 0


def test_the_same_seed_gives_the_same_figures(driftrec, tmp_path):
    for folder, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        driftrec("verify", *WORLD, "--episodes", "2", "--seed", seed, "--out", folder)
    tables = {name: pd.read_csv(tmp_path / name / "verify.csv")["ours"].tolist() for name in "abc"}
    assert tables["a"] == tables["b"] != tables["c"]


OWN = """
from types import MappingProxyType
from driftrec.agents.baselines import Random
from driftrec.agents.setup import context_of
from driftrec.agents.figures.figures import Figure
from driftrec.agents.worlds.feature_kit import FeatureKit
from driftrec.agents.worlds.kits import register
import toys.snacks


class Seen:
    FIGURES = (Figure("Snacks-v0", {}, "random", 50, MEAN, 0.1, "a note"),)
    POLICIES = MappingProxyType({"random": lambda world: Random(context_of(world))})


class SnackKit(FeatureKit):
    figures = Seen


register("Snacks-v0", SnackKit())
"""


@pytest.mark.parametrize(("mean", "status"), [(9.0, 1), (3.3, 0)])
def test_figures_of_an_own_kit_are_measured(driftrec, tmp_path, monkeypatch, mean, status):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    monkeypatch.setitem(kits.KITS, "Snacks-v0", FeatureKit())  # put right by the module, and gone after the test
    name = f"seen_{status}"
    (tmp_path / f"{name}.py").write_text(OWN.replace("MEAN", str(mean)))
    done = driftrec("verify", "--worlds", f"{name}:Snacks-v0", "--episodes", "200")
    assert done.status == status, done.err
    assert f"{1 - status} of 1 rows are within 3" in done.out


@pytest.mark.usefixtures("wrong")
def test_disagreement_is_written_and_ends_in_status_1(driftrec, tmp_path):
    done = driftrec("verify", *WORLD, "--out", "folder")
    assert done.status == 1
    assert "0 of 1 rows are within 3" in done.out
    assert "NO" in done.out
    assert not pd.read_csv(tmp_path / "folder" / "verify.csv")["agrees"].any()


def test_nothing_is_written_unless_asked_for(driftrec, tmp_path):
    driftrec("verify", *WORLD, "--episodes", "2")
    assert not list(tmp_path.iterdir())


def test_the_original_stands_beside(driftrec, tmp_path):
    pytest.importorskip("sardine")
    words = ("--worlds", "Sardine-SlateRerank-Bored", "--original", "--users", "2", "--original-episodes", "20")
    done = driftrec("verify", *words, "--out", "folder")
    assert done.status == 0, done.out
    page = (tmp_path / "folder" / "verify.md").read_text()
    assert "4 of 4 rows are alike" in page
    assert "12 Kolmogorov-Smirnov tests" in page
    assert len(pd.read_csv(tmp_path / "folder" / "same-users.csv")) == 4
    assert len(pd.read_csv(tmp_path / "folder" / "lives.csv")) == 12
    assert json.loads((tmp_path / "folder" / "config.json").read_text())["peers"]["sardine-rec"] == "1.0.8"


def test_a_folder_with_anything_in_it_is_left_alone(driftrec, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    done = driftrec("verify", *WORLD, "--out", str(tmp_path))
    assert done.status == 2
    assert "is not empty; runs are never written over" in done.err
