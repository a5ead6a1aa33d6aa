"""Which mechanisms a fitted world keeps, and how that is told."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.fitting_worlds import fitter, mechanisms
from driftrec.agents.fitting_worlds.fit_world import fit_world
from driftrec.agents.fitting_worlds.fitter import Fitted, Fitter
from driftrec.agents.fitting_worlds.held_out import LADDER, ordered
from driftrec.agents.fitting_worlds.lives import shuffled, told_lives
from driftrec.agents.fitting_worlds.mechanisms import choose, not_fitted, with_control
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings, fit_tastes
from driftrec.agents.fitting_worlds.taste_model import KnownItems
from driftrec.agents.logbook.log_reader import read_log
from driftrec.simulators.fitted.example import made_up, made_up_with_habits
from driftrec.simulators.fitted.parameters import Tastes
from tests.agents.fitting_worlds.logged import lives_from


def nobody(line):
    pass


def test_what_the_world_has_is_kept_and_what_it_lacks_is_left_out(tmp_path):
    """A fast memory and own interests, for which a slow memory may stand in; 300 users."""
    parameters = made_up(tastes=Tastes(fast=3.0, fast_half_life=2.0, no_click=1.0))
    lives, order, _ = lives_from(parameters, tmp_path, users=300, steps=40)
    known, settings = KnownItems(parameters.topic[order]), FitWorldSettings(dims=3, least_steps=60)
    whole = fit_tastes(lives, LADDER[ordered(lives)[-1]], known, settings, seed=0)
    chosen = choose(whole, lives, Fitter(known, settings, 0, nobody))
    assert "fast memory" in chosen.kept
    assert {"session memory", "satiation", "threshold of satiation", "habits"} <= set(chosen.left_out)
    assert chosen.table.set_index("mechanism").gain["fast memory"] > 0.01
    found = chosen.model.tastes()
    assert (found.satiation, found.session, found.habit, found.threshold, found.keep) == (0, 0, 0, 0, 1)
    assert found.satiation_half_life == Tastes().satiation_half_life  # of what is not there nothing is told
    absent = {"session", "satiation", "satiation_half_life", "threshold", "keep", "habit", "habit_half_life"}
    assert absent <= not_fitted(chosen.model, False)
    assert {"no_click", "position"} <= not_fitted(chosen.model, True)
    mixed = shuffled(lives, 0)
    control = fit_tastes(mixed, chosen.model.terms, known, settings, 0)
    table = with_control(chosen, control, mixed, Fitter(known, settings, 0)).table.set_index("mechanism")
    fast = table.loc["fast memory"]
    assert 0 < fast.shuffled_low < fast.shuffled_gain < fast.shuffled_high
    assert table.shuffled_gain.isna()[~table.kept].all()
    assert table.gain.equals(chosen.table.set_index("mechanism").gain)


def test_what_bores_beyond_a_threshold_and_what_is_habit_is_kept(tmp_path):
    """300 users. With loads that bore at once there is less to be gained by satiation than its threshold gains."""
    parameters = made_up_with_habits()
    lives, order, _ = lives_from(parameters, tmp_path, users=300, steps=40)
    known, settings = KnownItems(parameters.topic[order]), FitWorldSettings(dims=3, least_steps=120)
    whole = fit_tastes(lives, LADDER[ordered(lives)[-1]], known, settings, seed=0)
    chosen = choose(whole, lives, Fitter(known, settings, 0, nobody))
    assert {"own interests", "satiation", "threshold of satiation", "habits"} <= set(chosen.kept)
    assert not {"threshold", "keep", "habit", "satiation"} & not_fitted(chosen.model, False)
    gain = chosen.table.set_index("mechanism").gain
    assert gain["satiation"] >= gain["threshold of satiation"] > 0.02
    assert gain["habits"] > 0.005


@pytest.mark.parametrize(("threshold", "kept"), [(1.0, {"satiation", "threshold"}), (-1.0, {"satiation"})])
def test_satiation_is_not_taken_out_with_a_threshold_that_nobody_tried(tmp_path, monkeypatch, threshold, kept):
    """It went with it, at once, where it was unsure itself: beside a threshold missed for sure, and before one less so.

    Users gain ``threshold`` by that and by satiation without it; beside it satiation is unsure and of the least gain.
    """
    rows = [f"u{user},i{(user + event) % 9},{event}.0,1" for user in range(6) for event in range(8)]
    (tmp_path / "log.csv").write_text("user,item,time,engagement\n" + "\n".join(rows))
    lives, unsure = told_lives(read_log(tmp_path / "log.csv")), np.array([9.0, -9, 9, -9, 9, -9]) - 5.0

    def without(model, names, *told):
        gains = {"threshold of satiation": np.full(6, threshold), "satiation": unsure}
        if "threshold" not in model.terms:
            gains = {"satiation": np.ones(6)}
        gone = {"threshold of satiation": ("satiation",), "satiation": ()}
        return {name: Fitted(SimpleNamespace(terms=gone[name]), -gains[name]) for name in names}

    monkeypatch.setattr(mechanisms, "_without", without)
    monkeypatch.setattr(mechanisms, "unseen_likelihood", lambda *told: np.zeros(6))
    whole = SimpleNamespace(terms=("satiation", "threshold"))
    chosen = choose(whole, lives, Fitter(KnownItems(), FitWorldSettings(), 1, nobody))
    assert set(chosen.model.terms) == kept


def test_of_ratings_neither_is_tried(tmp_path):
    """Whether a topic was too much, or not on offer, they do not say."""
    rows = [f"u{user},i{(user + event) % 9},{event}.0,1" for user in range(6) for event in range(8)]
    (tmp_path / "log.csv").write_text("user,item,time,engagement\n" + "\n".join(rows))
    lives = told_lives(read_log(tmp_path / "log.csv"))
    settings = FitWorldSettings(dims=2, epochs=1, least_steps=1, topics=2)
    fit = fit_world(lives, Fitter(KnownItems(), settings, 1, nobody), bootstrap=0)
    assert not {"threshold of satiation", "habits"} & set(fit.chosen.table.mechanism)
    assert "boredom and habits" not in set(fit.held_out.model)


def test_of_a_large_log_a_part_chooses_and_all_is_fitted(tmp_path, monkeypatch):
    """By 900 of 2,700 slates: those of users drawn; what is chosen is fitted to everybody."""
    parameters = made_up(tastes=Tastes(no_click=1.0))
    lives, order, _ = lives_from(parameters, tmp_path, users=90, steps=30)
    known, settings = KnownItems(parameters.topic[order]), FitWorldSettings(dims=2, epochs=1, least_steps=6)
    whole = fit_tastes(lives, ("own", "fast"), known, settings, seed=0)
    monkeypatch.setattr(mechanisms, "ENOUGH", 900)
    tried, fit = [], fit_tastes
    monkeypatch.setattr(
        fitter, "fit_tastes", lambda some, *told: tried.append((some.heads.size, told[0])) or fit(some, *told)
    )
    chosen = choose(whole, lives, Fitter(known, settings, 0, nobody))
    assert 900 <= tried[0][0] < 900 + 30
    assert {size for size, _ in tried[:-1]} == {tried[0][0]}
    assert tried[-1] == (lives.heads.size, chosen.model.terms)
    assert len(chosen.model.own.mean) == len(lives.users)


def test_of_repeats_nothing_is_told_where_there_are_none(tmp_path):
    rows = [f"u{user},i{(user + event) % 9},{event}.0,1" for user in range(6) for event in range(8)]
    settings = FitWorldSettings(dims=2, epochs=1, least_steps=1)
    for log, absent in ((rows, True), ([*rows, rows[0].replace(",0.0,", ",9.0,")], False)):
        (tmp_path / "log.csv").write_text("user,item,time,engagement\n" + "\n".join(log))
        model = fit_tastes(told_lives(read_log(tmp_path / "log.csv")), (), KnownItems(), settings, 0)
        assert ("repeat" in not_fitted(model, True)) == absent


ODD = {
    "constant ratings": lambda t: t.assign(engagement=3.0),
    "all at one time": lambda t: t.assign(time=0.0),
    "a user with one event": lambda t: pd.concat([t, t[:1].assign(user="alone")]),
    "from the end to the beginning": lambda t: t[::-1],
    "one who came back": lambda t: t.assign(
        time=np.where((t.user == "u0") & (t.index % 9 > 6), t.time + 50, t.time / 90)
    ),
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_odd_logs_are_fitted_all_the_same(tmp_path, change):
    rows = [(f"u{u}", f"i{(u * 5 + e * e) % 7}", e * 3.0, 1.0 + e % 4) for u in range(6) for e in range(9)]
    table = change(pd.DataFrame(rows, columns=["user", "item", "time", "engagement"]))
    table.to_csv(tmp_path / "log.csv", index=False)
    lives = told_lives(read_log(tmp_path / "log.csv"))
    settings = FitWorldSettings(dims=2, epochs=1, least_steps=1, topics=2)
    fit = fit_world(lives, Fitter(KnownItems(), settings, 1, nobody), bootstrap=0)
    assert np.isfinite(list(fit.world.numbers().values())).all()
    assert fit.numbers.sd.isna().all()


def test_a_log_of_too_short_lives_is_refused(tmp_path):
    (tmp_path / "log.csv").write_text("user,item,time,engagement\n" + "\n".join(f"u{n},i{n % 3},0,1" for n in range(6)))
    lives = told_lives(read_log(tmp_path / "log.csv"))
    with pytest.raises(ValueError, match="None of the 6 users has so many slates that some can be held back"):
        fit_world(lives, Fitter(KnownItems(), FitWorldSettings(), 1, nobody), bootstrap=0)
