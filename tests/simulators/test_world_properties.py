"""What holds of every world for any users and any slates."""

import copy
from functools import cache

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.simulators.catalogue import Catalogue, Personas, load_catalogue, save_catalogue
from driftrec.simulators.mechanisms import contents
from driftrec.simulators.news_config import NewsConfig
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.settings import updated
from driftrec.simulators.slates import first_places
from tests.same import assert_same
from tests.simulators.lives import one_by_one, trajectory

IDS = {
    "driftrec/News-v0": {"slate_size": 3, "history": 4},
    "driftrec/Video-v0": {"slate_size": 3, "history": 4},
    "driftrec/Shop-v0": {"slate_size": 3, "history": 4},
    "driftrec/Fitted-v0": {},
    "driftrec/Sardine-SlateTopK-Bored-v0": {"embeddings": "generated", "slate_size": 3},
    "driftrec/RecSim-InterestEvolution-v0": {"num_candidates": 8},
}
STEPS = 3

worlds = st.sampled_from(list(IDS))
seeds = st.integers(0, 2**63)
several = st.lists(seeds, min_size=2, max_size=4, unique=True).map(lambda each: np.array(each, np.uint64))


@cache
def world_of(name):
    return gym.make(name, **IDS[name]).unwrapped.world


def shown(world, users, draw):
    """Slates of some steps, repeats among them, (steps, users, slate_size)."""
    rng = np.random.default_rng(draw)
    return rng.integers(min(world.num_items, 30), size=(STEPS, users, world.slate_size))


@given(name=worlds, users=several, draw=seeds)
def test_a_life_depends_on_nobody_beside_it(name, users, draw):
    world = world_of(name)
    slates = shown(world, len(users), draw)
    together = trajectory(world, users, slates)
    for row, seed in enumerate(users):
        alone = trajectory(world, np.array([seed], np.uint64), slates[:, [row]])
        assert_same({key: value[:, [row]] for key, value in together.items()}, alone)


@given(name=worlds, users=several, draw=seeds)
def test_the_order_of_users_does_not_matter(name, users, draw):
    world = world_of(name)
    slates = shown(world, len(users), draw)
    order = np.random.default_rng(draw + 1).permutation(len(users))
    turned = trajectory(world, users[order], slates[:, order])
    assert_same({key: value[:, order] for key, value in trajectory(world, users, slates).items()}, turned)


@given(name=worlds, users=several, draw=seeds)
def test_what_is_observed_lies_in_its_declared_range(name, users, draw):
    world = world_of(name)
    seen = trajectory(world, users, shown(world, len(users), draw))
    for key, field in world.fields.items():
        values = seen[f"seen {key}"]
        assert (values.dtype, values.shape[2:]) == (np.dtype(field.dtype), field.shape)
        assert values.min() >= field.low
        assert values.max() <= field.high


@given(name=worlds, users=several, draw=seeds)
def test_writing_to_an_observation_changes_nobody(name, users, draw):
    world = world_of(name)
    states = [world.reset(users) for _ in range(2)]
    for slate in shown(world, len(users), draw):
        for values in world.observe(states[0]).values():
            values[...] = 1
        assert_same(*(world.step(state, slate) for state in states))


@given(name=worlds, users=several, draw=seeds)
def test_asking_what_to_expect_changes_nobody(name, users, draw):
    world = world_of(name)
    states = [world.reset(users) for _ in range(2)]
    for slate in shown(world, len(users), draw):
        assert np.isfinite(world.expected_engagement(states[0])).all()
        assert_same(*(world.step(state, slate) for state in states))


@given(name=worlds, users=several, draw=seeds)
def test_a_copied_state_goes_on_alike_and_apart(name, users, draw):
    world = world_of(name)
    state = world.reset(users)
    slates = shown(world, len(users), draw)
    world.step(state, slates[0])
    twin = copy.deepcopy(state)
    first = world.step(state, slates[1])
    world.step(state, slates[2])
    assert_same(world.step(twin, slates[1]), first)


@given(name=worlds, users=several, draw=seeds)
def test_nobody_opens_more_than_a_world_allows(name, users, draw):
    world = world_of(name)
    told = trajectory(world, users, shown(world, len(users), draw))
    assert np.isfinite(told["engagement"]).all()
    if world.one_click:
        assert told["clicks"].sum(axis=2).max() <= 1
    assert (told["gap"] >= 0).all()
    assert not told["gap"][~told["ended"]].any()


@given(users=several, draw=seeds, name=st.sampled_from(["driftrec/News-v0", "driftrec/Video-v0", "driftrec/Shop-v0"]))
def test_a_repeated_item_is_an_empty_position(users, draw, name):
    world = world_of(name)
    slates = shown(world, len(users), draw)
    slates[:, :, -1] = slates[:, :, 0]
    told = trajectory(world, users, slates)
    assert not told["clicks"][:, :, -1].any()
    assert not told["engagement"][:, :, -1].any()


@given(slate=st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_first_places_are_those_of_a_set(slate):
    first = first_places(np.array(slate)[:, None])[:, 0]
    assert first.sum() == len(set(slate))
    assert [slate.index(item) for item in dict.fromkeys(slate)] == np.flatnonzero(first).tolist()


@given(seed=st.integers(0, 2**32 - 1), other=st.integers(0, 2**32 - 1), count=st.integers(1, 200))
def test_users_of_two_purposes_or_seeds_never_meet(seed, other, count):
    found = [user_seeds(seed, "training", count), user_seeds(seed, "evaluation", count)]
    if other != seed:
        found.append(user_seeds(other, "training", count))
    assert len(set(np.concatenate(found).tolist())) == len(found) * count
    assert np.array_equal(user_seeds(seed, "training", count + 5)[:count], found[0])


NUMBERS = [(path, value) for path, value in one_by_one(NewsConfig()) if isinstance(value, float) and value > 0]


@given(which=st.sampled_from(NUMBERS), factor=st.floats(0.9, 1.0))
def test_a_changed_setting_is_changed_and_no_other(which, factor):
    """Values stay in their ranges by being near the default."""
    path, value = which
    changes = value * factor
    for name in reversed(path):
        changes = {name: changes}
    before, after = (dict(one_by_one(each)) for each in (NewsConfig(), updated(NewsConfig(), changes)))
    assert after.pop(path) == value * factor
    assert after.items() <= before.items()
    assert contents(updated(NewsConfig(), {})) == contents(NewsConfig())


@given(name=st.text(min_size=1, max_size=12), where=st.sampled_from(["", "drift", "comeback"]))
def test_an_unknown_setting_is_refused_by_its_path(name, where):
    known = {path[-1] for path, _ in one_by_one(NewsConfig())} | {"kind", *vars(NewsConfig())}
    if name in known:
        return
    changes = {where: {name: 1}} if where else {name: 1}
    with pytest.raises(ValueError, match=r"is not a setting|has no") as caught:
        updated(NewsConfig(), changes)
    assert name in str(caught.value)


words = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=8).filter(str.strip)


@given(ids=st.lists(words, min_size=1, max_size=4, unique=True), text=words, draw=seeds)
def test_any_catalogue_comes_back_from_its_folder(tmp_path, ids, text, draw):
    rng, rows = np.random.default_rng(draw), len(ids)
    unit = np.eye(rows, 5, dtype=np.float32)
    numbers = rng.uniform(0.1, 9, (3, rows)).astype(np.float32)
    topic = rng.integers(2, size=rows)
    items = Catalogue(tuple(ids), (text,) * rows, ("", *ids)[:rows], (text, "b"), ("",) * rows, topic, unit, *numbers)
    people = Personas((text,), unit[:1])
    save_catalogue(tmp_path, items, people, {"from": text})
    again = load_catalogue(tmp_path)
    assert [each.fingerprint() for each in again] == [items.fingerprint(), people.fingerprint()]
    assert_same(again[0], items)
