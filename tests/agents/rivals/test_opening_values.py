"""Values of openings: a planted effect is found, and slates follow it."""

from types import SimpleNamespace

import numpy as np
import torch

from driftrec.agents.ranker.loads import FadingLoads
from driftrec.agents.rivals.opening_values import STEPS, OpeningValues, Reader, ValuedSlates
from driftrec.agents.rivals.rival_settings import ValueSettings
from driftrec.agents.rivals.value_iteration import ValueIteration
from tests.agents.rivals.planted import SLATE, TOPIC, PlantedJudge, seen

COLUMNS = np.random.default_rng(1).normal(size=(12, 2)).astype(np.float32)


def reader(half_life=2.0):
    judge = PlantedJudge()
    judge.ranker.columns = lambda: torch.from_numpy(COLUMNS)
    judge.ranker.topic_shape = (0, 0)
    judge.ranker.width = 0
    judge.view_of = judge.view
    return Reader(judge, FadingLoads(TOPIC, half_life, reads=False))


class Visits:
    """One step an episode after which comes what was planted: 3 a unit of the first column, less 2 from the third
    opening of a topic on."""

    def __init__(self, lanes):
        self.num_envs, self._rng = lanes, np.random.default_rng(0)

    def reset(self, seed):
        return self._new(), {}

    def _new(self):
        self._opened = self._rng.integers(0, 12, (self.num_envs, 6))
        self._load = (TOPIC[self._opened][:, :, None] == np.arange(3)).sum(axis=1)
        ones = np.ones((self.num_envs, 6), np.int8)
        return {"shown": self._opened.astype(np.int32), "clicked": ones, "age": np.zeros(ones.shape, np.float32)}


def followed(sighted, slates, clicks, load):
    """What comes after, (lanes,)."""
    topic = TOPIC[slates]
    above = (np.tril(topic[:, :, None] == topic[:, None, :], -1) * clicks[:, None, :]).sum(axis=2)
    total = load[np.arange(len(slates))[:, None], topic] + above
    return (clicks * (3.0 * COLUMNS[slates, 0] - 2.0 * np.maximum(total - 2, 0))).sum(axis=1)


def planted_logs(read, rounds=40, lanes=50):
    """As ``ValueIteration._logs`` gives them."""
    rng, envs, opened, after = np.random.default_rng(2), Visits(lanes), [], []
    for _ in range(rounds):
        observation, _ = envs.reset(seed=None)
        sight = read(observation)
        slates = np.argsort(rng.random((lanes, 12)), axis=1)[:, :SLATE]
        clicks = rng.random(slates.shape) < 0.5
        opened.append((read.features(sight, slates, clicks) * clicks[..., None]).sum(axis=1))
        after.append(followed(sight, slates, clicks, envs._load) + 0.1 * rng.normal(size=lanes))
    return np.concatenate(opened), np.zeros((rounds * lanes, 1), np.float32), np.concatenate(after)


def fitted(read):
    curve = SimpleNamespace(env_steps=0)
    iteration = ValueIteration(None, read, "q1", ValueSettings(ridge=1.0), seed=0, curve=curve)
    iteration._logs = lambda own, seed: planted_logs(read)
    values = OpeningValues(read.width)
    values.slope.copy_(torch.from_numpy(iteration._fitted(None, 0)))
    values.weight.fill_(1.0)
    return values


def test_a_planted_effect_is_found():
    read = reader()
    slope = fitted(read).slope.numpy()
    assert abs(slope[0] - 3.0) < 0.1  # 2,000 visits with a noise of 0.1
    assert abs(slope[1]) < 0.1
    np.testing.assert_allclose(np.diff(fitted(read).of_load(np.arange(6.0))), [0, 0, -2, -2, -2], atol=0.3)


def test_slates_follow_the_values_and_leave_a_topic_that_had_enough():
    read = reader(half_life=1e6)
    values = OpeningValues(read.width)
    values.slope[-len(STEPS) + 2] = -5.0  # from the third opening on
    values.weight.fill_(1.0)
    tired, rested = TOPIC[ValuedSlates(read, values, SLATE).act(seen([0, 3, 6]))]
    assert 0 not in tired
    assert rested[0] == 0
    values.slope.zero_()
    values.slope[0] = 10.0
    best = ValuedSlates(read, values, SLATE).act(seen([]))
    np.testing.assert_array_equal(best[1], np.argsort(-COLUMNS[:, 0] - 0.1 * read.judge.engagement)[:SLATE])
    values.weight.fill_(0.0)
    assert set(TOPIC[ValuedSlates(read, values, SLATE).act(seen([]))[1]]) == {0}
