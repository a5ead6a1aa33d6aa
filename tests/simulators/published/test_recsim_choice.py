"""RecSim's choice models: chances worked out by hand, and what they refuse."""

import numpy as np
import pytest

from driftrec.simulators.published.recsim_choice import (
    MODELS,
    ExponentialCascade,
    MultinomialProportional,
    ProportionalCascade,
    ScoreLogit,
    choice_model,
)

SCORES = np.array([0.5, -0.5, 0.0], np.float32)

# weights 1.5, 0.5, 1 beside 2;  e^0.5, e^-0.5, 1 beside e^1;  0.9 * 0.4 * (1.5, 0.5, 1) one after the other; and
# 0.5 * 0.6 * (e^0.5, e^-0.5, 1) one after the other
EXPECTED = {
    MultinomialProportional(min_normalizer=-1.0, no_click_mass=1.0): (0.3, 0.1, 0.2, 0.4),
    ScoreLogit(no_click_mass=1.0): (0.276004, 0.101537, 0.167405, 0.455054),
    ScoreLogit(): (0.506480, 0.186324, 0.307196, 0.0),
    ProportionalCascade(min_normalizer=-1.0, attention_prob=0.9, score_scaling=0.4): (0.54, 0.0828, 0.135792, 0.241408),
    ExponentialCascade(attention_prob=0.5, score_scaling=0.6): (0.494616, 0.091958, 0.124028, 0.289398),
}


@pytest.mark.parametrize(("model", "expected"), EXPECTED.items(), ids=repr)
def test_positions_are_clicked_as_often_as_worked_out_by_hand(model, expected):
    """The draws are a fine grid, so the shares are exact to its step, 1e-5."""
    draws = (np.arange(100_000, dtype=np.float32) + np.float32(0.5)) / np.float32(100_000)
    position = model.choose(np.repeat(SCORES[:, None], len(draws), axis=1), draws)
    shares = [(position == k).mean() for k in (0, 1, 2, -1)]
    np.testing.assert_allclose(shares, expected, atol=2e-5)


@pytest.mark.parametrize("model", EXPECTED, ids=repr)
def test_alone_is_the_chance_in_a_slate_of_one(model):
    draws = (np.arange(100_000, dtype=np.float32) + np.float32(0.5)) / np.float32(100_000)
    for score in SCORES:
        clicked = model.choose(np.full((1, len(draws)), score), draws) == 0
        assert clicked.mean() == pytest.approx(float(model.alone(score)), abs=2e-5)


def test_a_repeat_counts_twice():
    twice = np.repeat(np.array([[0.0], [0.0]], np.float32), 100_000, axis=1)
    draws = np.arange(100_000, dtype=np.float32) / np.float32(100_000)
    position = MultinomialProportional(-1.0, 1.0).choose(twice, draws)
    assert (position >= 0).mean() == pytest.approx(0.5)  # weights 1 and 1 beside 2


@pytest.mark.parametrize(
    ("model", "low", "high", "message"),
    [
        (MultinomialProportional(-0.5, 1.0), -1, 1, r"min_normalizer is -0\.5, and scores go down to -1.* to -1 or"),
        (ScoreLogit(), 0, 90, r"Scores reach 90, and exp\(s\) overflows above 80"),
        (ExponentialCascade(score_scaling=0.5), -1, 1, r"score_scaling is 0\.5.* 2\.71828, exceeds 1.* 0\.368 or less"),
        (ProportionalCascade(-1.0, score_scaling=0.6), -1, 1, r"score_scaling is 0\.6.* score, 2, exceeds 1"),
        (ProportionalCascade(0.0), -1, 1, "min_normalizer is 0, and scores go down to -1"),
    ],
)
def test_scores_that_do_not_fit_are_refused(model, low, high, message):
    with pytest.raises(ValueError, match=message):
        model.check_scores(low, high)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MultinomialProportional(1.0), "min_normalizer is 1.0; it must be between -1000 and 0"),
        (lambda: MultinomialProportional(-1.0, -2.0), "no_click_mass is -2.0; it must be between -1 and 1000"),
        (lambda: ScoreLogit(81.0), "no_click_mass is 81.0"),
        (lambda: ExponentialCascade(1.1), "attention_prob is 1.1; it must be between 0 and 1"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


DEFAULT = MultinomialProportional(-1.0, 1.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (None, DEFAULT),
        ({"no_click_mass": 3}, MultinomialProportional(-1.0, 3.0)),
        ({"model": "MultinomialProportional"}, DEFAULT),
        ({"model": "ExponentialCascade"}, ExponentialCascade()),
        ({"model": "MultinomialLogit", "no_click_mass": 2.0}, ScoreLogit(2.0)),
    ],
)
def test_a_choice_by_name(changes, expected):
    assert choice_model(changes, DEFAULT) == expected


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (7, TypeError, "choice is 7; it must be a mapping"),
        ({"model": "ExponentialCascad"}, ValueError, "choice.model is 'ExponentialCascad'.* Did you mean 'Exponential"),
        ({"no_click": 1.0}, ValueError, r"choice\.no_click is not a setting\. Did you mean 'no_click_mass'"),
        ({"no_click_mass": "1"}, TypeError, r"choice\.no_click_mass is '1'; it must be a number"),
    ],
)
def test_a_wrong_choice_by_name_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        choice_model(changes, DEFAULT)


def test_every_model_has_the_name_that_recsim_gives_it():
    assert {name: type(model) for name, model in MODELS.items()} == {
        "MultinomialLogit": ScoreLogit,
        "MultinomialProportional": MultinomialProportional,
        "ExponentialCascade": ExponentialCascade,
        "ProportionalCascade": ProportionalCascade,
    }
    for name, model in MODELS.items():
        assert choice_model({"model": name}, DEFAULT) == model or type(model) is type(DEFAULT)
