"""The slate head as a distribution: exact, normalised, drawn as stated, and the ranker's order to begin with."""

from dataclasses import fields, replace
from itertools import permutations

import numpy as np
import pytest
import torch

from driftrec.agents.ppo.request import Request
from driftrec.agents.ppo.slate_head import LOW, SlateHead

ITEMS, STATE, COLUMNS, TOPICS, TOPIC_DIMS = 4, 5, 3, 2, 2
PRICES = (0.8, 0.3)
START = {"paced": 0}


@pytest.fixture(autouse=True, params=[0, 2, 3], ids=["scores", "prices", "burdens"])
def paced(request, monkeypatch):
    """Numbers of prices of pages that heads start from."""
    monkeypatch.setitem(START, "paced", request.param)
    return request.param


def make_head(slate_size, temper=1.5, weights=0.7):
    """A head with random weights; ``weights`` 0 leaves those it starts with."""
    torch.manual_seed(3)
    head = SlateHead(STATE, 3 + COLUMNS + TOPIC_DIMS, COLUMNS, slate_size, temper, PRICES, hidden=6, reads=2)
    if weights:
        for parameter in head.parameters():
            torch.nn.init.normal_(parameter, std=weights)
    return head


def make_request(items=ITEMS, seed=0, users=1):
    """Candidates of users who are all alike, made up."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {"state": (STATE,), "columns": (items, COLUMNS), "topics": (items, TOPICS), "judged": (items, 3)}
    drawn = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    drawn["topics"] = drawn["topics"].softmax(dim=1)
    drawn["of_topic"] = torch.randn((items, TOPIC_DIMS), generator=generator)
    if START["paced"]:
        drawn["paced"] = torch.rand((items, START["paced"]), generator=generator)
        drawn["paced"] += torch.tensor([1.0, -0.5, 0.0])[: START["paced"]]
    return Request(**{name: value.expand(users, *value.shape) for name, value in drawn.items()})


def only(request, rows):
    """The same of some candidates, or of all in another order."""
    return replace(request, **{name: getattr(request, name)[:, rows] for name in told(request) if name != "state"})


def told(request):
    """Names of what is told."""
    return [field.name for field in fields(Request) if getattr(request, field.name) is not None]


def joined(requests):
    """Several requests as one."""
    return Request(**{name: torch.cat([getattr(r, name) for r in requests]) for name in told(requests[0])})


def logits_by_hand(head, request, picks):
    """The equation in the class's docstring, in float64, for one user after ``picks``."""
    weights = {name: value.detach().double().numpy() for name, value in head.named_parameters()}
    state, columns, topics, judged, of_topic, *prices = (
        getattr(request, name)[0].double().numpy() for name in told(request)
    )
    scaled = (state - state.mean()) / np.sqrt(state.var() + 1e-5) * weights["queries.normalise.weight"]
    scaled = scaled + weights["queries.normalise.bias"]
    queries = (weights["queries.query.weight"] @ scaled).reshape(head.queries.reads, COLUMNS) / np.sqrt(COLUMNS)
    each = np.concatenate([judged, columns, of_topic, columns @ queries.T], axis=1)
    chance = 1 / (1 + np.exp(-judged[:, 1]))
    unit = columns / np.linalg.norm(columns, axis=1, keepdims=True)
    near = unit @ unit[picks].T  # (items, picks)
    count = len(picks)
    effects = np.stack(
        [
            topics @ (chance[picks, None] * topics[picks]).sum(axis=0),
            np.full(len(columns), chance[picks].sum()),
            near.mean(axis=1) if count else np.zeros(len(columns)),
            near.max(axis=1, initial=0.0),
            np.full(len(columns), count / head.slate_size),
        ],
        axis=1,
    )
    hidden = each @ weights["candidate.weight"].T + weights["candidate.bias"] + weights["user.weight"] @ scaled
    hidden = hidden + effects @ weights["effect.weight"].T + weights["position"][count]
    shown = topics @ (prices[0][picks, 2:] * topics[picks]).sum(axis=0) if START["paced"] == 3 else None
    base = judged[:, 0] if not prices else paced_score(chance, prices[0].T, effects[:, 0], shown)
    return head.temper * base + np.maximum(hidden, 0.0) @ weights["out.weight"][0]


def paced_score(chance, prices, above, shown):
    """Logarithm of a pace's gains over the best at the first position."""

    def gains(above, shown):
        worth, excess, *burden = prices
        if burden:
            return chance * (worth - PRICES[1] * above) - burden[0] * PRICES[0] * np.clip(excess + shown, 0, 3)
        return chance * (worth - PRICES[0] * np.clip(excess + above, 0, 3) - PRICES[1] * above)

    share = gains(above, shown) / gains(0.0, 0.0).max()
    return np.where(share > LOW, np.log(np.maximum(share, LOW)), np.log(LOW) + share / LOW - 1.0)


def by_hand(head, request, slate):
    """Chance of a slate."""
    chance, left = 1.0, list(range(request.columns.shape[1]))
    for position, item in enumerate(slate):
        strength = np.exp(logits_by_hand(head, request, list(slate[:position])))[left]
        chance *= strength[left.index(item)] / strength.sum()
        left.remove(item)
    return chance


def stated(head, slates, items=ITEMS):
    """Chance of every slate as the head says it, and the entropy of every pick, (slates, slate_size)."""
    with torch.no_grad():
        sight = head.read(make_request(items, users=len(slates)))
        log_p, entropy = head.log_probability(sight, torch.tensor(slates))
    return log_p.sum(dim=1).exp().numpy(), entropy.numpy()


@pytest.mark.parametrize("slate_size", [1, 2, 3, 4])
def test_chances_are_exact_and_sum_to_one(slate_size):
    head = make_head(slate_size)
    slates = list(permutations(range(ITEMS), slate_size))
    chances, _ = stated(head, slates)
    np.testing.assert_allclose(chances, [by_hand(head, make_request(), slate) for slate in slates], rtol=1e-4)
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
        picks, _ = head.pick(head.read(make_request(users=n)), greedy=False)
    found, counts = np.unique(picks.numpy(), axis=0, return_counts=True)
    drawn = dict(zip(map(tuple, found.tolist()), counts, strict=True))
    for slate, chance in zip(slates, chances, strict=True):
        assert abs(drawn.get(slate, 0) - n * chance) < 4.5 * np.sqrt(n * chance * (1 - chance)) + 1, slate


@pytest.mark.parametrize("greedy", [False, True])
def test_the_log_probability_of_a_draw_is_that_of_the_slate(greedy):
    head = make_head(3)
    request = joined([make_request(7, seed) for seed in range(9)])
    with torch.no_grad():
        sight = head.read(request)
        picks, log_p = head.pick(sight, greedy=greedy)
        torch.testing.assert_close(head.log_probability(sight, picks)[0], log_p, rtol=1e-5, atol=1e-5)


def test_entropy_is_that_of_the_next_pick():
    head = make_head(2)
    _, entropy = stated(head, [(2, 0)])
    first = np.array([by_hand(head, make_request(), (i,)) for i in range(ITEMS)])
    second = np.array([by_hand(head, make_request(), (2, j)) for j in (0, 1, 3)]) / first[2]
    expected = [-(first * np.log(first)).sum(), -(second * np.log(second)).sum()]
    np.testing.assert_allclose(entropy[0], expected, rtol=1e-4)


def test_greedy_picks_are_the_most_likely_given_those_before():
    head, request = make_head(3), make_request(6)
    with torch.no_grad():
        picks = head.pick(head.read(request), greedy=True)[0][0].tolist()
    for k in range(3):
        chances = {i: by_hand(head, request, (*picks[:k], i)) for i in range(6) if i not in picks[:k]}
        assert max(chances, key=chances.__getitem__) == picks[k]


def test_without_prices_the_head_begins_as_the_ranker(paced):
    if paced:
        pytest.skip("prices say where it begins")
    head, request = make_head(3, temper=2.0, weights=0), joined([make_request(5, seed) for seed in (0, 1)])
    scores = request.judged[..., 0]
    with torch.no_grad():
        picks, log_p = head.pick(head.read(request), greedy=True)
    assert picks.tolist() == scores.argsort(dim=1, descending=True)[:, :3].tolist()
    torch.testing.assert_close(log_p[:, 0].exp(), (2 * scores).softmax(dim=1).max(dim=1).values)


def test_the_order_of_candidates_is_no_matter():
    head, request, order = make_head(3), make_request(5), [3, 1, 4, 0, 2]
    slate = [2, 0, 3]
    with torch.no_grad():
        straight = head.log_probability(head.read(request), torch.tensor([[order[i] for i in slate]]))
        moved = head.log_probability(head.read(only(request, order)), torch.tensor([slate]))
    torch.testing.assert_close(moved, straight)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("openings of its topic", {"topics": torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])}),
        ("openings in all", {"judged": torch.tensor([[[0.0, 3.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])}),
        ("similarity", {"columns": torch.tensor([[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])}),
    ],
)
def test_a_candidate_is_told_what_the_slate_so_far_will_do(what, change):
    """Only the second candidate is like the first pick, or more is opened of it than of a pick that nobody opens."""
    plain = Request(
        state=torch.zeros(1, STATE),
        columns=torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]]),
        topics=torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]]),
        judged=torch.zeros(1, 3, 3),
        of_topic=torch.zeros(1, 3, TOPIC_DIMS),
    )
    head = make_head(2)
    first = torch.tensor([[0]])
    before, after = (head._effects(head.read(request), first)[0, 1] for request in (plain, replace(plain, **change)))
    assert not torch.equal(before[1], after[1]), what
    if what != "openings in all":
        assert torch.equal(before[2], after[2]), what


def test_every_weight_learns():
    head = make_head(3)
    request = joined([make_request(5, seed) for seed in (0, 1)])
    log_p, entropy = head.log_probability(head.read(request), torch.tensor([[4, 1, 2], [0, 3, 1]]))
    (log_p.sum() + entropy.sum()).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_picks_that_are_not_iterative_are_the_top_of_logits_that_no_pick_moves(paced):
    torch.manual_seed(3)
    shape = (STATE, 3 + COLUMNS + TOPIC_DIMS, COLUMNS, 3, 1.5, PRICES)
    head = SlateHead(*shape, hidden=6, reads=2, iterative=False)
    for name in ("candidate.weight", "out.weight"):
        torch.nn.init.normal_(head.get_parameter(name))
    candidates = head.read(make_request())
    picks, _ = head.pick(candidates, greedy=True)
    logits = head._logits(candidates, head._effects(candidates, picks[:, :-1]), 0, 3)
    assert torch.equal(logits[:, 0], logits[:, 2])
    assert torch.equal(picks, logits[:, 0].topk(3, dim=1).indices)
