"""SlateQ on published worlds: values of slates, targets, what is remembered of a step, and that it learns."""

from itertools import permutations

import numpy as np
import pytest
import torch
from torch import nn

from driftrec.agents.evaluation.curve import Curve
from driftrec.agents.evaluation.mean_engagement import mean_engagement
from driftrec.agents.policy import Policy
from driftrec.agents.ranker.choice import AnyClick, OneClick
from driftrec.agents.ranker.feature_fitting import FitSettings
from driftrec.agents.ranker.feature_judge import BestSlates, Judge
from driftrec.agents.ranker.feature_ranker import Scores
from driftrec.agents.ranker.feature_training import make_items, make_ranker, warm_start
from driftrec.agents.ranker.items import Items
from driftrec.agents.setup import WorldArgs
from driftrec.agents.slateq.click_values import ClickValues, SlateQPolicy, best_slate_values
from driftrec.agents.slateq.feature_training import (
    Explorer,
    Learner,
    SlateQLearner,
    Step,
)
from driftrec.agents.slateq.values import SlateQSettings, SlateQTraining
from driftrec.agents.worlds.published_setup import PublishedSetup
from driftrec.envs.sardine import sardine_world
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.published.recsim_interest_evolution import InterestEvolutionWorld

CHOICES = {"one click": OneClick, "any click": AnyClick}


def equal_positions(choice):
    """Every position weighs the same."""
    nn.init.constant_(choice.examination.falls, -100.0)
    return choice


class Told(nn.Module):
    """Stands for a ranker and for values: a state is a base value, columns are odds of a click and value."""

    def __init__(self, choice):
        super().__init__()
        self.choice = choice
        self.base = nn.Parameter(torch.zeros(()))

    def forward(self, state, columns, engagement=None):
        columns = columns.expand(len(state), *columns.shape[-2:])
        if engagement is None:
            return Scores(appeal=columns[..., 0].log(), engagement=torch.zeros(columns.shape[:2]))
        return columns[..., 1], self.base + state[:, 0]


class ToldJudge:
    def __init__(self, choice, items):
        self.ranker, self.items = Told(choice), items


def learner(choice, items):
    judge = ToldJudge(choice, items)
    return SlateQLearner(judge, Told(choice), SlateQSettings(gamma=0.5), seed=0)


def step(clicks=(True, False), terminated=False):
    return Step(
        state=torch.tensor([[10.0]]),
        columns=torch.tensor([[[1.0, 100.0], [1.0, 50.0]]]),
        clicks=torch.tensor([clicks]),
        reward=torch.tensor([2.0]),
        next_state=torch.tensor([[7.0]]),
        next_candidates=torch.tensor([[[1.0, -1.0], [1.0, 3.0], [3.0, 6.0]]]),
        terminated=torch.tensor([terminated]),
    )


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
    learning = learner(equal_positions(choice(2)), Items(None, 2))
    assert learning.targets(step(terminated=terminated)).tolist() == pytest.approx([target])


def test_the_target_of_a_catalogue_is_its_best_slate():
    items = Items(np.array([[3.0, 6.0], [1.0, -9.0], [1.0, 5.0]], np.float32))
    learning = learner(equal_positions(OneClick(2)), items)
    assert learning.targets(step()).tolist() == pytest.approx([2.0 + 0.5 * (7.0 + (3 * 6 + 1 * 5) / (1 + 3 + 1))])


def test_the_target_comes_from_the_target_network():
    learning = learner(equal_positions(OneClick(2)), Items(None, 2))
    nn.init.constant_(learning.network.base, 1000.0)
    assert learning.targets(step()).tolist() == pytest.approx([2.0 + 0.5 * 11.2])


@pytest.mark.parametrize(
    ("clicks", "value"), [((True, False), 110.0), ((False, False), 10.0), ((True, True), 160.0)], ids=str
)
def test_the_loss_is_on_the_values_of_what_was_clicked(clicks, value):
    learning = learner(equal_positions(OneClick(2)), Items(None, 2))
    learning.targets = lambda batch: torch.tensor([4.0])
    assert learning.loss(step(clicks)).item() == pytest.approx((value - 4.0) ** 2)


@pytest.mark.parametrize("kind", CHOICES)
def test_the_best_slate_is_the_best_of_all_slates(kind):
    rng = torch.Generator().manual_seed(0)
    columns = torch.stack([torch.rand(30, 6, generator=rng) * 3, torch.randn(30, 6, generator=rng)], dim=2)
    choice = CHOICES[kind](3)
    nn.init.constant_(choice.examination.falls, -0.5)  # weights 1, 0.62, 0.39
    ranker, state = Told(choice), torch.randn(30, 1, generator=rng)
    best = best_slate_values(ranker, ranker, state, columns, slate_size=3)
    every = []
    with torch.no_grad():
        for slate in permutations(range(6), 3):
            shown = columns[:, slate]
            chances = choice.chances(shown[..., 0].log())
            every.append(state[:, 0] + (chances * shown[..., 1]).sum(dim=1))
    torch.testing.assert_close(best, torch.stack(every).max(dim=0).values)


def test_chances_of_a_slate_by_hand():
    """Odds of 1 and 3, the second position worth half: 1 and 1.5 to 1 for nothing; or 1/2 and half of 3/4."""
    appeal = torch.tensor([[1.0, 3.0]]).log()
    for choice, expected in ((OneClick(2), [1 / 3.5, 1.5 / 3.5]), (AnyClick(2), [0.5, 0.375])):
        nn.init.zeros_(choice.examination.falls)  # softplus(0) = log 2
        assert choice.chances(appeal)[0].tolist() == pytest.approx(expected)


def test_values_start_at_the_engagement_now():
    network = ClickValues(state_width=3, item_width=2, unit=4.0, seed=0)
    state, engagement = torch.randn(5, 3), torch.rand(5, 7)
    for columns in (torch.randn(7, 2), torch.randn(5, 7, 2)):
        values, base = network(state, columns, engagement)
        torch.testing.assert_close(values, engagement / 4.0)
        assert not base.any()


def test_values_of_a_catalogue_are_those_of_the_same_candidates_with_every_request():
    network = ClickValues(state_width=3, item_width=2, unit=4.0, seed=0)
    nn.init.normal_(network.head.weight)
    state, columns, engagement = torch.randn(5, 3), torch.randn(7, 2), torch.rand(5, 7)
    of_request = network(state, columns.expand(5, 7, 2), engagement)
    for one, other in zip(network(state, columns, engagement), of_request, strict=True):
        torch.testing.assert_close(one, other)


def set_up(world, horizon):
    return PublishedSetup(WorldArgs(), world, horizon)


def unfitted(world):
    items = make_items(world)
    return Judge(make_ranker(world, items, seed=0), items, farsighted=False)


def explorer(world, horizon, lanes=64):
    judge = unfitted(world)
    network = ClickValues(judge.ranker.encoder.width, judge.items.width, 4.0, seed=0)
    envs = set_up(world, horizon).envs(lanes)
    return Explorer(envs, SlateQPolicy(judge, network, world.slate_size), seed=0, unit=4.0)


def test_candidates_of_the_next_request_are_remembered_of_those_cut_off_too():
    world = InterestEvolutionWorld(slate_size=2, resample_documents=False)
    exploring = explorer(world, horizon=2)
    steps = [exploring.step(epsilon=1.0) for _ in range(3)]
    # A user keeps the first candidates; those after the second step are of the user cut off, not of the next one.
    assert torch.equal(steps[0].next_candidates, steps[1].next_candidates)
    assert not torch.equal(steps[1].next_candidates, steps[2].next_candidates)
    shown = (steps[1].columns[:, :, None] == steps[0].next_candidates[:, None]).all(dim=3)  # by position and candidate
    assert shown.any(dim=2).all()
    # A click moves one interest, 64 users have other ones.
    assert torch.equal(steps[0].next_state, steps[1].state)
    assert ((steps[1].next_state != steps[1].state).sum(dim=1) <= 1).all()
    assert ((steps[2].state != steps[1].next_state).sum(dim=1) > 1).all()
    assert not steps[1].terminated.any()


def test_rewards_are_scaled_and_clicks_those_of_the_user_cut_off():
    first = explorer(InterestEvolutionWorld(slate_size=2), horizon=1).step(epsilon=0.0)
    assert 10 < first.clicks.any(dim=1).sum() < 60
    assert torch.equal(first.reward, first.clicks.any(dim=1).float())  # 4 minutes a click


def test_nothing_is_remembered_of_a_catalogue_and_all_clicks_are():
    world = sardine_world("SlateTopK-Bored", embeddings="generated")
    first = explorer(world, horizon=100).step(epsilon=1.0)
    assert first.next_candidates.shape == (64, 0, 20)
    assert first.columns.shape == (64, 10, 20)
    assert torch.equal(first.clicks.sum(dim=1), 4.0 * first.reward)
    assert (first.clicks.sum(dim=1) > 1).any()


def small_world():
    """Four topics, the last of which costs little of a small budget; one of four candidates is shown."""
    config = {"num_topics": 4, "low_quality_topics": 2, "time_budget": 40.0}
    return InterestEvolutionWorld(slate_size=1, num_candidates=4, config=config)


def settings(steps):
    return SlateQTraining(
        SlateQSettings(
            total_steps=steps, lanes=64, warm_up=1000, batch_size=256, sync=10, gamma=1.0, learning_rate=2e-3
        ),
        validations=3,
        validation_users=200,
    )


@pytest.mark.parametrize(("name", "lowest"), [("validations", 2), ("validation_users", 1)])
def test_settings_out_of_range_are_named(name, lowest):
    with pytest.raises(ValueError, match=rf"SlateQTraining\.{name} is 0; it must be between {lowest} and"):
        SlateQTraining(**{name: 0})


def test_the_same_seed_learns_the_same_and_moves_away_from_the_myopic_policy():
    world, slates = small_world(), []
    observation = world.observe(world.reset(np.arange(200, dtype=np.uint64)))
    for _ in range(2):
        judge = unfitted(world)
        curve = Curve(world, user_seeds(0, "validation", 20), horizon=50)
        learning = Learner(set_up(world, 1000), judge, settings(3000), seed=3, curve=curve)
        learning.run()
        policy = learning.policy
        assert isinstance(policy, Policy)
        slates.append(policy.act(observation))
        assert [row["env_steps"] for row in curve.rows] == [0, 1536, 3008]
        assert max(row["mean_episode_engagement"] for row in curve.rows) == curve.measure("after", policy)
    np.testing.assert_array_equal(slates[0], slates[1])


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
    how = settings(20_000)
    judge = warm_start(
        setup, FitSettings(lanes=64, log_steps=50, rounds=1), seed=0, report=lambda line: None, curve=curve
    )
    learning = Learner(setup, judge, how, seed=0, curve=curve)
    learning.run()
    users = np.arange(500, dtype=np.uint64)
    myopic, slateq = (
        mean_engagement(setup.world, policy, users, 1000) for policy in (BestSlates(judge, 1), learning.policy)
    )
    assert slateq > myopic + 6.0
