"""Tuning baselines by simulation: what is searched, on whom, and what comes out."""

import builtins

import numpy as np
import pytest

from driftrec.agents.baselines import Content, EpsilonContent, LinUCB
from driftrec.agents.comparison import tuning
from driftrec.agents.comparison.tuning import defaults, search, validate
from driftrec.agents.known import KNOWN, TUNABLE, Range
from driftrec.agents.registry import CLASSES, build_with
from driftrec.agents.runs.kept_study import new_study
from driftrec.agents.runs.tuned import check_tunable

NAMES = ("popular", "content", "epsilon-content", "linucb")


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(8, slate_size=3, history=10, horizon=6)


@pytest.mark.parametrize("name", TUNABLE)
def test_every_range_holds_the_default(name):
    assert set(TUNABLE) <= set(CLASSES)
    assert set(defaults(name)) == set(KNOWN[name].tunable)
    for parameter, value in defaults(name).items():
        searched = KNOWN[name].tunable[parameter]
        assert searched.low <= value <= searched.high, parameter
        assert isinstance(value, int) == searched.whole, parameter


@pytest.mark.parametrize("name", NAMES)
def test_the_ends_of_every_range_can_be_served(name, setup):
    observation = setup.world.observe(setup.world.reset(np.arange(9, dtype=np.uint64)))
    for end in ("low", "high"):
        tunable = KNOWN[name].tunable
        policy = build_with(setup, name, {which: getattr(searched, end) for which, searched in tunable.items()})
        policy.reset(9, seed=0)
        slates = policy.act(observation)
        assert [len(set(slate)) for slate in slates.tolist()] == 9 * [3]
        assert slates.min() >= 0
        assert slates.max() < setup.world.num_items


def test_parameters_reach_the_policy(setup):
    assert build_with(setup, "epsilon-content", {"epsilon": 0.3, "half_life": 7.0}).epsilon == 0.3
    built = build_with(setup, "linucb", {"alpha": 2.5, "dims": 5})
    assert isinstance(built, LinUCB)
    assert (built.alpha, built.features.shape[1]) == (2.5, 6)


@pytest.mark.parametrize("name", NAMES)
def test_trials_begin_with_the_defaults_and_stay_within_the_ranges(name, setup):
    trials = list(search(setup, name, seed=3, trials=4, users=5))
    assert [trial.number for trial in trials] == [0, 1, 2, 3]
    assert trials[0].parameters == defaults(name)
    for trial in trials:
        assert np.isfinite(trial.engagement)
        for parameter, searched in KNOWN[name].tunable.items():
            assert searched.low <= trial.parameters[parameter] <= searched.high
            assert not searched.whole or isinstance(trial.parameters[parameter], int)
    assert len({str(trial.parameters) for trial in trials}) == 4


def test_the_same_seed_repeats_the_search_and_another_does_not(setup):
    first, again, other = (list(search(setup, "content", seed=seed, trials=3, users=5)) for seed in (3, 3, 4))
    assert first == again
    assert first[1:] != other[1:]


def test_the_search_learns_from_what_it_is_told(setup, monkeypatch):
    """The best half-life is an hour, the lower end, and ln half_life runs from 0 to 6.9.

    Fifteen random draws have a mean of 3.45 with a standard error of 2.0 / sqrt(15) = 0.5: below 2 once in 500.
    """

    def measured(setup, policy, seeds):
        assert isinstance(policy, Content)
        return np.full(len(seeds), -np.log(policy.half_life))

    monkeypatch.setattr(tuning, "_engagement", measured)
    trials = list(search(setup, "content", seed=1, trials=25, users=2))
    late = [np.log(trial.parameters["half_life"]) for trial in trials[10:]]
    assert np.mean(late) < 2.0


def test_a_measure_is_the_mean_engagement_with_learning(setup):
    """LinUCB shows other slates once it is told what was read."""
    trial = next(search(setup, "linucb", seed=3, trials=1, users=40))

    class Deaf(LinUCB):
        def update(self, *told):
            pass

    seeds = tuning.user_seeds(3, "tuning", 40)
    heard, deaf = (tuning._engagement(setup, policy(setup.context), seeds).mean() for policy in (LinUCB, Deaf))
    assert trial.engagement == heard != deaf


def test_the_check_is_a_paired_difference_on_fresh_users(setup):
    seeds = tuning.user_seeds(3, "tuning check", 30)
    check = validate(setup, "epsilon-content", {"epsilon": 1.0}, seed=3, users=30)
    tuned, default = (
        tuning._engagement(setup, policy, seeds)
        for policy in (EpsilonContent(setup.context, epsilon=1.0), EpsilonContent(setup.context))
    )
    assert (check["tuned"], check["default"]) == (tuned.mean(), default.mean())
    gap = check["difference"]
    assert gap["mean"] == pytest.approx(tuned.mean() - default.mean())
    error = (tuned - default).std() / np.sqrt(30)
    assert gap["high"] - gap["low"] == pytest.approx(3.9 * error, rel=0.2)
    same = validate(setup, "content", defaults("content"), seed=3, users=4)["difference"]
    assert same == {"mean": 0.0, "low": 0.0, "high": 0.0}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("contentt", "Policy 'contentt' has no parameters to tune. Did you mean 'content'[?]"),
        ("random", "Policy 'random' has no parameters to tune. Known: content, "),
        ("planner", "Policy 'planner' has no parameters to tune"),
        ("my.module:Class", "Policy 'my.module:Class' has no parameters to tune"),
    ],
)
def test_what_cannot_be_tuned(name, message):
    with pytest.raises(ValueError, match=message):
        check_tunable(name)


@pytest.mark.parametrize(
    ("name", "message"), [("mmr", "write mmr:ARGUMENT"), ("linucb:3", "takes no argument, but '3' was given")]
)
def test_a_run_where_one_is_needed_and_nowhere_else(name, message, setup):
    with pytest.raises(ValueError, match=message):
        build_with(setup, name, defaults(name))


def test_without_optuna_the_remedy_is_named(monkeypatch):
    real = builtins.__import__

    def gone(name, *rest):
        if name.partition(".")[0] == "optuna":
            raise ModuleNotFoundError("No module named 'optuna'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", gone)
    with pytest.raises(ImportError, match=r"Tuning needs Optuna; get it with: pip install -e '\.\[tune\]'"):
        new_study()


def test_ranges_become_optunas():
    whole, real = tuning._distribution(Range(4, 32, log=True, whole=True)), tuning._distribution(Range(0.0, 2.0))
    assert (whole.low, whole.high, whole.log, type(whole).__name__) == (4, 32, True, "IntDistribution")
    assert (real.low, real.high, real.log, type(real).__name__) == (0.0, 2.0, False, "FloatDistribution")
