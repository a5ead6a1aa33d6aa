"""Which mechanisms a fitted world keeps, and how that is told."""

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.fitting_worlds.fit_world import fit_world
from driftrec.agents.fitting_worlds.held_out import LADDER, ordered
from driftrec.agents.fitting_worlds.lives import shuffled, told_lives
from driftrec.agents.fitting_worlds.mechanisms import choose, not_fitted, with_control
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings, fit_tastes
from driftrec.agents.fitting_worlds.taste_model import KnownItems
from driftrec.agents.logbook.log_reader import read_log
from driftrec.simulators.fitted.example import made_up
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
    chosen = choose(whole, lives, known, settings, 0, nobody)
    assert "fast memory" in chosen.kept
    assert {"session memory", "satiation"} <= set(chosen.left_out)
    assert chosen.table.set_index("mechanism").gain["fast memory"] > 0.01
    found = chosen.model.tastes()
    assert (found.satiation, found.session) == (0, 0)
    assert found.satiation_half_life == Tastes().satiation_half_life  # of what is not there nothing is told
    assert {"session", "satiation", "satiation_half_life"} <= not_fitted(chosen.model, False)
    assert {"no_click", "position"} <= not_fitted(chosen.model, True)
    mixed = shuffled(lives, 0)
    control = fit_tastes(mixed, chosen.model.terms, known, settings, 0)
    table = with_control(chosen, control, mixed, known, settings, 0).table.set_index("mechanism")
    fast = table.loc["fast memory"]
    assert 0 < fast.shuffled_low < fast.shuffled_gain < fast.shuffled_high
    assert table.shuffled_gain.isna()[~table.kept].all()
    assert table.gain.equals(chosen.table.set_index("mechanism").gain)


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
    fit = fit_world(lives, KnownItems(), settings, bootstrap=0, seed=1, report=nobody)
    assert np.isfinite(list(fit.world.numbers().values())).all()
    assert fit.numbers.sd.isna().all()


def test_a_log_of_too_short_lives_is_refused(tmp_path):
    (tmp_path / "log.csv").write_text("user,item,time,engagement\n" + "\n".join(f"u{n},i{n % 3},0,1" for n in range(6)))
    lives = told_lives(read_log(tmp_path / "log.csv"))
    with pytest.raises(ValueError, match="None of the 6 users has so many slates that some can be held back"):
        fit_world(lives, KnownItems(), FitWorldSettings(), bootstrap=0, seed=1, report=nobody)
