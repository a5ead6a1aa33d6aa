"""A world of known numbers is simulated and fitted: the numbers come back."""

import numpy as np
import pytest

from driftrec.agents.fitting_worlds.lives import TEST, shuffled
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings, fit_tastes, unseen_likelihood
from driftrec.agents.fitting_worlds.taste_model import KnownItems
from driftrec.agents.fitting_worlds.visit_fit import fit_visits
from driftrec.simulators.fitted.example import VISITS, made_up, made_up_with_habits
from driftrec.simulators.fitted.parameters import Tastes, VisitRates
from tests.agents.fitting_worlds.logged import lives_from

ALL = ("own", "fast", "session", "slow", "satiation")


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    parameters = made_up()
    lives, order, _ = lives_from(parameters, tmp_path_factory.mktemp("log"), users=300, steps=40)
    return parameters, lives, order


def test_tastes_come_back_in_sign_and_rough_size(logged):
    """10,000 slates of 300 users. Bounds were set by looking at three fits, all within them.

    Half-lives of the slow memory and of satiation do not come back from so few slates, and are not asked for.
    Broken on purpose: with ages of the fast memory counted in slates, or with the past of a slate including itself,
    the fast weight fails; with the sign of satiation turned, satiation does.
    """
    parameters, lives, order = logged
    settings = FitWorldSettings(dims=3, least_steps=285)
    model = fit_tastes(lives, ALL, KnownItems(parameters.topic[order]), settings, seed=0)
    found, true = model.tastes(), parameters.tastes
    for name, bound in {"fast": 0.5, "session": 0.5, "slow": 0.6, "satiation": 0.3, "repeat": 0.3}.items():
        assert getattr(found, name) == pytest.approx(getattr(true, name), abs=bound), name
    assert found.position == pytest.approx(true.position, abs=0.08)
    assert 0.5 < found.fast_half_life / true.fast_half_life < 2
    assert np.corrcoef(model.quality().detach(), parameters.quality[order])[0, 1] > 0.85
    like = (model.vectors() @ model.vectors().T).detach().numpy()
    vectors = parameters.vectors[order]
    assert np.corrcoef(like.ravel(), (vectors @ vectors.T).ravel())[0, 1] > 0.8  # vectors are known up to a rotation


def test_thresholds_and_habits_come_back(tmp_path):
    """11,300 slates of 300 users. Bounds were set by looking at three worlds, all within them.

    Failed with slates of which the load keeps all, and with loads that do not count the opening itself. Without a
    threshold the satiation of 2 is found as .75.
    """
    parameters = made_up_with_habits(seed=1)
    lives, order, _ = lives_from(parameters, tmp_path, users=300, steps=40)
    settings, terms = FitWorldSettings(dims=3, least_steps=285), ("own", "satiation", "threshold", "habit")
    found = fit_tastes(lives, terms, KnownItems(parameters.topic[order]), settings, seed=0).tastes()
    for name, bound in {"satiation": 0.4, "threshold": 0.25, "keep": 0.04, "habit": 0.25, "takeaway": 0.15}.items():
        assert getattr(found, name) == pytest.approx(getattr(parameters.tastes, name), abs=bound), name
    for name in ("satiation_half_life", "habit_half_life"):
        assert 0.6 < getattr(found, name) / getattr(parameters.tastes, name) < 1.6, name


def test_shuffling_sessions_takes_much_of_the_fast_part_away(tmp_path):
    """A world of fast drift alone, 150 users: held-out it gains .125 a slate, .076 with sessions shuffled.

    What is left tells sessions apart, over which the memory then reaches longer. Standard errors over users are .014
    and .010. Failed with a shuffle that changes nothing.
    """
    fast = Tastes(fast=3.0, fast_half_life=1.0, no_click=1.0)
    lives, _, _ = lives_from(made_up(tastes=fast, visits=VisitRates(end=-4.0, churn=0.0)), tmp_path, 150, 40)
    settings, gains, lengths = FitWorldSettings(dims=3, least_steps=80), [], []
    for some in (lives, shuffled(lives, 3)):
        past, own = (fit_tastes(some, terms, KnownItems(), settings, seed=0) for terms in (("own", "fast"), ("own",)))
        gains.append(
            (unseen_likelihood(past, some, TEST) - unseen_likelihood(own, some, TEST)).sum() / (some.part == TEST).sum()
        )
        lengths.append(past.tastes().fast_half_life)
    assert gains[0] - gains[1] > 0.02
    assert lengths[1] > 2 * lengths[0]


def test_visits_come_back(logged):
    """Of 300 users' 2,000 sessions, within bounds set by looking; users who left early are known to be gone."""
    _, lives, _ = logged
    found = fit_visits(lives, np.ones(len(lives.users)))
    assert found.end == pytest.approx(VISITS.end, abs=0.25)
    assert found.content == pytest.approx(VISITS.content, abs=0.15)
    assert found.churn == pytest.approx(VISITS.churn, abs=0.015)
    assert found.short_hours == pytest.approx(VISITS.short_hours, rel=0.35)
    assert found.long_hours == pytest.approx(VISITS.long_hours, rel=0.25)
    assert found.short_share == pytest.approx(VISITS.short_share, abs=0.08)


def test_a_weight_of_two_is_the_user_twice(logged):
    _, lives, _ = logged
    twice = fit_visits(lives, np.full(len(lives.users), 2.0))
    once = fit_visits(lives, np.ones(len(lives.users)))
    assert twice.long_hours == pytest.approx(once.long_hours, rel=1e-6)
    assert twice.churn == pytest.approx(once.churn, rel=1e-6)
