"""At the ends of all ranges of all settings, worlds are refused or give finite numbers."""

import dataclasses
import re
from functools import partial
from typing import Any

import numpy as np
import pytest

from driftrec.envs import (
    interest_evolution_world,
    interest_exploration_world,
    long_term_satisfaction_world,
    news_world,
    sardine_world,
)
from driftrec.envs.spaces import observation_space
from driftrec.simulators.news_config import NewsConfig
from driftrec.simulators.published.recsim_choice import ExponentialCascade, ProportionalCascade
from driftrec.simulators.published.recsim_interest_evolution import InterestEvolutionConfig
from driftrec.simulators.published.recsim_interest_exploration import InterestExplorationConfig
from driftrec.simulators.published.recsim_long_term_satisfaction import LongTermSatisfactionConfig
from driftrec.simulators.published.sardine_config import SardineConfig

GENERATED: dict[str, Any] = {"embeddings": "generated"}
USERS, STEPS = 40, 12
COMBINATIONS = 25  # random ones of ends, beside those of one setting at a time
CASCADES = (ExponentialCascade, ProportionalCascade)  # no choice by weights


def ends(config, name):
    """Lowest and highest value of a number, as its own refusal tells them; choices and flags are told in full."""
    value = getattr(config, name)
    if isinstance(value, bool):
        return [False, True]
    if isinstance(value, str):
        return {"click_model": ["tdPBM", "mixPBM"], "boredom_type": ["user_car", "user_tloi"]}[name]
    if value is None:
        return [None, -10.0, 10.0]
    with pytest.raises(ValueError, match=f"{name} is") as refusal:
        dataclasses.replace(config, **{name: 10**12 if isinstance(value, int) else 1e30})
    (bounds,) = re.findall(r"must be between (\S+) and (\S+)\.$", str(refusal.value))
    return [type(value)(float(bound)) for bound in bounds]


def settings(config, path=()):
    """Every setting of a nested config with its ends: {path: values}."""
    found = {}
    for field in dataclasses.fields(config):
        part = getattr(config, field.name)
        if dataclasses.is_dataclass(part):
            found |= settings(part, (*path, field.name))
        else:
            found[(*path, field.name)] = ends(config, field.name)
    return found


def nested(values):
    """{path: value} as nested mappings."""
    changes = {}
    for (*folders, name), value in values.items():
        here = changes
        for folder in folders:
            here = here.setdefault(folder, {})
        here[name] = value
    return changes


def corners(config):
    """Changes that put one setting, or some, or all to an end of its range."""
    found = settings(config)
    for path, values in found.items():
        yield from ({path: value} for value in values)
    for end in (0, -1):
        yield {path: values[end] for path, values in found.items()}
    rng = np.random.default_rng(0)
    for _ in range(COMBINATIONS):
        yield {path: values[rng.integers(len(values))] for path, values in found.items() if rng.random() < 0.5}


def made(make, changes, **others):
    """The world, or None where it is refused."""
    try:
        return make(config=nested(changes), **others)
    except ValueError:
        return None


def check_finite(values, what):
    for name, value in values.items():
        assert value.dtype.kind != "f" or np.isfinite(value).all(), (what, name)


def live(world, what):
    """Let users see random slates, the first item always among them; nothing may be NaN or leave its space."""
    slates = np.random.default_rng(1).integers(world.num_items, size=(STEPS, USERS, world.slate_size))
    slates[..., 0] = 0
    space = observation_space(world)
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        state = world.reset(np.arange(USERS, dtype=np.uint64))
        for shown in slates:
            feedback = world.step(state, shown)
            assert np.isfinite(feedback.reward()).all(), what
            observation = world.observe(state)
            check_finite(observation, what)
            for user in range(0, USERS, 9):
                assert space.contains({name: value[user] for name, value in observation.items()}), what
            check_finite(world.reveal(state), what)
        check_finite({"expected": world.expected_engagement(state)}, what)
        check_appraisal(world, state, what)


def check_appraisal(world, state, what):
    """The chances of the slate that is liked least, by a choice in proportion to weights."""
    if not hasattr(world, "appraise") or isinstance(getattr(world, "choice", None), CASCADES):
        return
    view = world.appraise(state)
    weights = np.sort(view.attraction, axis=1)[:, : world.slate_size] * view.positions[: view.attraction.shape[1]]
    chance = weights / (np.float32(view.no_click) + weights.sum(axis=1, keepdims=True))
    check_finite({"chance": chance, "engagement": view.engagement}, what)


@pytest.mark.parametrize(
    ("make", "config"),
    [
        (news_world, NewsConfig()),
        (long_term_satisfaction_world, LongTermSatisfactionConfig()),
        (interest_evolution_world, InterestEvolutionConfig()),
        (interest_exploration_world, InterestExplorationConfig()),
        (partial(sardine_world, "SlateTopK-BoredInf", num_items=50, **GENERATED), SardineConfig()),
        (
            partial(sardine_world, "SlateRerank-Bored", observation="partial", corrected=True, **GENERATED),
            SardineConfig(),
        ),
    ],
    ids=["news", "satisfaction", "evolution", "exploration", "sardine", "sardine-partial"],
)
def test_no_number_is_lost_at_the_ends_of_the_ranges(make, config):
    tried = 0
    for changes in corners(config):
        world = made(make, changes)
        if world is not None:
            live(world, changes)
            tried += 1
    assert tried > 2 * len(dataclasses.fields(config))


def choices():
    """Every model by weights at the ends of its ranges, and with m where scores end."""
    for low in (-1e3, -1.0, 0.0):
        for no_click in (low, low + 1e-6, 0.0, 1e3):
            yield {"model": "MultinomialProportional", "min_normalizer": low, "no_click_mass": no_click}
    for no_click in (-700.0, -80.0, 0.0, 80.0):
        yield {"model": "MultinomialLogit", "no_click_mass": no_click}
    yield {"model": "MultinomialLogit"}  # minus infinity: something is always clicked
    for attention in (0.0, 1.0):
        for scaling in (0.0, 0.05, 1e3):
            yield {"model": "ExponentialCascade", "attention_prob": attention, "score_scaling": scaling}
            for low in (-1e3, -1.0, 0.0):
                cascade = {"attention_prob": attention, "score_scaling": scaling, "min_normalizer": low}
                yield {"model": "ProportionalCascade", **cascade}


@pytest.mark.parametrize("choice", list(choices()), ids=lambda choice: " ".join(map(str, choice.values())))
@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("make", [interest_evolution_world, interest_exploration_world])
def test_no_number_is_lost_whatever_the_choice(make, end, choice):
    config = {interest_evolution_world: InterestEvolutionConfig, interest_exploration_world: InterestExplorationConfig}
    default = config[make]()
    everything = {path: values[end] for path, values in settings(default).items()}
    leap = {("interest_step",): 1.0} if make is interest_evolution_world else {("affinity_stddev",): 0.25}
    for changes in ({}, leap, everything):
        world = made(make, changes, choice=choice)
        if world is not None:
            live_on_the_worst(world, (choice, changes))


def live_on_the_worst(world, what):
    """As ``live``, on slates of the one item that users like least."""
    with np.errstate(invalid="raise", divide="raise"):
        state = world.reset(np.arange(USERS, dtype=np.uint64))
        for _ in range(STEPS):
            worst = world.expected_engagement(state).argmin(axis=1)
            feedback = world.step(state, np.repeat(worst[:, None], world.slate_size, axis=1))
            assert np.isfinite(feedback.reward()).all(), what
            check_finite(world.observe(state), what)
            check_finite({"expected": world.expected_engagement(state)}, what)
        check_appraisal(world, state, what)


def test_a_choice_from_nothing_is_refused():
    for low, no_click in ((-1.0, -1.0), (-1.0 - 1e-12, -1.0 - 1e-12)):
        with pytest.raises(ValueError, match=r"no_click_mass and choice\.min_normalizer are both -1, .* 0 / 0"):
            interest_evolution_world(choice={"min_normalizer": low, "no_click_mass": no_click})
    live(interest_evolution_world(choice={"min_normalizer": -1.01, "no_click_mass": -1.01}), "always a click")
