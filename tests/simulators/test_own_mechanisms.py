"""Mechanisms of the user's own: what is built from the settings, and what is refused with which words."""

import linecache
import sys
from dataclasses import asdict, fields

import numpy as np
import pytest

from driftrec.simulators.drift import InterestDrift
from driftrec.simulators.mechanisms import contents, kinds
from driftrec.simulators.news_config import NewsConfig
from driftrec.simulators.published.recsim_choice import (
    MODELS,
    ChoiceModel,
    ExponentialCascade,
    ScoreLogit,
    choice_model,
)
from driftrec.simulators.settings import updated
from driftrec.simulators.trial import try_out

RULES = {field.name: field.metadata["rule"] for field in fields(NewsConfig) if "rule" in field.metadata}

OWN = """
import numpy as np

from driftrec.simulators.drift import InterestDrift
from driftrec.simulators.published.recsim_choice import ScoreLogit
from driftrec.simulators.retention import SessionEnd
from driftrec.simulators.satisfaction import Satisfaction


class Pull(InterestDrift):
    pass


class Still:
    def __init__(self, strength=1.0, targets=()):
        if strength < 0:
            raise ValueError("strength is below 0")
        self.strength, self.targets = strength, targets

    def consume(self, interest, users, latent): ...
    def pass_time(self, interest, home, hours, noise): ...
    def maybe_jump(self, interest, topics, hours, whether, where): ...


class Bare:
    def consume(self, interest, users, latent): ...


class FewArguments(Still):
    def consume(self, interest, users): ...


class Fails(Still):
    def consume(self, interest, users, latent):
        interest[latent] = 1


class NobodyOpens(Still):
    def consume(self, interest, users, latent):
        interest[users] = latent * latent.max() / latent.max()


class NotInPlace(Still):
    def consume(self, interest, users, latent):
        return interest.copy()


class Longer(Still):
    def consume(self, interest, users, latent):
        interest[users] += latent


class Hours(Still):
    def pass_time(self, interest, home, hours, noise):
        hours *= 2


class Forgets(Still):
    def pass_time(self, interest, home, hours, noise):
        interest[:] = np.nan


class Random(Still):
    def pass_time(self, interest, home, hours, noise):
        interest[:] = np.random.default_rng().normal(size=interest.shape)
        interest /= np.linalg.norm(interest, axis=1, keepdims=True)


class Doubles(SessionEnd):
    def probability(self, satisfaction, session_minutes):
        return super().probability(satisfaction, session_minutes).astype(float)


class TooLikely(SessionEnd):
    def probability(self, satisfaction, session_minutes):
        return 2 + 0 * satisfaction


class Number(SessionEnd):
    def probability(self, satisfaction, session_minutes):
        return 0.5


class Flat(Satisfaction):
    def after(self, satisfaction, opened, worth):
        return satisfaction[:, None]


class Last(ScoreLogit):
    def choose(self, scores, draw):
        return np.full(draw.shape, len(scores))


number = 5


def nothing():
    return None
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module of the user's own in the current directory, forgotten after the test."""
    (tmp_path / "own_mechanisms.py").write_text(OWN)
    (tmp_path / "broken_mechanisms.py").write_text("import a_package_that_is_not_there\n")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("own_mechanisms", None)


def drift(kind, **parameters):
    return updated(NewsConfig(), {"drift": {"kind": kind, **parameters}}).drift


@pytest.mark.parametrize(("name", "rule"), RULES.items())
def test_built_in_mechanisms_keep_their_own_rules(name, rule):
    made = getattr(NewsConfig(), name)
    assert isinstance(made, rule)
    try_out(made, rule, name)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_built_in_choice_models_keep_their_own_rule(model):
    assert isinstance(model, ChoiceModel)
    try_out(model, ChoiceModel, "choice")


def test_a_built_in_mechanism_may_be_named():
    assert drift("InterestDrift", towards=0.2) == InterestDrift(towards=0.2)
    assert drift("driftrec.simulators.drift:InterestDrift", towards=0.2) == InterestDrift(towards=0.2)


def test_parameters_are_copied_as_json_copies_them(own):
    targets = [1, [2.0]]
    made = drift("own_mechanisms:Still", strength=np.float32(0.5), targets=targets)
    assert (type(made).__name__, type(made.strength), made.strength) == ("Still", float, 0.5)
    assert made.targets == targets
    targets[1].append(3)
    assert made.targets == [1, [2.0]]


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"kind": 5}, TypeError, r"config\.drift\.kind is 5; it must be a string"),
        ({"kind": None}, TypeError, r"config\.drift\.kind is None; it must be a string"),
        (
            {"kind": "InterestDrif"},
            ValueError,
            r"config\.drift\.kind is 'InterestDrif', which is no mechanism\. Did you mean 'InterestDrift'\? Known: "
            r"InterestDrift\. Or your own: package\.module:Class\.",
        ),
        ({"kind": ":Still"}, ValueError, "':Still', which is no mechanism"),
        ({"kind": "own_mechanisms:"}, ValueError, "'own_mechanisms:', which is no mechanism"),
        (
            {"kind": "InterestDrift", "toward": 1},
            ValueError,
            r"config\.drift\.toward is not a setting\. Did you mean 'towards'",
        ),
        (
            {"kind": "interestdrift:Still"},
            ImportError,
            r"Cannot import config\.drift\.kind 'interestdrift:Still': there is no module 'interestdrift'\. .*Known: I",
        ),
        ({"kind": "own_mechanisms.deep:Still"}, ImportError, "'own_mechanisms.deep:Still': ModuleNotFoundError"),
        ({"kind": "broken_mechanisms:Still"}, ImportError, "a_package_that_is_not_there"),
        ({"kind": "own_mechanisms:Stil"}, ImportError, "module 'own_mechanisms' has no 'Stil'"),
        (
            {"kind": "own_mechanisms:number"},
            TypeError,
            r"config\.drift: own_mechanisms:number is 5; it must be a class",
        ),
        (
            {"kind": "own_mechanisms:Still", "strenght": 1},
            ValueError,
            r"config\.drift\.strenght is not a parameter of own_mechanisms:Still\. Did you mean 'strength'\?",
        ),
        ({"kind": "own_mechanisms:nothing", "a": 1}, ValueError, "a is not a parameter of .*nothing. It takes none"),
        (
            {"kind": "own_mechanisms:Still", "strength": -1},
            ValueError,
            r"own_mechanisms:Still cannot be built with \{'strength': -1\}: ValueError: strength is below 0",
        ),
        (
            {"kind": "own_mechanisms:Still", "strength": {1}},
            TypeError,
            r"config\.drift must hold what JSON can hold: \{1\} is set",
        ),
        ({"kind": "own_mechanisms:Still", "strength": float("nan")}, ValueError, "hold what JSON can hold"),
        (
            {"kind": "own_mechanisms:nothing"},
            TypeError,
            r"own_mechanisms:nothing lacks consume\(\) and maybe_jump\(\) and pass_time\(\); see "
            r"driftrec\.simulators\.drift\.DriftRule",
        ),
        ({"kind": "own_mechanisms:Bare"}, TypeError, r"own_mechanisms:Bare lacks maybe_jump\(\) and pass_time\(\)"),
        (
            {"kind": "own_mechanisms:FewArguments"},
            TypeError,
            r"FewArguments\.consume is called as consume\(interest, users, latent\): too many positional arguments",
        ),
        (
            {"kind": "own_mechanisms:Fails"},
            TypeError,
            r"Fails\.consume with interest \(7, 6\), users \(4,\), latent \(4, 6\) raised IndexError",
        ),
        (
            {"kind": "own_mechanisms:NobodyOpens"},
            TypeError,
            r"consume with interest \(1, 6\), users \(0,\), latent \(0, 6\) raised ValueError",
        ),
        (
            {"kind": "own_mechanisms:NotInPlace"},
            TypeError,
            r"returned float32, \(7, 6\); it must change interest in place and return nothing",
        ),
        ({"kind": "own_mechanisms:Longer"}, TypeError, "left interest as rows of length .*; scale them to length 1"),
        ({"kind": "own_mechanisms:Forgets"}, TypeError, "left interest as nan; all must be finite"),
        ({"kind": "own_mechanisms:Hours"}, TypeError, r"Hours\.pass_time .* raised ValueError: .*read-only"),
        ({"kind": "own_mechanisms:Random"}, TypeError, "did something else when called again; all that is random must"),
    ],
)
def test_a_wrong_mechanism_is_refused(parameters, error, message, own):
    with pytest.raises(error, match=message):
        updated(NewsConfig(), {"drift": parameters})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"session_end": {"kind": "own_mechanisms:Doubles"}},
            r"config\.session_end: own_mechanisms:Doubles\.probability .* returned float64, \(7,\); it must be "
            r"float32, \(users,\) = \(7,\)",
        ),
        ({"session_end": {"kind": "own_mechanisms:TooLikely"}}, r"returned 2\.0; all must be between 0 and 1"),
        ({"session_end": {"kind": "own_mechanisms:Number"}}, "returned float; it must be float32"),
        ({"satisfaction": {"kind": "own_mechanisms:Flat"}}, r"after .* returned float32, \(7, 1\); it must be float32"),
        ({"comeback": {"kind": "own_mechanisms:Doubles"}}, r"lacks churn_probability\(\) and gap\(\)"),
    ],
)
def test_a_wrong_result_is_refused(changes, message, own):
    with pytest.raises(TypeError, match=message):
        updated(NewsConfig(), changes)


def test_numbers_are_no_mechanisms():
    with pytest.raises(TypeError, match=r"config\.memory is \{'kind': 'a:B'\}; it must be a number"):
        updated(NewsConfig(), {"memory": {"kind": "a:B"}})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kind": "ExponentialCascade", "score_scaling": 0.1}, ExponentialCascade(score_scaling=0.1)),
        ({"kind": "driftrec.simulators.published.recsim_choice:ScoreLogit"}, ScoreLogit()),
    ],
)
def test_a_choice_model_by_kind(changes, expected):
    assert choice_model(changes, ScoreLogit(1.0)) == expected


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"kind": "Cascade"}, ValueError, r"choice\.kind is 'Cascade', .* Known: ExponentialCascade, Multi"),
        (
            {"kind": "a:B", "model": "MultinomialLogit"},
            ValueError,
            "choice has a model, 'MultinomialLogit', and a kind, 'a",
        ),
        ({"kind": "own_mechanisms:Last"}, TypeError, r"Last\.choose .* returned 5; all must be between -1 and 4"),
    ],
)
def test_a_wrong_choice_model_is_refused(changes, error, message, own):
    with pytest.raises(error, match=message):
        choice_model(changes, ScoreLogit(1.0))


def test_what_a_configuration_holds_tells_own_mechanisms_from_built_in_ones(own, tmp_path):
    usual = NewsConfig()
    assert contents(usual) == asdict(usual)
    assert kinds(usual)["drift.kind"] == "InterestDrift"
    same_numbers = updated(usual, {"drift": {"kind": "own_mechanisms:Pull"}})
    assert asdict(same_numbers) == asdict(usual)
    assert contents(same_numbers) != contents(usual)
    assert kinds(same_numbers)["drift.kind"] == "Pull"
    still = [updated(usual, {"drift": {"kind": "own_mechanisms:Still", "strength": x}}) for x in (1, 1, 2)]
    first, again, other = map(contents, still)
    assert first == again != other


def test_another_text_of_the_module_is_another_mechanism(own, tmp_path):
    def told():
        sys.modules.pop("own_mechanisms", None)
        linecache.checkcache()
        return contents(updated(NewsConfig(), {"drift": {"kind": "own_mechanisms:Still"}}))

    before = told()
    assert told() == before
    (tmp_path / "own_mechanisms.py").write_text(OWN.replace("shape)", "shape) * 2"))
    assert told() != before


def test_a_mechanism_that_cannot_be_pickled_is_named(own):
    config = updated(NewsConfig(), {"drift": {"kind": "own_mechanisms:Still"}})
    config.drift.targets = lambda: None
    with pytest.raises(TypeError, match=r"drift is Still\(.*\), which cannot be pickled"):
        contents(config)
