"""One copy of a catalogue in memory, which nobody can write to."""

import copy
import gc
import pickle
import weakref

import gymnasium as gym
import numpy as np
import pytest

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.envs.news import packaged_catalogue
from driftrec.simulators.catalogue import save_catalogue
from driftrec.simulators.published.sardine_items import generate_items
from driftrec.simulators.shared_catalogue import shared_catalogue


@pytest.fixture
def folder(tmp_path):
    save_catalogue(tmp_path / "items", *packaged_catalogue(), {})
    return tmp_path / "items"


def test_environments_on_one_folder_share_its_catalogue(folder):
    one, other = (gym.make("driftrec/News-v0", catalogue=str(folder)).unwrapped.world for _ in range(2))
    assert one.catalogue is other.catalogue
    assert one.personas is other.personas


def test_a_changed_folder_is_read_again(folder):
    before = shared_catalogue(folder)[0]
    items, people = packaged_catalogue()
    titles = ("Another title", *items.titles[1:])
    save_catalogue(folder, type(items)(**{**vars(items), "titles": titles}), people, {})
    after, _ = shared_catalogue(folder)
    assert (before.titles[0], after.titles[0]) == (items.titles[0], "Another title")


def test_what_nobody_holds_is_let_go(folder):
    seen = weakref.ref(shared_catalogue(folder)[0])
    gc.collect()
    assert seen() is None


def test_copies_of_an_environment_share_the_catalogue():
    env = gym.make("driftrec/News-v0").unwrapped
    twin = copy.deepcopy(env)
    assert twin.world.catalogue is env.world.catalogue
    assert twin.world.personas is env.world.personas


@pytest.mark.parametrize(
    "made", [lambda: packaged_catalogue()[0], lambda: packaged_catalogue()[1], lambda: generate_items(10)]
)
def test_arrays_cannot_be_written_to_in_copies_neither(made):
    for record in (made(), copy.deepcopy(made()), pickle.loads(pickle.dumps(made()))):
        arrays = [value for value in vars(record).values() if isinstance(value, np.ndarray)]
        assert arrays
        for array in arrays:
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1


def test_the_makers_own_arrays_stay_writeable():
    items = packaged_catalogue()[0]
    quality = items.quality.copy()
    type(items)(**{**vars(items), "quality": quality})
    quality[0] = 1.0
