"""The slate head as a distribution: exact, normalised, drawn as stated, and the ranker's order to begin with."""

from itertools import permutations

import numpy as np
import pytest
import torch

from driftrec.agents.ppo.slate_head import CatalogueRead, RequestRead, SlateHead

ITEMS, STATE, COLUMNS = 4, 5, 3


def make_head(slate_size, temper=1.5, weights=0.7):
    """A head with random weights; ``weights`` 0 leaves those it starts with."""
    torch.manual_seed(3)
    head = SlateHead(STATE, COLUMNS, slate_size, temper)
    if weights:
        for parameter in head.parameters():
            torch.nn.init.normal_(parameter, std=weights)
    return head


def make_read(items=ITEMS, seed=0, users=1):
    """What all picks share, as the head's ``read`` gives them, made up, for users who are all alike."""
    generator = torch.Generator().manual_seed(seed)
    base, features = torch.randn(1, items, generator=generator), torch.randn(items + 3, COLUMNS, generator=generator)
    candidates = torch.randperm(items + 3, generator=generator)[:items]  # some of the catalogue, in no order
    return CatalogueRead(base.expand(users, -1), features, candidates.expand(users, -1))


def by_hand(head, read, slate):
    """Chance of a slate by the equation in the class's docstring, in float64."""
    base = read.base[0].double().numpy()
    features = read.items[read.candidates[0]].double().numpy()
    partial = head.partial.weight.detach().double().numpy() * COLUMNS**-0.5
    chance, left = 1.0, list(range(len(base)))
    for position, item in enumerate(slate):
        mean = features[list(slate[:position])].mean(axis=0) if position else np.zeros(COLUMNS)
        strength = np.exp(base + features @ (partial @ mean))[left]
        chance *= strength[left.index(item)] / strength.sum()
        left.remove(item)
    return chance


def stated(head, slates, items=ITEMS):
    """Chance of every slate as the head says it, and the entropy of every pick, (slates, slate_size)."""
    with torch.no_grad():
        log_p, entropy = head.log_probability(make_read(items, users=len(slates)), torch.tensor(slates))
    return log_p.sum(dim=1).exp().numpy(), entropy.numpy()


@pytest.mark.parametrize("slate_size", [1, 2, 3, 4])
def test_chances_are_exact_and_sum_to_one(slate_size):
    head = make_head(slate_size)
    slates = list(permutations(range(ITEMS), slate_size))
    chances, _ = stated(head, slates)
    np.testing.assert_allclose(chances, [by_hand(head, make_read(), slate) for slate in slates], rtol=1e-5)
    assert chances.sum() == pytest.approx(1.0, abs=1e-6)
    assert chances.min() < 0.5 / len(slates)  # no uniform distribution, which anything would sum up


def test_later_picks_depend_on_the_earlier_ones():
    first, second = (stated(make_head(2), [(i, 2), (i, 3)])[0] for i in (0, 1))
    # A Plackett-Luce model without context keeps the odds of the items that are left.
    assert first[0] / first[1] != pytest.approx(second[0] / second[1], rel=0.05)


def test_a_slate_with_a_repeat_has_no_chance():
    chances, _ = stated(make_head(3), [(0, 0, 1), (0, 1, 0), (2, 1, 1)])
    assert (chances == 0).all()


def test_draws_come_as_often_as_stated():
    head = make_head(2)
    slates = list(permutations(range(ITEMS), 2))
    chances, _ = stated(head, slates)
    n = 20_000
    with torch.no_grad():
        picks, _ = head.pick(make_read(users=n), greedy=False)
    found, counts = np.unique(picks.numpy(), axis=0, return_counts=True)
    drawn = dict(zip(map(tuple, found.tolist()), counts, strict=True))
    for slate, chance in zip(slates, chances, strict=True):
        assert abs(drawn.get(slate, 0) - n * chance) < 4.5 * np.sqrt(n * chance * (1 - chance)) + 1, slate


@pytest.mark.parametrize("greedy", [False, True])
def test_the_log_probability_of_a_draw_is_that_of_the_slate(greedy):
    head = make_head(3)
    reads = [make_read(7, seed) for seed in range(9)]
    read = CatalogueRead(torch.cat([r.base for r in reads]), reads[0].items, torch.cat([r.candidates for r in reads]))
    with torch.no_grad():
        picks, log_p = head.pick(read, greedy=greedy)
        torch.testing.assert_close(head.log_probability(read, picks)[0], log_p, rtol=1e-5, atol=1e-5)


def test_entropy_is_that_of_the_next_pick():
    head = make_head(2)
    _, entropy = stated(head, [(2, 0)])
    first = np.array([by_hand(head, make_read(), (i,)) for i in range(ITEMS)])
    second = np.array([by_hand(head, make_read(), (2, j)) for j in (0, 1, 3)]) / first[2]
    expected = [-(first * np.log(first)).sum(), -(second * np.log(second)).sum()]
    np.testing.assert_allclose(entropy[0], expected, rtol=1e-5)


def test_greedy_picks_are_the_most_likely_given_those_before():
    head, read = make_head(3), make_read(6)
    with torch.no_grad():
        picks = head.pick(read, greedy=True)[0][0].tolist()
    for k in range(3):
        chances = {i: by_hand(head, read, (*picks[:k], i)) for i in range(6) if i not in picks[:k]}
        assert max(chances, key=chances.__getitem__) == picks[k]


def request(users=2, candidates=5, items=9):
    """A state, the catalogue's columns, candidates and how they are judged."""
    generator = torch.Generator().manual_seed(1)
    chosen = torch.stack([torch.randperm(items, generator=generator)[:candidates] for _ in range(users)])
    draws = [torch.randn(shape, generator=generator) for shape in ((users, STATE), (items, COLUMNS))]
    return *draws, chosen, torch.randn((users, candidates, 3), generator=generator)


def test_the_head_begins_as_the_ranker():
    head, (state, items, candidates, judged) = make_head(3, temper=2.0, weights=0), request()
    scores = judged[..., 0]
    with torch.no_grad():
        picks, log_p = head.pick(head.read(state, items, candidates, judged), greedy=True)
    assert picks.tolist() == scores.argsort(dim=1, descending=True)[:, :3].tolist()
    torch.testing.assert_close(log_p[:, 0].exp(), (2 * scores).softmax(dim=1).max(dim=1).values)


def test_candidates_are_read_by_their_own_columns():
    head, (state, items, candidates, scores) = make_head(3), request()
    with torch.no_grad():
        read = head.read(state, items, candidates, scores)
        order = torch.tensor([3, 1, 4, 0, 2])
        moved = head.read(state, items, candidates[:, order], scores[:, order])
    torch.testing.assert_close(moved.base, read.base[:, order])
    torch.testing.assert_close(moved.of(torch.arange(5)[None].expand(2, -1)), read.of(order[None].expand(2, -1)))
    places = torch.nonzero(candidates[0][:, None] == candidates[1])  # where an item stands for the two users
    assert len(places) > 0
    features = read.of(torch.arange(5)[None].expand(2, -1))
    assert torch.equal(features[0][places[:, 0]], features[1][places[:, 1]])  # whose states differ


def both_reads(head):
    """The same candidates read from a catalogue, and as columns that come with the request."""
    state, items, candidates, judged = request()
    return head.read(state, items, candidates, judged), head.read_request(state, items[candidates], judged)


def test_candidates_of_a_request_are_read_as_those_of_a_catalogue():
    head = make_head(3)
    generator = torch.Generator().manual_seed(2)
    query, picks = torch.randn(2, COLUMNS, generator=generator), torch.tensor([[4, 1, 2], [0, 3, 1]])
    with torch.no_grad():
        catalogue, columns = both_reads(head)
        assert isinstance(columns, RequestRead)
        assert columns.width == catalogue.width == COLUMNS
        torch.testing.assert_close(columns.base, catalogue.base)
        torch.testing.assert_close(columns.logits(query), catalogue.logits(query))
        assert torch.equal(columns.of(picks), catalogue.of(picks))
        for found, expected in zip(
            head.log_probability(columns, picks), head.log_probability(catalogue, picks), strict=True
        ):
            torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("greedy", [False, True])
def test_slates_of_a_request_are_those_of_a_catalogue(greedy):
    head = make_head(3)
    with torch.no_grad():
        reads = both_reads(head)
        drawn = [
            head.pick(read, greedy, torch.rand(2, 3, 5, generator=torch.Generator().manual_seed(5))) for read in reads
        ]
    assert torch.equal(drawn[0][0], drawn[1][0])
    torch.testing.assert_close(drawn[0][1], drawn[1][1])


def test_gradients_of_a_request_are_those_of_a_catalogue():
    picks, gradients = torch.tensor([[4, 1, 2], [0, 3, 1]]), []
    for which in (0, 1):
        head = make_head(3)
        log_p, entropy = head.log_probability(both_reads(head)[which], picks)
        (log_p.sum() + entropy.sum()).backward()
        gradients.append({name: parameter.grad for name, parameter in head.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("which", [0, 1], ids=["catalogue", "request"])
def test_every_weight_learns(which):
    head = make_head(3)
    log_p, entropy = head.log_probability(both_reads(head)[which], torch.tensor([[4, 1, 2], [0, 3, 1]]))
    (log_p.sum() + entropy.sum()).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name
