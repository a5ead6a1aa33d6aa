"""The one loop in which a policy serves users, and that every measure of a policy goes through it."""

import numpy as np
import pytest

from driftrec.agents.baselines import LinUCB, Random
from driftrec.agents.comparison import tuning
from driftrec.agents.evaluation.play import mean_engagement, play, tried
from driftrec.agents.evaluation.rollout import roll_out
from driftrec.agents.figures.figures import returns
from driftrec.agents.policy import PolicyError
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.pace import PageWeights
from driftrec.agents.rivals.topic_pages import TopicPages
from driftrec.agents.runs.rival_runs import topics_of
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import kit_of
from driftrec.envs.news import news_world
from driftrec.simulators.noise import user_seeds

USERS, HORIZON = 40, 12
SEEDS = user_seeds(0, "figures", USERS)

MEASURES = {
    "rollout": lambda setup, policy: roll_out(
        setup.world, policy, setup.context, SEEDS, horizon=HORIZON, seed=0
    ).episodes.engagement.mean(),
    "validation": lambda setup, policy: mean_engagement(setup.world, policy, SEEDS, HORIZON),
    "tuning": lambda setup, policy: tuning._engagement(setup, policy, SEEDS).mean(),
    "verification": lambda setup, policy: returns(setup.world, policy, USERS, HORIZON, seed=0).mean(),
}


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(8, slate_size=3, history=10, horizon=HORIZON)


def by_hand(setup, learns):
    """Mean minutes of LinUCB, told what was read or not."""
    state, policy, minutes = setup.world.reset(SEEDS), LinUCB(setup.context), np.zeros(USERS)
    policy.reset(USERS, 0)
    for _ in range(HORIZON):
        observation, gone = setup.world.observe(state), state.gone.copy()
        slates = policy.act(observation)
        feedback = setup.world.step(state, slates)
        minutes += feedback.reward()
        if learns:
            policy.update(observation, np.where(gone[:, None], -1, slates), feedback.clicks, feedback.engagement)
    return minutes.mean()


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_is_of_the_policy_that_learns(measure, setup):
    learning = by_hand(setup, learns=True)
    assert MEASURES[measure](setup, LinUCB(setup.context)) == pytest.approx(learning, rel=1e-6)
    assert by_hand(setup, learns=False) != pytest.approx(learning, rel=0.01)


class Meddler(Random):
    """An oracle that sends everybody away in what it is told."""

    def see(self, state):
        state.gone[:] = True


@pytest.mark.parametrize("measure", MEASURES)
def test_an_oracle_is_told_a_copy(measure, setup):
    random, meddler = (MEASURES[measure](setup, kind(setup.context)) for kind in (Random, Meddler))
    assert meddler == random > 0


class Told:
    """Shows the same slate always, and keeps what it is told."""

    def __init__(self):
        self.updates = []

    def reset(self, num_users, seed):
        self.reset_with = num_users, seed

    def act(self, observation):
        return np.tile([5, 6, 7], (len(observation["persona"]), 1))

    def update(self, observation, slates, clicks, engagement):
        self.updates.append(slates.copy())


def test_steps_tell_who_was_there_and_stop_when_all_have_left():
    world = news_world(slate_size=3, config={"comeback": {"churn_rate": 0.05}, "session_end": {"base": 2.0}})
    policy = Told()
    state, steps = play(world, policy, SEEDS, horizon=None, seed=9)
    assert policy.reset_with == (USERS, 9)
    here, count = np.ones(USERS, bool), 0
    for step in steps:
        assert step.number == len(policy.updates) == count  # of this step it is told when the next is asked for
        np.testing.assert_array_equal(step.present, np.flatnonzero(here))
        here, count = ~state.gone, count + 1
    assert not here.any()
    assert len(policy.updates) == count > 3
    assert set(np.unique(policy.updates)) == {-1, 5, 6, 7}
    policy = Told()
    _, taken = tried(world, policy, SEEDS, 1000)
    assert taken == sum(int((slates[:, 0] == 5).sum()) for slates in policy.updates)


class Shows(Told):
    """Shows ``slates`` in its second step."""

    def __init__(self, slates):
        super().__init__()
        self.slates = slates

    def act(self, observation):
        return self.slates if self.updates else super().act(observation)


@pytest.mark.parametrize("method", ["reset", "see", "act", "update"])
def test_errors_in_its_code_name_the_policy_that_has_a_name(method, setup):
    def fails(*told):
        raise OSError("no model")

    policy = Told()
    setattr(policy, method, fails)
    with pytest.raises(PolicyError, match=rf"Policy 'mine' failed in {method}\(\).*OSError: no model") as caught:
        roll_out(setup.world, policy, setup.context, SEEDS, horizon=1, seed=0, name="mine")
    assert isinstance(caught.value.__cause__, OSError)
    with pytest.raises(OSError, match=r"^no model$"):  # as training explains it
        mean_engagement(setup.world, policy, SEEDS, 1)


@pytest.mark.parametrize(
    ("slates", "error", "message"),
    [
        (np.zeros((USERS, 2), int), ValueError, r"Slates have shape \(40, 2\)"),
        (np.full((USERS, 3), -1), ValueError, "User 0, position 0: item -1 does not exist"),
        (np.zeros((USERS, 3)), TypeError, "Slates must be integers"),
    ],
)
def test_bad_slates_name_policy_and_step(slates, error, message, setup):
    with pytest.raises(error, match=f"Policy 'Shows', step 1: {message}"):
        mean_engagement(setup.world, Shows(slates), SEEDS, 3)
    with pytest.raises(error, match=f"Policy 'mine', step 1: {message}"):
        roll_out(setup.world, Shows(slates), setup.context, SEEDS, horizon=3, seed=0, name="mine")


KINDS = {
    "greedy": lambda judge, setup: Greedy(judge, setup.slate_size),
    "pages": lambda judge, setup: TopicPages(judge, topics_of(setup, judge), setup.slate_size, PageWeights()),
    "slates": lambda judge, setup: slates_of(CandidateStage(judge, 72, setup.slate_size), setup.slate_size),
}


def slates_of(stage, slate_size):
    return SlatePolicy(stage, serving_network(stage, slate_size, temper=5.0, iterative=True), greedy=True)


class Asked:
    """Serves all by another policy; counts whom it is asked for."""

    def __init__(self, policy):
        self.policy, self.rows = policy, 0

    def reset(self, num_users, seed):
        self.policy.reset(num_users, seed)

    def act(self, observation):
        self.rows += len(observation["clock"])
        return self.policy.act(observation)


class AskedForThoseWhoStay(Asked):
    def stay(self, rows):
        self.policy.stay(rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("world", ["driftrec/Video-v0", "driftrec/Music-v0"])
def test_who_has_left_is_asked_for_no_more_and_nothing_else_changes(world, kind):
    """Rows of `stay` mixed up, or what is carried left where it was, showed slates of others (tried by hand)."""
    setup = set_up(WorldArgs(world=world))
    judge = kit_of(setup).judge(setup, {"representation": "random", "encoder": "belief"}, 0, True)
    users, horizon = user_seeds(3, "figures", 24), 30
    whole, staying = Asked(KINDS[kind](judge, setup)), AskedForThoseWhoStay(KINDS[kind](judge, setup))
    engagement, taken = tried(setup.world, staying, users, horizon)
    assert staying.rows == taken < 24 * horizon, "some have left"
    assert tried(setup.world, whole, users, horizon) == (pytest.approx(engagement, rel=1e-6), taken)
    assert whole.rows == 24 * horizon
