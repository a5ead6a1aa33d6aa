"""The likelihood is that of the world: with its own numbers it gives every slate the chance that the world drew by."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from driftrec.agents.fitting_worlds.earlier import Earlier
from driftrec.agents.fitting_worlds.lives import TRAIN, told_lives
from driftrec.agents.fitting_worlds.segments import ABSENT, batch_of, segments
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings, fit_tastes
from driftrec.agents.fitting_worlds.taste_model import KnownItems, TasteModel
from driftrec.agents.logbook.log_reader import read_log
from driftrec.simulators.fitted.example import made_up
from tests.agents.fitting_worlds.logged import lives_from

ALL = ("own", "fast", "session", "slow", "satiation")


def told(lives, parameters, order, terms=ALL):
    """A model with the world's numbers; own interests are those of people of whom there is one alone."""
    model = TasteModel(lives, terms, parameters.vectors.shape[1], KnownItems(parameters.topic[order]), seed=0)
    tastes = parameters.tastes
    with torch.no_grad():
        model.place.copy_(torch.tensor(parameters.vectors[order]))
        model.quality.own.copy_(torch.tensor(parameters.quality[order]))
        model.own.mean.copy_(torch.tensor(parameters.people).expand(model.own.mean.shape))
        for name in ("fast", "session", "slow", "repeat", "no_click", "position", "takeaway"):
            model.weights[name].fill_(getattr(tastes, name))
        for name in ("satiation", "habit"):
            getattr(model.liking, name).fill_(getattr(tastes, name))
            model.liking.half_lives[name].fill_(math.log(getattr(tastes, f"{name}_half_life")))
        if tastes.threshold:
            model.liking.log_threshold.fill_(math.log(tastes.threshold))
            model.liking.half_lives["keep"].fill_(math.log(-1 / math.log2(tastes.keep)))
        model.weights["no_click"].sub_(model.quality.own.mean())  # levels are around 0
        for name in ("fast", "slow"):
            model.half_lives[name].fill_(math.log(getattr(tastes, f"{name}_half_life")))
    return model


@pytest.mark.parametrize("steps", [70, 420])
@pytest.mark.parametrize("bored", [False, True])
@pytest.mark.parametrize("several", [False, True])
def test_every_slate_has_the_chance_that_the_world_drew_by(tmp_path, several, bored, steps):
    """LoggedUsers of two stretches, and of more than a context, with a session's weight beside the others.

    Failed when the session's memory counted earlier visits, when fast ages counted slates, when the past held the slate
    itself, when satiation's sign was turned, and when repeats counted the slate itself. With a threshold and habits:
    when loads knew nothing of what lay before a stretch, did not count the opening itself, faded by openings in place
    of slates, and when habits were counted by hours. Long lives were .01 to .03 off when what lay before a context was
    left out (420 slates; without a threshold, too).
    """
    parameters = made_up(people=1, several=several)
    tastes = replace(parameters.tastes, session=0.8, takeaway=0.9 * several)
    if bored:
        slow = {"keep": 0.98, "satiation_half_life": 200.0, "habit_half_life": 9.0}
        tastes = replace(tastes, satiation=1.5, threshold=9.0, habit=0.6, **slow)
    parameters = replace(parameters, tastes=tastes, visits=replace(parameters.visits, churn=0.0))
    lives, order, chances = lives_from(parameters, tmp_path, users=6, steps=steps)
    terms = (*ALL, "threshold", "habit") if bored else ALL
    model, rows = told(lives, parameters, order, terms), segments(lives)
    likelihood, places = [], []
    for part in range(3):
        batch = Earlier(model, lives).batch(rows)
        target = batch.row[:, batch.begin :]
        places.append(target[(target != ABSENT) & (lives.part[target.clip(0)] == part)])
        likelihood.append(model.log_likelihood(batch, part, lives.part)[0].detach().numpy())
    found = np.empty(len(lives.user))
    found[np.concatenate(places)] = np.concatenate(likelihood)
    assert np.array_equal(np.sort(np.concatenate(places)), lives.heads)
    drawn = expected(lives, chances)
    np.testing.assert_allclose(found[lives.heads], drawn, atol=3e-5)


def expected(lives, chances):
    """Log of the chance of what was opened in each slate, in the order of lives."""
    heads = lives.heads
    first = np.searchsorted(lives.user[heads], np.arange(len(lives.users) + 1))
    names, out = [int(user.split("\t")[-1]) for user in lives.users], np.empty(len(heads))
    at = [0] * len(names)
    by_name = {name: place for place, name in enumerate(names)}
    alive = sorted(names)
    for step in chances:
        assert len(step) == len(alive)
        for name, chance in zip(list(alive), step, strict=True):
            user = by_name[name]
            row = first[user] + at[user]
            at_row = heads[row]
            same = np.flatnonzero(lives.shown[at_row] == lives.opened[at_row])
            if lives.clicks is None:
                out[row] = np.log(chance[same[0] if same.size else -1])
            else:
                out[row] = np.log(np.where(lives.clicks[at_row], chance, 1 - chance)).sum()
            at[user] += 1
            if row + 1 == first[user + 1]:
                alive.remove(name)
    return out


def test_what_was_consumed_is_compared_with_all_items(tmp_path):
    """Without a past, and without terms, chances are those of quality alone, over all items."""
    file = tmp_path / "ratings.csv"
    rows = [
        f"{user},{item},{hour},{1 + user % 5}" for user in range(4) for hour, item in enumerate((user, user + 1, 9))
    ]
    file.write_text("user,item,time,engagement\n" + "\n".join(rows))
    lives = told_lives(read_log(file))
    assert lives.shown is None
    model = TasteModel(lives, (), 2, KnownItems(), seed=0)
    batch = batch_of(lives, segments(lives))
    likelihood, user = model.log_likelihood(batch, 0, lives.part)
    chance = model.quality().log_softmax(0).detach()
    seen = [0] * len(lives.users)
    for value, who in zip(likelihood.detach(), user.tolist(), strict=True):
        row = lives.first[who] + seen[who]
        gone = lives.opened[lives.first[who] : row]  # never opened again, as nothing in the log is
        left = np.delete(np.arange(len(lives.items)), gone)
        assert value == pytest.approx(float(chance[lives.opened[row]] - chance[left].logsumexp(0)), abs=1e-4)
        seen[who] += 1


def test_half_lives_of_a_world_are_in_its_range(tmp_path):
    """A memory that the log does not see fade goes to where it does not."""
    lives, order, _ = lives_from(made_up(people=1), tmp_path, users=4, steps=4)
    model = told(lives, made_up(people=1), order)
    with torch.no_grad():
        model.half_lives["slow"].fill_(30.0)
        model.half_lives["fast"].fill_(-30.0)
    tastes = model.tastes()
    assert (tastes.slow_half_life, tastes.fast_half_life) == (1e6, pytest.approx(1e-3))


def test_gradients_are_finite_where_lives_are_short_and_far_apart(tmp_path):
    """Places without a slate stand beside years: failed, with NaN, when their ages could be below 0."""
    rows = [f"{user},i{(user + event) % 5},{40_000.0 * event},1" for user in range(3) for event in range(2 + 9 * user)]
    (tmp_path / "log.csv").write_text("user,item,time,engagement\n" + "\n".join(rows))
    lives = told_lives(read_log(tmp_path / "log.csv"))
    model = TasteModel(lives, ALL, 2, KnownItems(np.arange(5) % 2), seed=0)
    likelihood, _ = model.weighed(batch_of(lives, segments(lives)), 0, lives.part, torch.ones(3))
    likelihood.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all(), name


def test_vectors_that_nothing_reads_stay_numbers(tmp_path):
    """Popularity asks nothing of where items lie: over many gradients they go to 0, and were divided by it."""
    lives, _, _ = lives_from(made_up(people=1), tmp_path, users=6, steps=6)
    model = TasteModel(lives, (), 2, KnownItems(), seed=0)
    with torch.no_grad():
        model.place.zero_()
    likelihood, _ = model.log_likelihood(batch_of(lives, segments(lives)), TRAIN, lives.part)
    (likelihood.sum() - model.prior()).backward()
    assert torch.isfinite(likelihood).all()
    assert torch.isfinite(model.place.grad).all()


def test_without_own_interests_nobody_has_any(tmp_path):
    """A model that goes on from one with own interests holds them still; relived users had them."""
    lives, order, _ = lives_from(made_up(people=1), tmp_path, users=4, steps=4)
    whole = told(lives, made_up(people=1), order)
    without = TasteModel(lives, ALL[1:], 3, KnownItems(whole.topic.numpy()), seed=0)
    without.load_state_dict(whole.state_dict())
    assert whole.own_means().all()
    assert not without.own_means().any()
    assert not without.people(0).any()


def test_a_fit_that_comes_to_no_numbers_is_refused(tmp_path, monkeypatch):
    """It was the model before the fit, without a word."""
    lives, _, _ = lives_from(made_up(people=1), tmp_path, users=6, steps=6)
    monkeypatch.setattr(TasteModel, "prior", lambda self: self.place.sum() * float("nan"))
    with pytest.raises(ValueError, match=r"came to no numbers.*Lower --fitting.learning-rate"):
        fit_tastes(lives, ("own",), KnownItems(), FitWorldSettings(dims=2, least_steps=4), seed=0)


def test_the_same_seed_makes_the_same_bits(tmp_path):
    """Of all that is learned, own interests and how wide qualities are among it."""
    lives, order, _ = lives_from(made_up(), tmp_path, users=12, steps=12)
    known, settings = KnownItems(made_up().topic[order]), FitWorldSettings(dims=2, least_steps=8)
    one, other = (fit_tastes(lives, ALL, known, settings, seed=3).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert one["own.mean"].any()
