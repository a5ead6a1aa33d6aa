"""SlateQ: values of slates, targets, what is remembered of a step, and what is served."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from driftrec.agents.baselines.common import read_mask
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.agents.setup import WorldArgs
from driftrec.agents.slateq.replay import Replay
from driftrec.agents.slateq.slateq_training import Explorer, SlateQLearner, Step, learn_slateq
from driftrec.agents.slateq.values import ItemValues, Outlook, SlateQPolicy, SlateQSettings, UserModel


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup()


@pytest.fixture(scope="module")
def model(setup):
    return UserModel(Ranker(setup.context, "text", seed=0))


class TwoStates:
    """A user model of two states and three items, one position; item 2 is tempting in state 1."""

    positions = np.ones(1, np.float32)
    num_items = 3
    attraction = torch.tensor([[1.0, 1.0, 1.0], [1.0, 3.0, 1.0]])

    def predict(self, states):
        return self.attraction[states[:, 0].long()], torch.zeros(len(states), 3)


class Values(nn.Module):
    """A table of values by state: three items, and opening nothing last."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.tensor([[5.0, 0.0, 0.0, 0.0], [0.0, 4.0, 100.0, 1.0]]))

    def forward(self, states, minutes):
        rows = self.table[states[:, 0].long()]
        return rows[:, :3], rows[:, 3:]


def from_0_to_1(terminated, opened=0, read=2):
    return Step(
        state=torch.zeros(1, 1),
        opened=torch.tensor([opened]),
        reward=torch.tensor([2.0]),
        next_state=torch.ones(1, 1),
        next_read=torch.tensor([[-1, read]]),
        terminated=torch.tensor([terminated]),
    )


def learner(**changes):
    settings = SlateQSettings(gamma=0.5, batch_size=8, learning_rate=0.05, **changes)
    return SlateQLearner(TwoStates(), Values(), settings, seed=0)


@pytest.mark.parametrize(
    ("step", "value"),
    [
        # Next state, item 1: (3 * 4 + 1 * 1) / (1 + 3) = 3.25. In the current state, item 0, it would be 2.5.
        (from_0_to_1(False), 2.0 + 0.5 * 3.25),
        # Nothing was read: item 2, (1 * 100 + 1 * 1) / 2.
        (from_0_to_1(False, read=-1), 2.0 + 0.5 * 50.5),
        (from_0_to_1(True), 2.0),  # nothing comes after who has left
    ],
)
def test_the_target_is_reward_and_best_slate_at_the_next_state(step, value):
    assert learner().targets(step).tolist() == pytest.approx([value])


def test_the_target_comes_from_the_target_network_until_the_next_copy():
    learning = learner(sync=3)
    replay = Replay(1)
    replay.add(from_0_to_1(False))
    before = learning.descent.target.table.clone()
    for _ in range(2):
        learning.descent.step(replay, left=1.0)
    assert torch.equal(learning.descent.target.table, before)
    assert not torch.equal(learning.descent.network.table, before)
    learning.descent.step(replay, left=1.0)
    assert torch.equal(learning.descent.target.table, learning.descent.network.table)


@pytest.mark.parametrize("opened", [0, 3])
def test_only_the_value_of_what_was_opened_moves_to_the_target(opened):
    learning = learner()
    replay = Replay(1)
    replay.add(from_0_to_1(False, opened=opened))
    for _ in range(400):  # 5 is 1.4 from its target, and a step of Adam is 0.05
        learning.descent.step(replay, left=1.0)
    expected = Values().table.detach().clone()
    expected[0, opened] = 2.0 + 0.5 * 3.25
    torch.testing.assert_close(learning.descent.network.table.detach(), expected, atol=0.02, rtol=0)


def test_the_value_of_a_slate_weighs_items_and_no_click_by_their_chances():
    outlook = Outlook(torch.tensor([[2.0, 1.0, 9.0]]), torch.tensor([[3.0, 5.0, 9.0]]), torch.tensor([[-1.0]]))
    value = outlook.slate_values(np.array([[1, 0]]), np.array([1.0, 0.5], np.float32))
    assert value.tolist() == pytest.approx([(1 * 5 + 0.5 * 2 * 3 - 1) / (1 + 1 + 1)])


def test_the_best_slate_is_the_best_of_all_slates():
    rng = torch.Generator().manual_seed(0)
    outlook = Outlook(
        torch.rand(20, 6, generator=rng), torch.randn(20, 6, generator=rng), torch.randn(20, 1, generator=rng)
    )
    positions = np.array([1.0, 0.6], np.float32)
    best = outlook.slate_values(outlook.best(positions, np.zeros((20, 6), bool)), positions)
    pairs = [(i, j) for i in range(6) for j in range(6) if i != j]
    every = torch.stack([outlook.slate_values(np.array([pair] * 20), positions) for pair in pairs])
    torch.testing.assert_close(best, every.max(dim=0).values)


def test_a_user_who_is_cut_off_is_followed_to_the_end_of_the_step(setup, model):
    envs = replace(setup, args=WorldArgs(horizon=1)).envs(64)
    policy = SlateQPolicy(model, ItemValues(model.ranker, 10.0))
    explorer = Explorer(envs, policy, seed=0, unit=10.0)
    step = explorer.step(epsilon=1.0)
    opened = step.opened < model.num_items
    assert 5 < opened.sum() < 60
    assert not step.terminated.any()
    # The observation of the next user in the lane would show no reads.
    assert ((step.next_read == step.opened[:, None]).any(dim=1) == opened).all()
    assert ((step.reward > 0) == opened).all()
    fresh = model.states(envs.reset(seed=3)[0])
    assert not torch.isclose(step.next_state[opened], fresh[opened]).all(dim=1).any()


def test_the_ring_keeps_the_last_steps():
    replay = Replay(5)
    for number in range(4):
        step = from_0_to_1(False)
        replay.add(
            replace(step, **{name: value.repeat_interleave(2, 0) * 0 + number for name, value in vars(step).items()})
        )
    assert len(replay) == 5
    drawn = replay.sample(200, torch.Generator().manual_seed(0))
    assert set(drawn.reward.tolist()) == {1.0, 2.0, 3.0}  # the two of step 0 are gone, and one of step 1


def test_learning_starts_at_the_myopic_policy_and_moves_away(setup, model):
    settings = SlateQSettings(total_steps=256, lanes=16, warm_up=32, batch_size=32, sync=4)
    observation = setup.world.observe(setup.world.reset(np.arange(40, dtype=np.uint64)))
    slates = []
    for _ in range(2):
        torch.manual_seed(0)
        network = ItemValues(model.ranker, settings.unit)
        policy = SlateQPolicy(model, network)
        before = policy.act(observation)
        learn_slateq(setup.envs(16), model, network, settings, seed=3)
        slates.append(policy.act(observation))
    attraction, minutes = model.predict(model.states(observation))
    greedy = Outlook(attraction, minutes, torch.zeros(40, 1)).best(model.positions, read_mask(observation, 1000))
    np.testing.assert_array_equal(before, greedy)
    assert (slates[0] != before).any()
    np.testing.assert_array_equal(slates[0], slates[1])  # the same seed learns the same


def test_the_minutes_to_come_of_the_ranker_are_not_used(setup, model):
    far = Ranker(setup.context, "text", seed=0)
    torch.manual_seed(0)
    near_values = ItemValues(model.ranker, 10.0)
    with torch.no_grad():
        far.future.copy_(torch.linspace(-50, 50, len(far.future)))
    torch.manual_seed(0)
    far_values = ItemValues(far, 10.0)
    nn.init.normal_(near_values.head.weight)
    far_values.load_state_dict(near_values.state_dict())
    states = model.states(setup.world.observe(setup.world.reset(np.arange(9, dtype=np.uint64))))
    _, minutes = model.predict(states)
    torch.testing.assert_close(far_values(states, minutes), near_values(states, minutes))


def test_slates_hold_no_item_twice_and_nothing_read_lately(make_context, play):
    ranker = Ranker(make_context(), "text", seed=0)
    observations, slates = play(SlateQPolicy(UserModel(ranker), ItemValues(ranker, 10.0)))
    for observation, shown in zip(observations, slates, strict=True):
        assert all(len(set(slate)) == 5 for slate in shown.tolist())
        assert not np.take_along_axis(read_mask(observation, 60), shown, axis=1).any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gamma": 1.5}, "SlateQSettings.gamma is 1.5; it must be between 0 and 1"),
        ({"lanes": 0}, "SlateQSettings.lanes is 0"),
        ({"unit": 0.0}, "SlateQSettings.unit is 0.0"),
        ({"annealed": 0.0}, "SlateQSettings.annealed is 0.0"),
        ({"memory": 100}, "SlateQSettings.memory is 100; it must hold a step of all 128 lanes"),
    ],
)
def test_settings_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        SlateQSettings(**changes)


def test_exploration_falls_and_stays():
    settings = SlateQSettings(total_steps=1000, epsilon=0.9, last_epsilon=0.1, annealed=0.5)
    chances = [settings.exploration(steps) for steps in (0, 250, 500, 900)]
    assert chances == pytest.approx([0.9, 0.5, 0.1, 0.1])
