"""``driftrec recommend --catalogue``: items come and go, and nothing is trained again."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.runs.checkpoint import read_config
from driftrec.agents.runs.recommender import load_recommender
from driftrec.agents.runs.train import train
from driftrec.agents.runs.user_log import observations_of
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import item_ids, kit_of, settings_of
from driftrec.simulators.settings import updated
from tests.scripts.test_recommend import TOY, history

ARRAYS = ("topic", "latent", "quality", "allure", "minutes")


@pytest.fixture(scope="module")
def written(project, tiny_model, tmp_path_factory):
    """Encodes items as a later catalogue; gives the folder."""
    folder = tmp_path_factory.mktemp("later")

    def write(driftrec, items, name):
        items.to_csv(folder / f"{name}.csv", index=False)
        words = ("--catalogue", folder / f"{name}.csv", "--out", folder / name, "--model", tiny_model, "--seed", "1")
        done = driftrec("encode", *words, folder=project.folder)
        assert done.status == 0, done.err
        return folder / name

    return write


@pytest.fixture
def items(project):
    """The items of the training, as they were written."""
    return pd.read_csv(project.folder / "items.csv", dtype=str)


def served(recommender, file, user="me"):
    """What it shows the user of a log."""
    return recommender.recommend(recommender.read(file), user)


def recommend(driftrec, project, log, catalogue):
    """The command, by the run of the project."""
    words = ("--run", project.run, "--log", log, "--user", "me", "--catalogue", catalogue)
    return driftrec("recommend", *words, folder=project.folder)


@pytest.fixture
def log(project, tmp_path, monkeypatch):
    """Of one user, who opened two items; commands run where the training did."""
    monkeypatch.chdir(project.folder)
    ids = [str(item) for item in load_setting(project.catalogue).catalogue.ids]
    history(("me", 0.0, ids[0], 2.0), ("me", 1.0, ids[1], 3.0)).to_csv(tmp_path / "log.csv", index=False)
    return tmp_path / "log.csv"


def test_the_same_items_in_another_order_are_served_as_before(driftrec, project, items, written, log):
    """Learned weights go with ids. Failed with weights that stay at their places."""
    again = load_recommender(str(project.run), str(written(driftrec, items.iloc[::-1], "turned")))
    before = load_recommender(str(project.run))
    assert served(again, log) == served(before, log)
    seen = (list(observations_of(each.setup, each.read(log), "me", 0.0))[-1] for each in (again, before))
    told = [each.policy.act(last) for each, last in zip((again, before), seen, strict=True)]
    np.testing.assert_array_equal(*told)


def test_items_go_and_come_and_are_fewer_than_candidates(driftrec, project, items, written, log):
    """Half the items go, those of the last topic too, and one comes; the user's past of gone items still counts."""
    column = items.columns[0]
    later = pd.concat([items.iloc[6:][::-1], items.iloc[:1].assign(**{column: "brand-new"})])
    folder = written(driftrec, later, "fewer")
    done = recommend(driftrec, project, log, folder)
    assert done.status == 0, done.err
    slate = [line.split("\t")[0] for line in done.out.splitlines() if "\t" in line]
    assert len(set(slate)) == 3
    assert set(slate) <= set(later[column])
    recommender = load_recommender(str(project.run), str(folder))
    assert served(recommender, log) == slate
    *_, seen = observations_of(recommender.setup, recommender.read(log), "me", 0.0)
    ids = item_ids(recommender.setup)
    assert {ids[item] for item in seen["shown"][0] if item >= 0} == set(items[column][:2])  # both are gone
    assert "brand-new" in ids


def test_an_item_of_another_text_is_the_same_item(driftrec, project, items, written, log):
    column = items.columns[0]
    changed = items.copy()
    changed.loc[2, items.columns[1]] = "Harbour cranes lift a whale"
    recommender = load_recommender(str(project.run), str(written(driftrec, changed, "changed")))
    setup, old = recommender.setup, load_setting(project.catalogue)
    ids = item_ids(setup)
    assert len(ids) == len(items) + 1
    assert ids[-1] == items[column][2]
    assert setup.withheld.sum() == 1
    assert setup.context.titles[-1] == "Harbour cranes lift a whale"
    np.testing.assert_array_equal(setup.context.item_embeddings[:-1], old.item_embeddings)
    own = recommender.policy.stage.judge.ranker.own
    np.testing.assert_array_equal(own[-1].detach(), own[ids.index(f"{ids[-1]} (before its text was changed)")].detach())


def test_what_cannot_be_served_is_said(driftrec, project, items, written, log):
    column = items.columns[0]
    strange = items.assign(**{column: [f"other-{number}" for number in range(len(items))]})
    for later, message in ((strange, "holds none of the items"), (items.iloc[:2], "holds 2 items, and slates have 3")):
        folder = written(driftrec, later, f"bad-{len(later)}")
        done = recommend(driftrec, project, log, folder)
        assert (done.status, message in done.err) == (2, True), done.err


def test_a_world_without_texts_is_told_so():
    setup = set_up(WorldArgs("driftrec/RecSim-LongTermSatisfaction-v0"))
    with pytest.raises(ValueError, match="has no texts by which a policy could know new items"):
        kit_of(setup).later(setup, None, None)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A toy run in the made-up fitted world of forty items."""
    folder = tmp_path_factory.mktemp("fitted")
    setup = set_up(WorldArgs("driftrec/Fitted-v0", horizon=6, slate_size=3))
    train(setup, updated(settings_of("driftrec/Fitted-v0"), TOY), seed=1, folder=folder)
    return folder


def described(setup, names):
    """A catalogue whose texts say where items lie: the world's vectors, and those of new items the negative."""
    parameters = setup.world.parameters
    place = {item: number for number, item in enumerate(parameters.ids)}
    rows = [parameters.vectors[place[n]] if n in place else -parameters.vectors[place[n[4:]]] for n in names]
    setting = load_setting()
    number = np.arange(len(names))
    catalogue = replace(
        setting.catalogue,
        ids=tuple(names),
        **{each: getattr(setting.catalogue, each)[: len(names)] for each in ("titles", "texts", "subtopics")},
        **{
            each: getattr(setting.catalogue, each)[number]
            for each in ("topic", "latent", "quality", "allure", "minutes")
        },
    )
    return replace(setting, catalogue=catalogue, item_embeddings=np.array(rows, np.float32))


def test_a_fitted_world_knows_new_items_by_their_texts(fitted, tmp_path):
    """Ten go and two come: each lies where its text says, gone ones are withheld, and features keep their width."""
    setup = set_up(WorldArgs(**read_config(fitted)["world"]))
    names = [*(f"item-{n}" for n in range(10, 40)), "not-item-12", "not-item-13"]
    later = kit_of(setup).later(setup, described(setup, names), tmp_path)
    old, new = setup.world.parameters, later.setup.world.parameters
    assert new.ids == (*old.ids, "not-item-12", "not-item-13")
    np.testing.assert_array_equal(new.vectors[:40], old.vectors)
    np.testing.assert_allclose(new.vectors[40:], -old.vectors[12:14], atol=0.1)
    np.testing.assert_array_equal(np.flatnonzero(later.setup.withheld), np.arange(10))
    np.testing.assert_array_equal(later.rows, [*range(40), -1, -1])


def test_a_run_of_a_fitted_world_shows_nothing_that_is_gone(fitted, tmp_path, monkeypatch):
    """Of forty items four are left, and slates hold three of them; failed while withheld items could be candidates."""
    setup = set_up(WorldArgs(**read_config(fitted)["world"]))
    names = [*(f"item-{n}" for n in range(3)), "not-item-5"]
    monkeypatch.setattr("driftrec.agents.runs.renewed.load_setting", lambda folder: described(setup, names))
    recommender = load_recommender(str(fitted), "later")
    history(("a", 0.0, "item-30", 1.0), ("a", 0.2, "item-5", 1.5)).to_csv(tmp_path / "log.csv", index=False)
    slate = served(recommender, tmp_path / "log.csv", "a")
    assert len(set(slate)) == 3
    assert set(slate) <= set(names)
