"""The batched world lives the lives that docs/model.md describes: compared with a second writing of that page."""

import numpy as np
import pytest

from driftrec.envs.news import news_world
from tests.simulators.scalar_world import EMPTY, Impression, Read, ScalarUser

USERS, STEPS, POOL, HISTORY = 24, 50, 40, 12
HOURS = 1e-3
"""Rounding of a difference of two clocks of a thousand hours, float32."""

CONFIGS = {
    "defaults": {},
    # Everything happens often: opening (also what was read lately), tiring, session ends, jumps, leaving.
    "lively": {
        "memory": 3,
        "choice": {"no_click": 0.5, "repeat": 1.5},
        "session_end": {"tired": 4.0},
        "drift": {"jump_rate": 0.02, "walk": 0.03},
        "comeback": {"mean_gap": 8.0, "churn_rate": 0.003},
    },
    # Sessions are long enough that steps, minutes and reading time in them matter.
    "long sessions": {"choice": {"no_click": 0.0, "repeat": 0.5}, "session_end": {"base": -6.0, "tired": 1.5}},
}


@pytest.fixture(params=CONFIGS)
def lives(request):
    """World, batch, the same users one by one, and slates; items repeat within slates and after having been read."""
    world = news_world(history=HISTORY, config=CONFIGS[request.param])
    seeds = np.arange(100, 100 + USERS, dtype=np.uint64)
    slates = np.random.default_rng(2).integers(POOL, size=(STEPS, USERS, world.slate_size)) * 25
    return world, world.reset(seeds), [ScalarUser(world, int(seed)) for seed in seeds], slates


def assert_same_state(world, state, users, when):
    told, seen = world.reveal(state), world.observe(state)
    clock = [[user.hours, user.sessions, user.session_steps, user.session_minutes] for user in users]
    for name, now, expected in (
        ("interest", told["interest"], [user.interest for user in users]),
        ("satiation", told["satiation"], [user.satiation for user in users]),
        ("satisfaction", told["satisfaction"], [user.satisfaction for user in users]),
        ("home", state.home, [user.home for user in users]),
        ("clock", seen["clock"], clock),
    ):
        np.testing.assert_allclose(now, expected, rtol=1e-4, atol=1e-5, err_msg=f"{name}, step {when}")
    np.testing.assert_array_equal(state.gone, [user.gone for user in users], err_msg=f"gone, step {when}")
    np.testing.assert_array_equal(seen["persona"][:, 0], [user.persona for user in users])


def assert_same_sight(world, state, users, when):
    """The windows over impressions and reads, oldest first, both filled up with nothing."""
    seen, memory = world.observe(state), world.config.memory
    shown = [([Impression(EMPTY, False, 0.0, 0.0)] * HISTORY + user.impressions)[-HISTORY:] for user in users]
    reads = [([Read(EMPTY, 0.0, 0.0)] * memory + user.reads)[-memory:] for user in users]
    for name, expected in (
        ("shown", [[x.item for x in row] for row in shown]),
        ("clicked", [[x.clicked for x in row] for row in shown]),
        ("read_items", [[x.item for x in row] for row in reads]),
    ):
        np.testing.assert_array_equal(seen[name], expected, err_msg=f"{name}, step {when}")
    for name, rows in (("engagement", shown), ("read_minutes", reads)):
        expected = [[x.minutes for x in row] for row in rows]
        np.testing.assert_allclose(seen[name], expected, rtol=1e-4, err_msg=f"{name}, step {when}")
    for name, rows in (("age", shown), ("read_age", reads)):
        expected = [
            [0.0 if x.item == EMPTY else user.hours - x.hour for x in row]
            for user, row in zip(users, rows, strict=True)
        ]
        np.testing.assert_allclose(seen[name], expected, rtol=1e-4, atol=HOURS, err_msg=f"{name}, step {when}")


def assert_same_feedback(feedback, happened, when):
    opened = np.array([h.opened for h in happened])
    clicks = opened[:, None] == np.arange(feedback.clicks.shape[1])
    np.testing.assert_array_equal(feedback.clicks, clicks, err_msg=f"clicks, step {when}")
    minutes = clicks * np.array([[h.minutes] for h in happened])
    np.testing.assert_allclose(feedback.engagement, minutes, rtol=1e-4, err_msg=f"minutes, step {when}")
    np.testing.assert_allclose(feedback.gap, [h.gap for h in happened], rtol=1e-4, err_msg=f"gap, step {when}")
    for name in ("ended", "left"):
        expected = [getattr(h, name) for h in happened]
        np.testing.assert_array_equal(getattr(feedback, name), expected, err_msg=f"{name}, step {when}")


def test_every_user_lives_the_life_on_the_page(lives):
    world, state, users, slates = lives
    assert_same_state(world, state, users, 0)
    past = []
    for when, slate in enumerate(slates, 1):
        feedback = world.step(state, slate)
        happened = [user.step(row) for user, row in zip(users, slate.tolist(), strict=True)]
        assert_same_feedback(feedback, happened, when)
        assert_same_state(world, state, users, when)
        assert_same_sight(world, state, users, when)
        past += happened
    assert sum(h.opened >= 0 for h in past) > 100  # else there was little to compare
    assert sum(h.ended for h in past) > 10


def test_what_an_observer_expects_of_every_item_after_twenty_steps(lives):
    """At the reset nothing has been read and nobody is satiated: most of an appraisal could not be told."""
    world, state, users, slates = lives
    for slate in slates[:20]:
        world.step(state, slate)
        for user, row in zip(users, slate.tolist(), strict=True):
            user.step(row)
    view = world.appraise(state)
    items = [users[0].item(number) for number in range(0, world.num_items, 25)]
    for name, seen, expected in (
        ("attraction", view.attraction, lambda user, item: np.exp(user.utility(item))),
        ("minutes", view.engagement, lambda user, item: user.expected_minutes(item)),
        ("worth", view.worth, lambda user, item: user.worth(item)),
        ("satiation", view.satiation, lambda user, item: user.satiation[item.topic]),
    ):
        rows = [[expected(user, item) for item in items] for user in users]
        np.testing.assert_allclose(seen[:, ::25], rows, rtol=1e-4, atol=1e-6, err_msg=name)
    assert view.no_click == pytest.approx(np.exp(world.config.choice.no_click))
    np.testing.assert_allclose(view.positions, np.exp(-world.config.choice.position * np.arange(world.slate_size)))
    repeats = [item.number in [read.item for read in user.reads] for user in users for item in items]
    assert sum(repeats) > 20  # else there was little to leave out
