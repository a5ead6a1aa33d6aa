"""Worlds with mechanisms of the user's own: what they do to trajectories, alone, in lanes and after a JSON spec."""

import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.envs import news_world

NEWS, EVOLUTION = "driftrec/News-v0", "driftrec/RecSim-InterestEvolution-v0"

OWN = '''
from dataclasses import dataclass

import numpy as np

from driftrec.simulators.choice import MultinomialLogit
from driftrec.simulators.published.recsim_choice import cascade


class Drift:
    """Equations of the built-in one, from its description."""

    def __init__(self, towards=0.03, walk=0.01, half_life=72.0, jump_rate=0.002, jump=0.8):
        self.towards, self.walk, self.half_life, self.jump_rate, self.jump = towards, walk, half_life, jump_rate, jump

    def consume(self, interest, users, latent):
        interest[users] = unit(interest[users] + self.towards * (latent - interest[users]))

    def pass_time(self, interest, home, hours, noise):
        keep = np.exp(hours * np.float32(-np.log(2.0) / self.half_life))[:, None]
        interest[:] = unit(home + (interest - home) * keep + noise * (self.walk * np.sqrt(hours))[:, None])

    def maybe_jump(self, interest, topics, hours, whether, where):
        jumps = whether < -np.expm1(-self.jump_rate * hours)
        to = topics[(where * len(topics)).astype(int)]
        interest[jumps] = unit(interest[jumps] + self.jump * to[jumps])


def unit(rows):
    return rows / np.sqrt((rows * rows).sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class TopOnly(MultinomialLogit):
    def position_weights(self, slate_size):
        return (np.arange(slate_size) == 0).astype(np.float32)


class Always(MultinomialLogit):
    def choose(self, weights, draw):
        return np.zeros(draw.shape, np.int64)


class Cascade:
    """Opens the first item from the top that it likes, with chance ``patience`` at most; no logit."""

    def __init__(self, patience=0.5):
        self.patience = patience

    def attraction(self, affinity, allure, satiation, repeat, satisfaction):
        return np.clip(self.patience * (affinity + 1) / 2 + 0 * satisfaction, 0, 1).astype(np.float32)

    def position_weights(self, slate_size):
        return np.ones(slate_size, np.float32)

    def choose(self, weights, draw):
        return cascade(weights, draw)


class ReadsAll:
    def __init__(self, share=1.0):
        self.share = share

    def expected(self, length, affinity, allure):
        return np.float32(self.share) * length + 0 * affinity

    def minutes(self, length, affinity, allure, z):
        return self.expected(length, affinity, allure)

    def longest(self, length):
        return self.share * length


class Never:
    def start(self, draw):
        return 0 * draw

    def worth(self, quality, allure, affinity):
        return 0 * affinity

    def after(self, satisfaction, opened, worth):
        return 0 * satisfaction


class AtOnce:
    def build(self, satiation, users, topics):
        satiation[users, topics] = 1

    def decay(self, satiation, hours): ...


class Ends:
    def __init__(self, chance=1.0):
        self.chance = chance

    def probability(self, satisfaction, session_minutes):
        return np.full_like(satisfaction, self.chance)


class ADay:
    def __init__(self, churn=0.0):
        self.churn = churn

    def gap(self, satisfaction, draw):
        return np.full_like(satisfaction, 24)

    def churn_probability(self, gap):
        return np.full_like(gap, self.churn)


class First:
    """RecSim: the first position, whatever is there."""

    def choose(self, scores, draw):
        return np.zeros(draw.shape, np.int64)

    def alone(self, scores):
        return np.ones_like(scores)

    def check_scores(self, lowest, highest): ...


class Weighed(First):
    no_click = 1.0

    def weights(self, scores):
        return np.ones_like(scores)
'''
USERS = np.arange(300, dtype=np.uint64)


@pytest.fixture(autouse=True)
def _own(tmp_path, monkeypatch):
    (tmp_path / "own_kinds.py").write_text(OWN)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("own_kinds", None)


def kind(name, **parameters):
    return {"kind": f"own_kinds:{name}", **parameters}


SWAPS = {
    "choice": kind("TopOnly", no_click=1.0),
    "reading": kind("ReadsAll", share=0.5),
    "satisfaction": kind("Never"),
    "satiation": kind("AtOnce"),
    "drift": kind("Drift", towards=0.5),
    "session_end": kind("Ends", chance=0.3),
    "comeback": kind("ADay", churn=0.1),
}


def served(config, steps=40):
    """Feedback of every step to 300 users who get slates of the same items in turn, and their last state."""
    world = news_world(config=config)
    state = world.reset(USERS)
    slates = [np.tile((5 * t + np.arange(5)) % 1000, (len(USERS), 1)) for t in range(steps)]
    return world, [world.step(state, slate) for slate in slates], state


def opened(feedback):
    return np.stack([step.clicks for step in feedback])


def test_the_built_in_drift_written_by_a_user_gives_the_same_bits():
    settings = {"towards": 0.1, "walk": 0.05, "jump_rate": 0.01}
    (world, ours, state), (own, theirs, other) = (
        served({"drift": settings}),
        served({"drift": kind("Drift", **settings)}),
    )
    for step, same in zip(ours, theirs, strict=True):
        for name, value in step.as_info().items():
            np.testing.assert_array_equal(value, same.as_info()[name], err_msg=name)
    for view, same in ((world.observe(state), own.observe(other)), (world.reveal(state), own.reveal(other))):
        for name, value in view.items():
            np.testing.assert_array_equal(value, same[name], err_msg=name)
    assert (opened(ours) != opened(served({})[1])).any()  # such settings do something


def test_who_looks_at_the_top_alone_opens_nothing_else():
    clicks = opened(served({"choice": SWAPS["choice"]})[1]).any(axis=(0, 1))
    assert clicks.tolist() == [True, False, False, False, False]


def test_who_reads_half_reads_half():
    world, feedback, _ = served({"reading": SWAPS["reading"]})
    for step, each in enumerate(feedback):
        items = np.tile((5 * step + np.arange(5)) % 1000, (len(USERS), 1))
        expected = np.where(each.clicks, np.float32(0.5) * world.catalogue.minutes[items], 0)
        np.testing.assert_array_equal(each.engagement, expected)
    assert world.fields["read_minutes"].high == 0.5 * world.catalogue.minutes.max()


def test_who_is_never_satisfied_opens_less_and_leaves_earlier():
    _, feedback, state = served({"satisfaction": SWAPS["satisfaction"]})
    _, usual, content = served({})
    assert (state.satisfaction == 0).all()
    assert opened(feedback[:1]).sum() < opened(usual[:1]).sum()
    assert state.gone.sum() > content.gone.sum()


def test_who_tires_at_once_has_had_enough_of_what_was_read():
    world, feedback, state = served({"satiation": SWAPS["satiation"]}, steps=3)
    read = np.zeros(state.satiation.shape, bool)
    for step, each in enumerate(feedback):
        users, position = np.nonzero(each.clicks)
        read[users, world.catalogue.topic[5 * step + position]] = True
    np.testing.assert_array_equal(state.satiation, read)


def test_a_stronger_pull_brings_interests_nearer_to_what_was_read():
    near = []
    for towards in (0.0, 0.5):
        world, feedback, state = served({"drift": kind("Drift", towards=towards, walk=0, jump_rate=0)}, steps=1)
        users, position = np.nonzero(feedback[0].clicks)
        near.append((state.interest[users] * world.catalogue.latent[position]).sum(axis=1))
    assert (near[1] > near[0]).all()


def test_sessions_end_as_often_as_told():
    chances = [np.mean([step.ended for step in served({"session_end": kind("Ends", chance=c)}, 1)[1]]) for c in (0, 1)]
    assert chances == [0.0, 1.0]


def test_gaps_and_churn_are_as_told():
    _, feedback, state = served({"comeback": kind("ADay", churn=1.0), "session_end": kind("Ends")})
    assert (feedback[0].gap == 24).all()
    assert feedback[0].left.all()
    assert state.gone.all()
    assert not opened(feedback[1:]).any()


@pytest.mark.parametrize("name", SWAPS)
def test_every_mechanism_can_be_swapped_alone(name):
    world, feedback, _ = served({name: SWAPS[name]})
    assert type(getattr(world.config, name)).__module__ == "own_kinds"
    usual = served({})[1]
    for other in SWAPS.keys() - {name}:
        assert getattr(world.config, other) == getattr(news_world().config, other)
    changed = [not np.array_equal(a.engagement, b.engagement) for a, b in zip(feedback, usual, strict=True)]
    assert any(changed)


@pytest.mark.parametrize("config", [*({name: swap} for name, swap in SWAPS.items()), SWAPS], ids=[*SWAPS, "all"])
def test_lanes_do_as_single_environments_do_and_specs_survive_as_json(config):
    envs = gym.make_vec(NEWS, num_envs=5, horizon=12, config=config, vectorization_mode="vector_entry_point")
    together, _ = envs.reset(seed=11)
    made = gym.make(NEWS, horizon=12, config=config)
    single = [gym.make(EnvSpec.from_json(made.spec.to_json())) for _ in range(5)]
    alone = [env.reset(seed=11 + lane)[0] for lane, env in enumerate(single)]
    over = np.zeros(5, bool)
    for step in range(12):
        slates = np.array([(7 * step + lane + np.arange(5)) % 1000 for lane in range(5)])
        for lane in np.flatnonzero(~over):
            for key, value in alone[lane].items():
                np.testing.assert_array_equal(together[key][lane], value, err_msg=key)
            assert single[lane].observation_space.contains(alone[lane])
        together, rewards, terminated, truncated, _ = envs.step(slates)
        for lane in np.flatnonzero(~over):
            alone[lane], reward, *ends, _ = single[lane].step(slates[lane])
            assert (reward, *ends) == (rewards[lane], terminated[lane], truncated[lane])
        over |= terminated | truncated
    assert over.all()


def test_who_is_gone_opens_nothing_whatever_the_choice_says():
    _, feedback, _ = served(
        {"choice": kind("Always"), "session_end": kind("Ends"), "comeback": kind("ADay", churn=1)}, 3
    )
    assert opened(feedback).sum(axis=(1, 2)).tolist() == [len(USERS), 0, 0]


def test_a_choice_that_is_no_logit_serves_but_cannot_be_appraised():
    world, feedback, state = served({"choice": kind("Cascade")}, steps=3)
    assert opened(feedback).any(axis=(0, 1)).all()
    with pytest.raises(TypeError, match=r"config.choice Cascade\(patience=0.5\) has no no_click.*planner"):
        world.appraise(state)


def test_where_nobody_ever_leaves_a_horizon_is_demanded():
    with pytest.raises(ValueError, match=r"nobody stays away for good with comeback ADay\(churn=0.0\). Set a horizon"):
        gym.make(NEWS, horizon=None, config={"comeback": kind("ADay")})
    with pytest.raises(ValueError, match=r"no session ends with session_end Ends\(chance=0\). Set a horizon"):
        gym.make(NEWS, horizon=None, config={"session_end": kind("Ends", chance=0)})
    assert gym.make(NEWS, horizon=None, config={"comeback": kind("ADay", churn=0.1)}).unwrapped.horizon is None


def test_recsims_users_may_choose_by_a_model_of_their_own():
    env = gym.make(EVOLUTION, choice=kind("First"))
    env = gym.make(EnvSpec.from_json(env.spec.to_json()))
    env.reset(seed=0)
    for _ in range(20):
        assert env.step(np.array([3, 1]))[4]["clicks"].tolist() == [True, False]
    with pytest.raises(TypeError, match="First has no weight for each item"):
        env.unwrapped.world.appraise(env.unwrapped.world.reset(USERS[:2]))
    weighed = gym.make(EVOLUTION, choice=kind("Weighed")).unwrapped.world
    assert (weighed.appraise(weighed.reset(USERS[:2])).attraction == 1).all()
