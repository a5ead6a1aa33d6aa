"""The folder of a fitted world: the same world comes back, and what was changed or is missing is told."""

import json
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

import driftrec.envs  # noqa: F401 (registers)
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.folder import ARRAYS_FILE, NUMBERS_FILE, load_world, save_world, sha256_of
from driftrec.simulators.fitted.parameters import Marks
from tests.same import assert_same


def test_the_same_world_comes_back(tmp_path):
    save_world(tmp_path / "world", made_up(), {"log": "mine.csv"})
    again = load_world(tmp_path / "world")
    assert sha256_of(again) == sha256_of(made_up())
    assert again.tastes == made_up().tastes
    np.testing.assert_array_equal(again.vectors, made_up().vectors)
    kept, made = gym.make("driftrec/Fitted-v0", world=str(tmp_path / "world")), gym.make("driftrec/Fitted-v0")
    assert_same(kept.reset(seed=3), made.reset(seed=3))
    for _ in range(20):
        assert_same(kept.step(np.arange(5)), made.step(np.arange(5)))


def test_marks_come_back(tmp_path):
    """And a world without them has the hash that it had before there were any."""
    marks = np.arange(120, dtype=np.float32).reshape(40, 3)
    world = replace(made_up(), marks=marks, fading=Marks(3.0, (0.1, 0.2, 0.3)))
    save_world(tmp_path / "world", world)
    again = load_world(tmp_path / "world")
    np.testing.assert_array_equal(again.marks, marks)
    assert again.fading == world.fading
    assert len({sha256_of(made_up()), sha256_of(world), sha256_of(replace(world, fading=Marks(3.0)))}) == 3


def test_thresholds_and_habits_come_back(tmp_path):
    """And a world that lacks them says nothing of them, so that it has the hash that it had before there were any."""
    world = replace(
        made_up(), tastes=replace(made_up().tastes, threshold=3.0, keep=0.9, habit=0.5, habit_half_life=4.0)
    )
    save_world(tmp_path / "world", world)
    assert load_world(tmp_path / "world").tastes == world.tastes
    assert sha256_of(world) != sha256_of(made_up())
    save_world(tmp_path / "plain", made_up())
    told = json.loads((tmp_path / "plain" / NUMBERS_FILE).read_text())
    assert not {"threshold", "keep", "habit", "habit_half_life"} & set(told["tastes"])


def test_the_hash_tells_every_change():
    prints = {sha256_of(made_up()), sha256_of(made_up(seed=1)), sha256_of(replace(made_up(), spread=0.2))}
    prints |= {sha256_of(replace(made_up(), tastes=replace(made_up().tastes, fast=1.0)))}
    assert len(prints) == 4


def _without(name):
    return lambda folder: (folder / name).unlink()


def _changed(**changes):
    def change(folder):
        kept = json.loads((folder / NUMBERS_FILE).read_text())
        (folder / NUMBERS_FILE).write_text(json.dumps({**kept, **changes}))

    return change


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (_without(NUMBERS_FILE), FileNotFoundError, "is no fitted world: it has no world.json"),
        (_without(ARRAYS_FILE), FileNotFoundError, "is no fitted world: it has no world.safetensors"),
        (_changed(format=9), ValueError, "its format is 9, and this version reads 3. Write it again with driftrec fit"),
        (_changed(pay={"spread": 0.5}), ValueError, "are not those that its hash was made of"),
        (_changed(tastes={"fats": 1}), ValueError, "unexpected keyword argument 'fats'"),
        (lambda f: (f / ARRAYS_FILE).write_bytes(b"x"), ValueError, "The fitted world .* is not valid"),
    ],
)
def test_a_bad_folder_is_refused(tmp_path, change, error, message):
    save_world(tmp_path, made_up())
    change(tmp_path)
    with pytest.raises(error, match=message):
        gym.make("driftrec/Fitted-v0", world=str(tmp_path))


def test_a_path_is_given_as_a_string(tmp_path):
    with pytest.raises(TypeError, match="give the folder as a string"):
        gym.make("driftrec/Fitted-v0", world=tmp_path)
