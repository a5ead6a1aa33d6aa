"""SlateQ's values of clicks, of slates, and what is served by them."""

from dataclasses import asdict
from itertools import permutations

import numpy as np
import pytest
import torch
from torch import nn

from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.ranker.choice import AnyClick, OneClick, OneOfMany
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.items import FeatureItems, TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.protocol import Ranker, Scores, as_tensors
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.slateq.values import ClickValues, SlateQPolicy, best_slates
from driftrec.agents.worlds.kits import kit_of
from tests.agents.every_world import REQUEST, TEXTS, WORLDS, begin

EVERY = pytest.mark.parametrize("args", WORLDS.values(), ids=WORLDS)


class Told(Ranker):
    """Stands for a ranker and for values: a state is a base value, columns are odds of a click and value."""

    def __init__(self, choice):
        super().__init__()
        self.choice, self.future = choice, torch.zeros(2)

    def scores(self, state, shown):
        return Scores(appeal=shown[..., 0].log(), engagement=shown[..., 1])

    def forward(self, state, shown, engagement):
        return engagement, state[:, 0]


def falling(kind):
    if kind is OneOfMany:
        choice = OneOfMany(3)
        choice.examination.values.data.copy_(torch.tensor([0.4, 0.1, -0.3]))
        return choice
    choice = kind(3)
    nn.init.constant_(choice.examination.falls, -0.5)  # weights 1, 0.62, 0.39
    return choice


@pytest.mark.parametrize("kind", [OneClick, OneOfMany, AnyClick])
def test_the_best_slate_is_the_best_of_all_slates(kind):
    rng = torch.Generator().manual_seed(0)
    columns = torch.stack([torch.rand(30, 6, generator=rng) * 3, torch.randn(30, 6, generator=rng)], dim=2)
    told, state = Told(falling(kind)), torch.randn(30, 1, generator=rng)
    judge = Judge(told, FeatureItems(6, None, request_width=2), farsighted=False)
    slates, best = best_slates(judge, told, state, {"candidates": columns.numpy()}, slate_size=3)

    def value(slate):
        shown = columns.gather(1, slate[..., None].expand(30, 3, 2))
        with torch.no_grad():
            return state[:, 0] + (told.choice.chances(shown[..., 0].log()) * shown[..., 1]).sum(dim=1)

    every = [value(torch.tensor([slate] * 30)) for slate in permutations(range(6), 3)]
    torch.testing.assert_close(best, torch.stack(every).max(dim=0).values)
    torch.testing.assert_close(value(slates), best)


def test_chances_of_a_slate_by_hand():
    """Odds of 1 and 3, the second position worth half: 1 and 1.5 to 1 for nothing; or 1/2 and half of 3/4."""
    appeal = torch.tensor([[1.0, 3.0]]).log()
    for choice, expected in ((OneClick(2), [1 / 3.5, 1.5 / 3.5]), (AnyClick(2), [0.5, 0.375])):
        nn.init.zeros_(choice.examination.falls)  # softplus(0) = log 2
        assert choice.chances(appeal)[0].tolist() == pytest.approx(expected)


def moved(judge, unit=4.0):
    """Values that have learned."""
    network = ClickValues(judge, unit, seed=0)
    torch.manual_seed(0)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    return network


@EVERY
def test_values_start_at_the_engagement_now_and_slates_at_the_myopic_policy(args):
    setup, judge, seen = begin(args, farsighted=False)
    network, shown = ClickValues(judge, 4.0, seed=0), judge.items.every(seen)
    with torch.no_grad():
        state = judge.ranker.state(as_tensors(seen))
        engagement = judge.ranker.scores(state, shown).engagement
        values, base = network(state, shown, engagement)
    torch.testing.assert_close(values, engagement / 4.0)
    assert not base.any()
    slates = SlateQPolicy(judge, network, setup.slate_size).act(seen)
    view = judge.view(seen)
    chosen, greedy = (
        np.take_along_axis(view.gains, each, axis=1) for each in (slates, Greedy(judge, setup.slate_size).act(seen))
    )
    np.testing.assert_allclose(chosen, greedy, rtol=1e-4)


@EVERY
def test_values_of_some_are_those_of_all(args):
    """Of a slate and of everything that may be shown, by whichever way the items are told."""
    _, judge, seen = begin(args)
    network, slates = moved(judge), np.random.default_rng(0).permuted(np.tile(np.arange(10), (8, 1)), axis=1)[:, :3]
    state, index = torch.randn(8, judge.ranker.width), torch.from_numpy(slates)
    engagement = torch.rand(8, judge.items.count(seen))
    with torch.no_grad():
        values, base = network(state, judge.items.every(seen), engagement)
        some, same = network(state, judge.items.of(seen, slates), engagement.gather(1, index))
    torch.testing.assert_close(some, values.gather(1, index))
    assert torch.equal(same, base)


def test_values_by_the_equation():
    _, judge, _ = begin(TEXTS)
    network, state, engagement = moved(judge), torch.randn(8, judge.ranker.width), torch.rand(8, 1000)
    with torch.no_grad():
        values, base = network(state, None, engagement)
        *query, level, nothing = network.head(network.body(state))[5].tolist()
        columns = judge.ranker.columns()[77].tolist()
    columns[-1 - judge.ranker.topic_shape[0]] = 0.0  # the engagement to come
    inner = sum(f * x for f, x in zip(query, columns, strict=True))
    expected = engagement[5, 77].item() / 4.0 + inner + level + network.own[77].item()
    assert values[5, 77].item() == pytest.approx(expected, rel=1e-4)
    assert base[5].item() == pytest.approx(nothing)


def test_what_columns_do_not_tell_of_an_item_is_learned_for_it_alone():
    """Where the ranker knows a catalogue; candidates that come with a request have nothing of their own."""
    _, judge, _ = begin(TEXTS)
    network = ClickValues(judge, 4.0, seed=0)
    assert not network.own.any()
    values, _ = network(torch.randn(1, judge.ranker.width), torch.tensor([[3, 9]]), torch.zeros(1, 2))
    values[0, 1].backward()
    assert network.own.grad.nonzero().tolist() == [[9]]
    _, judge, _ = begin(REQUEST)
    assert not hasattr(ClickValues(judge, 4.0, seed=0), "own")


def test_the_engagement_to_come_of_the_ranker_is_not_used():
    _, near, _ = begin(TEXTS)
    _, far, _ = begin(TEXTS)
    far.ranker.future.copy_(torch.linspace(-50, 50, 1000))
    state, engagement = torch.randn(9, near.ranker.width), torch.rand(9, 1000)
    with torch.no_grad():
        values, others = (moved(judge)(state, None, engagement)[0] for judge in (near, far))
    torch.testing.assert_close(values, others)


def test_only_what_was_learned_is_saved():
    for args, own in ((TEXTS, {"own"}), (REQUEST, set())):
        names = set(ClickValues(begin(args)[1], 4.0, seed=0).state_dict())
        assert names == own | {f"{each}.{what}" for each in ("body.0", "body.2", "head") for what in ("weight", "bias")}


def test_weights_come_from_the_seed_and_leave_torchs_own_numbers_alone():
    _, judge, _ = begin(TEXTS)
    before = torch.get_rng_state()
    first, again, other = (ClickValues(judge, 4.0, seed).body[0].weight for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_slates_hold_no_item_twice_and_nothing_read_lately(make_context, play):
    context = make_context()
    judge = Judge(TextRanker(context, "text", seed=0), TextItems(context), farsighted=False)
    observations, slates = play(SlateQPolicy(judge, moved(judge), 5))
    for observation, shown in zip(observations, slates, strict=True):
        assert all(len(set(slate)) == 5 for slate in shown.tolist())
        assert not (shown[..., None] == observation["read_items"][:, None]).any()


def test_what_a_replay_keeps_is_enough_where_songs_are_heard_again():
    """A step of a replay holds what ``Items.keys`` names, and beliefs of listeners are asked of it."""
    setup = set_up(WorldArgs("driftrec/Music-v0", horizon=3))
    kit = kit_of(setup)
    judge = kit.judge(setup, asdict(kit.settings), 0, farsighted=False)
    world, state = setup.world, setup.world.reset(np.arange(3, dtype=np.uint64))
    world.step(state, np.tile(np.arange(world.slate_size), (3, 1)))
    seen = world.observe(state)
    policy = SlateQPolicy(judge, ClickValues(judge, 4.0, seed=0), setup.slate_size)
    with torch.inference_mode():
        known = judge.ranker.state(as_tensors(seen))
        kept = {name: seen[name] for name in judge.items.keys}
        slates, _ = best_slates(judge, policy.network, known, kept, setup.slate_size)
    np.testing.assert_array_equal(slates.numpy(), policy.act(seen))
