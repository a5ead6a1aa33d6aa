"""SlateQ: targets, what is remembered of a step, and that it learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.policy import Policy
from driftrec.agents.ranker.choice import AnyClick, OneClick
from driftrec.agents.ranker.fitting import FitSettings
from driftrec.agents.ranker.future import FutureSettings
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.items import FeatureItems, TextItems
from driftrec.agents.ranker.protocol import Scores
from driftrec.agents.ranker.warm_start import warm_start
from driftrec.agents.setup import Setup, WorldArgs
from driftrec.agents.slateq.explorer import Explorer
from driftrec.agents.slateq.replay import Replay
from driftrec.agents.slateq.slateq_settings import SlateQSettings, SlateQTraining
from driftrec.agents.slateq.slateq_training import Learner, SlateQLearner
from driftrec.agents.slateq.values import ClickValues, SlateQPolicy
from driftrec.agents.worlds.kits import kit_of
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.envs.sardine import sardine_world
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.published.recsim_interest_evolution import InterestEvolutionWorld
from tests.agents.every_world import STREAM, TEXTS, made, unfitted

COLUMNS = torch.tensor([[3.0, 6.0], [1.0, 3.0], [1.0, -1.0]])
"""Odds of a click and value of three items that are known by position."""


class Told(nn.Module):
    """Stands for a ranker and for values: a state is a base value, columns are odds of a click and value."""

    def __init__(self, choice):
        super().__init__()
        self.choice = choice
        self.base = nn.Parameter(torch.zeros(()))

    def scores(self, state, shown):
        columns = self._columns(state, shown)
        return Scores(appeal=columns[..., 0].log(), engagement=torch.zeros(columns.shape[:2]))

    def forward(self, state, shown, engagement):
        return self._columns(state, shown)[..., 1], self.base + state[:, 0]

    def _columns(self, state, shown):
        columns = COLUMNS if shown is None else shown
        return columns.expand(len(state), *columns.shape[-2:])


class ToldJudge:
    device = torch.device("cpu")

    def __init__(self, choice, items):
        self.ranker, self.items, self.every = Told(choice), items, items.every

    def scores(self, state, observation, shown):
        return self.ranker.scores(state, shown), None


def equal_positions(choice):
    """Every position weighs the same."""
    nn.init.constant_(choice.examination.falls, -100.0)
    return choice


def learner(choice, items):
    judge = ToldJudge(equal_positions(choice(2)), items)
    return SlateQLearner(judge, Told(judge.ranker.choice), SlateQSettings(gamma=0.5), seed=0)


def step(clicks=(True, False), terminated=False, **following):
    return {
        "state": torch.tensor([[10.0]]),
        "shown": torch.tensor([[[1.0, 100.0], [1.0, 50.0]]]),
        "clicks": torch.tensor([clicks]),
        "reward": torch.tensor([2.0]),
        "next_state": torch.tensor([[7.0]]),
        "terminated": torch.tensor([terminated]),
        **following,
    }


REQUEST = {"next_candidates": torch.tensor([[[1.0, -1.0], [1.0, 3.0], [3.0, 6.0]]])}
OF_REQUEST = FeatureItems(3, None, request_width=2)


@pytest.mark.parametrize(
    ("choice", "terminated", "target"),
    [
        # Next state, the last two candidates: 7 + (3 * 6 + 1 * 3) / (1 + 3 + 1) = 11.2. The current state has 10 for 7.
        (OneClick, False, 2.0 + 0.5 * 11.2),
        # Odds of 3 and 1 are chances of 3/4 and 1/2, each by itself: 7 + 0.75 * 6 + 0.5 * 3.
        (AnyClick, False, 2.0 + 0.5 * 13.0),
        (OneClick, True, 2.0),  # nothing comes after who has left
        (AnyClick, True, 2.0),
    ],
)
def test_the_target_is_reward_and_best_slate_of_the_next_candidates(choice, terminated, target):
    batch = step(terminated=terminated, **REQUEST)
    assert learner(choice, OF_REQUEST).targets(batch).tolist() == pytest.approx([target])


def test_the_target_of_a_catalogue_is_its_best_slate():
    items = FeatureItems(3, np.array([[3.0, 6.0], [1.0, -9.0], [1.0, 5.0]], np.float32))
    target = 2.0 + 0.5 * (7.0 + (3 * 6 + 1 * 5) / (1 + 3 + 1))
    assert learner(OneClick, items).targets(step()).tolist() == pytest.approx([target])


@pytest.mark.parametrize(
    ("read", "value"),
    [(-1, (3 * 6 + 1 * 3) / (1 + 3 + 1)), (0, (1 * 3 + 1 * -1) / (1 + 1 + 1)), (1, (3 * 6 + 1 * -1) / (1 + 3 + 1))],
)
def test_the_target_of_texts_leaves_out_what_will_have_been_read(make_context, read, value):
    """Its value itself is not lowered, where a slate must hold it."""
    items = TextItems(make_context(num_items=3))
    batch = step(next_read_items=torch.tensor([[-1, read]], dtype=torch.int32))
    assert learner(OneClick, items).targets(batch).tolist() == pytest.approx([2.0 + 0.5 * (7.0 + value)])


def test_the_target_comes_from_the_target_network():
    learning = learner(OneClick, OF_REQUEST)
    nn.init.constant_(learning.network.base, 1000.0)
    assert learning.targets(step(**REQUEST)).tolist() == pytest.approx([2.0 + 0.5 * 11.2])


@pytest.mark.parametrize(
    ("clicks", "value"), [((True, False), 110.0), ((False, False), 10.0), ((True, True), 160.0)], ids=str
)
def test_the_loss_is_on_the_values_of_what_was_clicked(clicks, value):
    learning = learner(OneClick, OF_REQUEST)
    learning.targets = lambda batch: torch.tensor([4.0])
    assert learning.loss(step(clicks)).item() == pytest.approx((value - 4.0) ** 2)


def test_the_target_network_follows_every_so_many_gradients_by_steps_that_shrink():
    judge = ToldJudge(equal_positions(OneClick(2)), OF_REQUEST)
    settings = SlateQSettings(batch_size=2, sync=3, learning_rate=0.1)
    learning = SlateQLearner(judge, Told(judge.ranker.choice), settings, seed=0)
    learning.loss = lambda batch: learning.network.base * batch["x"].mean()
    replay = Replay(1)
    replay.add({"x": torch.ones(1, 1)})
    for _ in range(2):
        learning.step(replay, left=0.5)
    # Adam's first steps are of the rate itself.
    assert learning.network.base.item() == pytest.approx(-2 * 0.05, rel=1e-3)
    assert learning.target.base.item() == 0.0
    learning.step(replay, left=0.5)
    assert learning.target.base.item() == learning.network.base.item() < -2 * 0.05


def set_up(world, horizon):
    return Setup(WorldArgs("of features alone"), world, horizon)


def explorer(setup, lanes=64, unit=4.0):
    judge = unfitted(setup, farsighted=False)
    policy = SlateQPolicy(judge, ClickValues(judge, unit, seed=0), setup.slate_size)
    return Explorer(setup.envs(lanes), policy, seed=0, unit=unit)


def test_candidates_of_the_next_request_are_remembered_of_those_cut_off_too():
    world = InterestEvolutionWorld(slate_size=2, resample_documents=False)
    exploring = explorer(set_up(world, horizon=2))
    steps = [exploring.step(epsilon=1.0) for _ in range(3)]
    following = [each["next_candidates"] for each in steps]
    # A user keeps the first candidates; those after the second step are of the user cut off, not of the next one.
    assert torch.equal(following[0], following[1])
    assert not torch.equal(following[1], following[2])
    shown = (steps[1]["shown"][:, :, None] == following[0][:, None]).all(dim=3)  # by position and candidate
    assert shown.any(dim=2).all()
    # A click moves one interest, 64 users have other ones.
    assert torch.equal(steps[0]["next_state"], steps[1]["state"])
    assert ((steps[1]["next_state"] != steps[1]["state"]).sum(dim=1) <= 1).all()
    assert ((steps[2]["state"] != steps[1]["next_state"]).sum(dim=1) > 1).all()
    assert not steps[1]["terminated"].any()


def test_what_a_user_cut_off_has_read_is_remembered():
    setup = made(replace(TEXTS, horizon=1))
    exploring = explorer(setup, unit=10.0)
    first = exploring.step(epsilon=1.0)
    clicked = first["clicks"].any(dim=1)
    opened = first["shown"].gather(1, first["clicks"].int().argmax(dim=1, keepdim=True))
    assert 5 < clicked.sum() < 60
    assert not first["terminated"].any()
    # The observation of the next user in the lane would show no reads.
    assert torch.equal(((first["next_read_items"] == opened) & clicked[:, None]).any(dim=1), clicked)
    assert torch.equal(first["reward"] > 0, clicked)
    assert not torch.isclose(first["next_state"][clicked], exploring.step(0.0)["state"][clicked]).all(dim=1).any()


def test_rewards_are_scaled_and_clicks_those_of_the_user_cut_off():
    first = explorer(set_up(InterestEvolutionWorld(slate_size=2), horizon=1)).step(epsilon=0.0)
    assert 10 < first["clicks"].any(dim=1).sum() < 60
    assert torch.equal(first["reward"], first["clicks"].any(dim=1).float())  # 4 minutes a click


def test_nothing_is_remembered_of_a_catalogue_and_all_clicks_are():
    first = explorer(set_up(sardine_world("SlateTopK-Bored", embeddings="generated"), horizon=100)).step(epsilon=1.0)
    assert set(first) == {"state", "shown", "clicks", "reward", "next_state", "terminated"}
    assert first["shown"].shape == (64, 10, 10)
    assert torch.equal(first["clicks"].sum(dim=1), 4.0 * first["reward"])
    assert (first["clicks"].sum(dim=1) > 1).any()


def small_world():
    """Four topics, the last of which costs little of a small budget; one of four candidates is shown."""
    config = {"num_topics": 4, "low_quality_topics": 2, "time_budget": 40.0}
    return InterestEvolutionWorld(slate_size=1, num_candidates=4, config=config)


def settings(steps):
    how = SlateQSettings(
        total_steps=steps, lanes=64, warm_up=1000, batch_size=256, sync=10, gamma=1.0, learning_rate=2e-3
    )
    return SlateQTraining(how, validations=3, validation_users=200)


@pytest.mark.parametrize("of", ["texts", "features"])
def test_the_same_seed_learns_the_same_and_moves_away_from_the_myopic_policy(of):
    setup, slates = made(TEXTS) if of == "texts" else set_up(small_world(), 1000), []
    observation = setup.world.observe(setup.world.reset(np.arange(200, dtype=np.uint64)))
    for _ in range(2):
        judge = unfitted(setup, farsighted=False)
        curve = Curve(setup.world, user_seeds(0, "validation", 20), horizon=20)
        learning = Learner(setup, judge, settings(3000), seed=3, curve=curve)
        myopic = Greedy(judge, setup.slate_size).act(observation)
        np.testing.assert_array_equal(learning.policy.act(observation), myopic)
        weights = {name: value.clone() for name, value in judge.ranker.state_dict().items()}
        learning.run()
        assert all(torch.equal(value, weights[name]) for name, value in judge.ranker.state_dict().items())
        assert isinstance(learning.policy, Policy)
        slates.append(learning.policy.act(observation))
        assert [row["env_steps"] for row in curve.rows] == [0, 1536, 3008]
        assert max(row["mean_episode_engagement"] for row in curve.rows) == curve.measure("after", learning.policy)
    np.testing.assert_array_equal(slates[0], slates[1])


def test_measuring_leaves_what_is_recalled_of_the_users_who_are_learned_from():
    """As many users are measured on; with one policy for both, the items that these opened would be held back."""
    setup = made(replace(STREAM, horizon=4))
    curve = Curve(setup.world, np.arange(16, dtype=np.uint64), setup.horizon)
    how = SlateQTraining(SlateQSettings(lanes=16), validation_users=16)
    learning = Learner(setup, unfitted(setup, farsighted=False), how, seed=3, curve=curve)
    recalled = learning._explorer.policy._opened
    for _ in range(3):
        learning._explorer.step(epsilon=1.0)
    before = recalled._items.copy()
    assert (before >= 0).any()
    learning.keeper.measure(48)
    np.testing.assert_array_equal(recalled._items, before)


@pytest.mark.slow
def test_it_learns_to_spare_the_budget():
    """Good topics cost less of the budget, which is not shown: episodes that end are all that tells of it.

    The myopic ranker reaches 37 to 40 minutes, SlateQ 50.3, 50.9 and 50.9 (seeds 0, 1, 2): 11 to 14 more. With broken
    targets (tried, seeds 0 and 1) it gains at most 1.8: those who left taken for present 39.1 and 38.7, the reward
    alone 38.3 and 36.5, the later value subtracted 38.3 and 36.9. The published mistake, the current state for the
    next, goes unseen here, where states move little; the test of targets above sees it.
    """
    setup = set_up(small_world(), 1000)
    curve = Curve(setup.world, user_seeds(0, "validation", 200), setup.horizon)
    fit = TrainSettings(FitSettings(lanes=64, log_steps=50, rounds=1), FutureSettings(weights=(0.0,)))
    judge = unfitted(setup)
    warm_start(setup, kit_of(setup).future, judge, fit, seed=0, report=lambda line: None, curve=curve)
    learning = Learner(setup, judge, settings(20_000), seed=0, curve=curve)
    learning.run()
    users = np.arange(500, dtype=np.uint64)
    policies = Greedy(judge, 1), learning.policy
    myopic, slateq = (mean_engagement(setup.world, policy, users, 1000) for policy in policies)
    assert slateq > myopic + 6.0
