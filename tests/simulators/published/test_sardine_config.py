"""SARDINE's settings: every one does something, wrong ones are refused."""

import dataclasses

import numpy as np
import pytest

from driftrec.envs.sardine import sardine_world
from driftrec.simulators.published.sardine_config import SardineConfig
from driftrec.simulators.settings import updated
from tests.simulators.lives import trajectory
from tests.simulators.published.sardine_users import (
    SEEDS,
)

CHANGES = {
    "offset": 0.6,
    "slope": 20.0,
    "rel_threshold": 0.5,
    "rel_penalty": True,
    "alpha": 0.9,
    "click_model": "mixPBM",
    "click_propensity": 0.9,
    "diversity_penalty": 2.0,
    "diversity_threshold": 3,
    "omega": 0.9,
    "boredom_type": "user_tloi",
    "boredom_threshold": 3,
    "boredom_window": 4,
    "recent_clicks": 7,
}


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(SardineConfig)])
def test_every_setting_is_alive(name):
    base = {"boredom_type": "user_tloi"} if name == "rel_penalty" else {}  # else a bored user has nothing to halve
    base |= {"diversity_penalty": 1.5} if name == "diversity_threshold" else {}
    slates = np.random.default_rng(3).integers(10, size=(25, 60, 10))
    one, other = (
        trajectory(sardine_world("SlateRerank-Bored", embeddings="generated", config=config), SEEDS, slates)["clicks"]
        for config in (base, {**base, name: CHANGES[name]})
    )
    assert (one != other).any()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"offset": 11}, ValueError, r"SardineConfig\.offset is 11\.0; it must be between -10 and 10"),
        ({"omega": 1.1}, ValueError, r"omega is 1\.1; it must be between 0 and 1"),
        ({"alpha": -0.1}, ValueError, r"alpha is -0\.1"),
        ({"click_propensity": 2}, ValueError, r"click_propensity is 2\.0"),
        ({"diversity_penalty": 0.5}, ValueError, r"diversity_penalty is 0\.5; it must be between 1"),
        ({"boredom_threshold": 0}, ValueError, "boredom_threshold is 0"),
        ({"boredom_window": 0}, ValueError, "boredom_window is 0"),
        ({"recent_clicks": 101}, ValueError, "recent_clicks is 101; it must be between 1 and 100"),
        ({"rel_threshold": 20}, ValueError, r"rel_threshold is 20\.0"),
        ({"rel_threshold": "high"}, TypeError, r"config\.rel_threshold is 'high'; it must be a number"),
        ({"rel_penalty": 1}, TypeError, r"config\.rel_penalty is 1; it must be True or False"),
        ({"click_model": "PBM"}, ValueError, r"click_model is 'PBM'; it must be 'tdPBM' or 'mixPBM'"),
        ({"click_model": 1}, TypeError, r"config\.click_model is 1; it must be a string"),
        ({"boredom_type": "none"}, ValueError, r"boredom_type is 'none'; it must be 'user_car' or 'user_tloi'"),
        ({"boredom_threshold": 2.5}, ValueError, "must be a whole number"),
    ],
)
def test_wrong_settings_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        updated(SardineConfig(), changes)


def test_settings_survive_the_round_trip():
    config = updated(SardineConfig(), {"rel_threshold": 1, "rel_penalty": True, "click_model": "mixPBM"})
    assert (config.rel_threshold, config.rel_penalty, config.click_model) == (1.0, True, "mixPBM")
    assert updated(SardineConfig(), dataclasses.asdict(config)) == config
