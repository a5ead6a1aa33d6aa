"""Sums over all items, and the stretches that gradients are taken of."""

import numpy as np
import pytest
import torch

from driftrec.agents.fitting_worlds.lives import TRAIN, VALIDATION
from driftrec.agents.fitting_worlds.segments import ABSENT, CONTEXT, stretches_of
from driftrec.agents.tastes.all_items import Run, log_sum, total_log_sum
from driftrec.simulators.fitted.example import made_up
from tests.agents.fitting_worlds.logged import lives_from

RUNS = (
    Run(0, 4, torch.tensor([1, 5]), torch.tensor([[0.0, 0], [1, 0], [1, 0], [1, 1]], dtype=torch.float64)),
    Run(4, 7, torch.empty(0, dtype=torch.int64), torch.zeros(3, 0, dtype=torch.float64)),
)


def told():
    """People, items, and what repeats lose."""
    draw = torch.Generator().manual_seed(0)
    people, items = (torch.randn(n, 3, generator=draw, dtype=torch.float64, requires_grad=True) for n in (7, 11))
    return people, items, torch.tensor(0.7, dtype=torch.float64, requires_grad=True)


def test_the_sum_is_that_of_all_utilities():
    """Failed with repeats added in place of taken off, and with powers of 2 taken for those of e."""
    people, items, repeat = told()
    utility = (people @ items.T).detach()
    for run in RUNS:
        utility[run.begin : run.end, run.opened] -= 0.7 * run.again
    np.testing.assert_allclose(log_sum(people, items, repeat, RUNS).detach(), utility.logsumexp(1), rtol=1e-12)


def test_its_gradient_is_that_of_finite_differences():
    """Failed without the repeats' part, and with people's not weighed by what comes in."""
    weights = torch.arange(7, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda *given: 3 * total_log_sum(*given, RUNS, weights), told())


@pytest.mark.parametrize("scale", [1e4, -1e4, 1.0])
def test_sums_of_large_and_small_utilities_are_exact(scale):
    """Failed, being infinite, where the largest utility is taken off of no run."""
    people, items, repeat = (each.detach().float() for each in told())
    people = torch.cat([people, scale * torch.ones(7, 1)], dim=1)
    items = torch.cat([items, torch.ones(11, 1)], dim=1)
    runs = [Run(run.begin, run.end, run.opened, run.again.float()) for run in RUNS]
    sums, weights = log_sum(people, items, repeat, runs), torch.arange(7.0)
    np.testing.assert_allclose(sums - scale, log_sum(*told(), RUNS), atol=2e-3)
    np.testing.assert_allclose(total_log_sum(people, items, repeat, runs, weights), weights @ sums, rtol=1e-5)


@pytest.mark.parametrize("part", [TRAIN, VALIDATION])
def test_batches_hold_every_slate_of_a_part_once(tmp_path, part):
    """And nothing that comes after it; like lengths are beside each other."""
    lives, _, _ = lives_from(made_up(people=1), tmp_path, users=30, steps=70)
    stretches = stretches_of(lives, part)
    batches = stretches.packed(40, np.random.default_rng(1))
    own = np.concatenate([rows[:, CONTEXT:].ravel() for rows in batches])
    own = own[own != ABSENT]
    wanted = own[lives.part[own] == part]
    assert sorted(wanted) == np.flatnonzero(lives.part == part).tolist()
    assert lives.part[own].max() == part
    assert len(batches) > 3
    assert max((lives.part[rows[:, CONTEXT:][rows[:, CONTEXT:] != ABSENT]] == part).sum() for rows in batches) < 120
    widths = [(rows[:, CONTEXT:] != ABSENT).sum(axis=1) for rows in batches]
    assert np.mean([width.std() for width in widths]) < np.concatenate(widths).std() / 2
