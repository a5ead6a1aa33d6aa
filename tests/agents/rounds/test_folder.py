"""The folder of a deployment: whole or not there, and refused where it is another's."""

import json

import pytest

from driftrec.agents.rounds.folder import check_same, made_whole, resumed, stamp
from driftrec.agents.rounds.plan import Deployment
from tests.agents.rounds.toy_rounds import toy_plan, toy_setup


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    writing = made_whole(tmp_path / "round")
    (writing.__enter__() / "one").write_text("half")  # and never left
    assert not (tmp_path / "round").exists()
    with made_whole(tmp_path / "round") as part:
        assert not list(part.iterdir())  # what a kill left is gone
        (part / "two").write_text("all")
    assert [path.name for path in (tmp_path / "round").iterdir()] == ["two"]
    assert not part.exists()


def test_a_folder_tells_its_plan(tmp_path):
    place = Deployment(toy_plan(), toy_setup())
    (tmp_path / "config.json").write_text(json.dumps(stamp(place)))
    plan, fingerprints = resumed(tmp_path)
    assert plan == place.plan
    check_same(tmp_path, fingerprints, place)
    with pytest.raises(ValueError, match="was begun in another world: its catalogue differs"):
        check_same(tmp_path, {**fingerprints, "catalogue": "0" * 64}, place)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("{", r"config\.json is damaged"),
        ('{"seed": 1}', "holds a run of another kind; give a folder of driftrec rounds"),
        ('{"kind": "rounds", "format": 0}', "is of version 0 of such folders, and this is version 1"),
    ],
)
def test_a_folder_of_another_kind_or_version_is_refused(tmp_path, told, said):
    (tmp_path / "config.json").write_text(told)
    with pytest.raises(ValueError, match=said):
        resumed(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no deployment: it has no config\.json. Begin one with"):
        resumed(tmp_path)
