"""Fitting, of rankers of texts and of features alike: what it draws on, what it tells, what it refuses."""

import pytest
import torch

from driftrec.agents.baselines import Random
from driftrec.agents.ranker.fitting import FitSettings, fit
from driftrec.agents.ranker.logs import collect
from tests.agents.every_world import REQUEST, TEXTS, made, unfitted

SETTINGS = FitSettings(batch_size=64)


def quiet(line):
    """No report."""


@pytest.fixture(scope="module", params=[TEXTS, REQUEST], ids=["texts", "features"])
def world(request):
    """A setup, and 300 steps of random slates in it."""
    setup = made(request.param)
    return setup, collect(setup.envs(30), Random(setup.context), unfitted(setup), 10, seed=1).rows()


def fitted(world, seed=1, epochs=1, report=quiet):
    setup, logs = world
    ranker = unfitted(setup).ranker
    fit(ranker, [logs], SETTINGS, epochs=epochs, seed=seed, report=report)
    return ranker


def test_fitting_repeats_and_draws_on_its_own_seed_alone(world):
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first = fitted(world)
    assert not first.training
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(8)
    again, other = fitted(world).state_dict(), fitted(world, seed=2).state_dict()
    for name, value in first.state_dict().items():
        assert torch.equal(value, again[name]), name
    assert not torch.equal(first.query.weight, other["query.weight"])


def test_progress_is_told_a_pass(world):
    lines = []
    fitted(world, epochs=3, report=lines.append)
    assert [line.split(":")[0] for line in lines] == [f"Ranker, pass {n} of 3 over 300 logged steps" for n in (1, 2, 3)]
    losses = [float(line.split()[-1]) for line in lines]
    assert losses[2] < losses[0]


def test_the_step_size_falls_to_nothing_over_all_passes(world, monkeypatch):
    rates, step = [], torch.optim.Adam.step

    def noted(self, *args):
        rates.append(self.param_groups[0]["lr"])
        return step(self, *args)

    monkeypatch.setattr(torch.optim.Adam, "step", noted)
    fitted(world, epochs=2)
    assert len(rates) == 2 * 5  # 300 steps in batches of 64
    assert rates[0] == SETTINGS.learning_rate
    assert rates[5] == pytest.approx(SETTINGS.learning_rate / 2)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.03 * SETTINGS.learning_rate


def test_logs_without_a_click_can_be_fitted_to(world):
    setup, logs = world
    nothing = logs[torch.arange(len(logs))]
    nothing.clicks[:], nothing.engagement[:] = False, 0.0
    assert logs.clicks.any()
    ranker = fitted((setup, nothing))
    assert all(value.isfinite().all() for value in ranker.state_dict().values())


def test_what_diverges_is_named_with_what_to_lower(world, monkeypatch):
    setup, _ = world
    monkeypatch.setattr(type(unfitted(setup).ranker), "loss", lambda self, logs: self.query.weight.sum() * float("nan"))
    with pytest.raises(ValueError, match=r"diverged in pass 1: its loss is nan\. Lower FitSettings.learning_rate"):
        fitted(world)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lanes": 0}, "FitSettings.lanes is 0; it must be between 1"),
        ({"batch_size": 1}, "FitSettings.batch_size is 1; it must be between 2"),
        ({"noise": -1.0}, "FitSettings.noise is -1.0; it must be between 0"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        FitSettings(**changes)
