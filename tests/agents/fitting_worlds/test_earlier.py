"""What lies before a context counts: likelihoods are those of contexts that hold whole lives."""

import numpy as np
import pytest
import torch

from driftrec.agents.fitting_worlds import earlier, segments
from driftrec.agents.fitting_worlds.earlier import Earlier
from driftrec.agents.fitting_worlds.lives import TEST, TRAIN, VALIDATION, told_lives
from driftrec.agents.fitting_worlds.segments import CONTEXT, LENGTH
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings, fit_tastes, unseen_likelihood
from driftrec.agents.fitting_worlds.taste_model import KnownItems, TasteModel
from driftrec.agents.logbook.log_reader import read_log

LENGTHS = (5, 64, 65, 192, 193, 194, 256, 257, 258, 320, 321, 449, 700)
"""Of lives, in events: about all places where a stretch or a context begins, and long ones."""

TERMS = ("own", "mean", "fast", "session", "slow", "satiation", "threshold", "habit")


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    """Ratings in visits, and days between some of these."""
    rng, rows = np.random.default_rng(0), ["user,item,time,engagement"]
    for user, length in enumerate(LENGTHS):
        hours = np.cumsum(np.where(rng.random(length) < 0.9, rng.exponential(1.0, length), 50 * rng.random(length)))
        rows += [f"u{user},i{rng.integers(40)},{hour},1" for hour in hours]
    file = tmp_path_factory.mktemp("log") / "log.csv"
    file.write_text("\n".join(rows))
    lives = told_lives(read_log(file))
    assert sorted(np.diff(lives.first)) == sorted(LENGTHS)
    return lives


@pytest.fixture(scope="module", params=[TERMS, [term for term in TERMS if term != "threshold"]], ids=["bar", "no bar"])
def model(request, lives):
    """All memories, and none fades within a context."""
    model = TasteModel(lives, request.param, 4, KnownItems(np.arange(40) % 5), seed=0)
    with torch.no_grad():
        for name, value in (("satiation", 6.0), ("keep", 4.0), ("habit", 3.0)):
            model.liking.half_lives[name].fill_(value)
        model.liking.satiation.fill_(0.5)
        model.liking.log_threshold.fill_(2.5)
        model.half_lives["fast"].fill_(5.0)
        for weight in model.weights.values():
            weight.fill_(0.7)
    return model


@pytest.mark.parametrize("part", [TRAIN, VALIDATION, TEST])
def test_likelihoods_do_not_depend_on_where_contexts_begin(lives, model, part, monkeypatch):
    """Float32 over some hundred events a user: 1e-4 at most; nothing carried is .003 and more, see below."""
    told = unseen_likelihood(model, lives, part)
    for context in (LENGTH, 12 * LENGTH):
        for module in (segments, earlier):
            monkeypatch.setattr(module, "CONTEXT", context)
        monkeypatch.setattr(earlier, "BACK", context // LENGTH)
        np.testing.assert_allclose(unseen_likelihood(model, lives, part), told, atol=1e-4)


def test_what_lies_before_a_context_counts(lives, model, monkeypatch):
    """That the test above can fail: of lives that are longer than a stretch and its context, and of no others."""
    whole = unseen_likelihood(model, lives, TEST)
    monkeypatch.setattr(earlier, "_waves", lambda lives: iter(()))
    off = np.abs(unseen_likelihood(model, lives, TEST) - whole)
    long = np.diff(lives.first) > CONTEXT + LENGTH
    assert (off[long] > 1e-3).all()
    assert (off[~long] == 0).all()


def test_every_pass_of_a_fit_goes_on_from_what_lies_before(lives, monkeypatch):
    """By the numbers at its start. Failed where nothing was carried, and where sums stayed those of the first pass."""
    told, weighed = [], TasteModel.weighed

    def spied(model, batch, *more):
        told.append((batch.earlier["slow"], Earlier(model, lives).batch(batch.row).earlier["slow"]))
        return weighed(model, batch, *more)

    monkeypatch.setattr(TasteModel, "weighed", spied)
    settings = FitWorldSettings(dims=2, epochs=4, least_steps=1, batch=100_000)
    fit_tastes(lives, ("own", "slow"), KnownItems(), settings, seed=0)
    assert len(told) == settings.epochs  # one gradient a pass
    for sums, anew in told:
        assert sums.any()
        assert torch.equal(sums, anew)
    assert not torch.equal(told[0][0].sum(dim=0), told[-1][0].sum(dim=0))  # vectors moved
