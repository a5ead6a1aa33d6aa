"""What a fitted ranker is asked for."""

import numpy as np
import pytest
import torch

from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.protocol import as_tensors
from tests.agents.every_world import BLIND, CATALOGUE, REQUEST, SONGS, STREAM, TEXTS, WORLDS, begin

EVERY = pytest.mark.parametrize("args", WORLDS.values(), ids=WORLDS)


def allowed(judge, observation):
    """Which items nothing forbids, (users, items)."""
    free = np.zeros((len(next(iter(observation.values()))), judge.items.count(observation)), np.float32)
    judge.items.forbid(observation, free)
    return free == 0.0


def plant(judge):
    """Make what is to come differ from item to item."""
    judge.ranker.future.copy_(torch.linspace(-40.0, 10.0, len(judge.ranker.future)))
    return judge


@EVERY
def test_a_view_is_what_the_ranker_makes_of_all_that_may_be_shown(args):
    _, judge, seen = begin(args)
    view = judge.view(seen)
    with torch.no_grad():
        read = judge.ranker.read(as_tensors(seen))
        state = judge.ranker.state(read)
        scores, _ = judge.scores(state, read, judge.items.every(seen))
    np.testing.assert_array_equal(view.state, state)
    np.testing.assert_array_equal(view.appeal, scores.appeal)
    np.testing.assert_array_equal(view.engagement, scores.engagement)
    np.testing.assert_array_equal(view.gains, judge.ranker.choice.gains(view.appeal, view.value))
    assert not judge.ranker.training


@EVERY
def test_scores_of_some_are_those_of_all(args):
    """Of a slate and of everything that may be shown, by whichever way the ranker is handed them."""
    setup, judge, seen = begin(args)
    slates = np.random.default_rng(0).permuted(np.tile(np.arange(setup.world.num_items), (8, 1)), axis=1)[:, :4]
    with torch.no_grad():
        read = judge.ranker.read(as_tensors(seen))
        some, _ = judge.scores(judge.ranker.state(read), read, judge.items.of(seen, slates))
    view = judge.view(seen)
    for found, every in ((some.appeal, view.appeal), (some.engagement, view.engagement)):
        np.testing.assert_allclose(found, np.take_along_axis(every, slates, axis=1), rtol=1e-4, atol=1e-5)
    later = plant(judge).ranker.later(judge.items.of(seen, slates))
    every = np.broadcast_to(judge.ranker.later(judge.items.every(seen)), view.appeal.shape)
    np.testing.assert_allclose(later, np.take_along_axis(every, slates, axis=1), rtol=1e-5)


@EVERY
def test_the_future_counts_for_the_farsighted_alone(args):
    _, judge, seen = begin(args)
    near, far = (Judge(plant(judge).ranker, judge.items, farsighted).view(seen) for farsighted in (False, True))
    free = allowed(judge, seen)
    np.testing.assert_array_equal(near.engagement, far.engagement)
    np.testing.assert_array_equal(near.value[free], near.engagement[free])
    later = np.broadcast_to(judge.ranker.later(judge.items.every(seen)), free.shape)
    np.testing.assert_allclose((far.value - near.value)[free], later[free], atol=1e-4)
    assert args is BLIND or not np.array_equal(far.gains, near.gains)


@EVERY
def test_what_is_forbidden_is_worth_less_and_looks_as_it_did(args):
    """Of the engagement, which the slate policy is told, nothing changes."""
    _, judge, seen = begin(args, users=200)
    free, view = allowed(judge, seen), judge.view(seen)
    assert (args in (TEXTS, STREAM)) != free.all()  # some have read
    assert (view.value[~free] < view.value[free].min()).all()
    assert (view.engagement > 0).all()


@EVERY
def test_noise_moves_the_gains_and_nothing_else(args):
    _, judge, seen = begin(args)

    def noise(shape):
        return np.random.default_rng(0).normal(size=shape).astype(np.float32)

    plain, noisy = judge.view(seen), judge.view(seen, noise)
    np.testing.assert_array_equal(noisy.appeal, plain.appeal)
    np.testing.assert_array_equal(noisy.value, plain.value)
    moved = judge.ranker.choice.gains(plain.appeal + noise(plain.appeal.shape), plain.value)
    np.testing.assert_array_equal(noisy.gains, moved)
    assert not np.array_equal(noisy.gains, plain.gains)


@EVERY
def test_nothing_is_known_but_the_user_and_the_items(args):
    """Nothing of the response to the last slate, of which RecSim shows qualities, nor what only the state holds."""
    if args in (TEXTS, STREAM, SONGS):
        pytest.skip("its encoder reads responses, see test_state_encoder.py")
    _, judge, seen = begin(args)
    told = {name: value for name, value in seen.items() if name in ("user", "candidates")}
    view, again = judge.view(seen), judge.view(told)
    for name in ("state", "appeal", "engagement", "value", "gains"):
        np.testing.assert_array_equal(getattr(view, name), getattr(again, name))


@pytest.mark.parametrize("args", [CATALOGUE, REQUEST], ids=["catalogue", "request"])
def test_only_the_farsighted_show_what_brings_back(args):
    _, judge, seen = begin(args)
    myopic = Judge(judge.ranker, judge.items, farsighted=False)
    assert np.array_equal(judge.view(seen).gains, myopic.view(seen).gains)
    judge.ranker.future[3] = 1e3  # whoever opens something of column 3 comes back for more
    best = judge.view(seen).gains.argmax(axis=1)[:, None]
    columns = judge.items.of(seen, best)[:, 0, 3]
    everything = judge.items.every(seen)[..., 3].expand(8, -1)
    assert (columns >= 0.5 * everything.max(dim=1).values).all()
    assert not np.array_equal(myopic.view(seen).gains.argmax(axis=1), best[:, 0])
