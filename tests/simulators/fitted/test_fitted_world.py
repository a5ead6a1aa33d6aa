"""A fitted world: what each number does, and that the numbers are what users live by."""

from dataclasses import replace

import numpy as np
import pytest

from driftrec.simulators.fitted import fitted_state, fitted_world
from driftrec.simulators.fitted.example import TASTES, VISITS, made_up
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.fitted.parameters import Marks, Tastes, VisitRates

USERS = 4000
OPENS = Tastes(no_click=-30.0)
"""Whatever is shown is opened."""

STILL = VisitRates(end=-50, churn=0.0)
"""One session without end."""


def world_of(tastes=None, visits=STILL, **sizes):
    return FittedWorld(made_up(tastes=tastes or OPENS, visits=visits, **sizes), slate_size=1)


def after(world, *items, users=200):
    """Chances of every item alone, (items,), before and after the users opened ``items``, one after the other."""
    state = world.reset(np.arange(users, dtype=np.uint64))
    before = world.expected_engagement(state)
    for item in items:
        assert world.step(state, np.full((users, 1), item)).clicks.all()
    change = world.expected_engagement(state) - before
    return change.mean(axis=0), state


def pass_hours(world, state, hours):
    users = len(state.step)
    nobody, all_ = np.zeros(users, bool), np.ones(users, bool)
    state.memory.pass_time(world.parameters, nobody, np.full(users, hours, np.float32), all_)


def odds(tastes):
    """``tastes`` under which a slate of one is opened for sure, while what is told of others still moves."""
    return replace(tastes, no_click=-12.0)


@pytest.mark.parametrize("name", ["fast", "session", "slow"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_is_opened_pulls_or_pushes_by_the_sign_of_its_weight(name, sign):
    world = world_of(odds(Tastes(**{name: sign})))
    change, _ = after(world, 3)
    like = world.parameters.vectors @ world.parameters.vectors[3]
    assert sign * np.corrcoef(change, like)[0, 1] > 0.4


def test_a_load_bores_its_topic_alone_and_fades():
    world = world_of(odds(Tastes(satiation=2.0)))
    change, state = after(world, 3, 3)
    same = world.parameters.topic == world.parameters.topic[3]
    assert (change[same] < 0).all()
    assert (change[~same] == 0).all()
    loaded = state.memory.load.copy()
    pass_hours(world, state, 24.0)  # the half-life
    np.testing.assert_allclose(state.memory.load, loaded / 2, rtol=1e-6)


def test_with_a_threshold_few_openings_bore_hardly_and_many_do():
    """Of a threshold of 3 a first opening counts 1 / (1 + 3^8), and six count for three and a half."""
    world = world_of(odds(Tastes(satiation=2.0, threshold=3.0)))
    same = world.parameters.topic == world.parameters.topic[3]
    alone, state = after(world, 3)
    np.testing.assert_allclose(state.memory.bored[0, world.parameters.topic[3]], 1 / (1 + 3**8), rtol=1e-5)
    many, state = after(world, *[3] * 6)
    assert state.memory.load[0, world.parameters.topic[3]] == 6
    expected = sum(load**8 / (load**8 + 3**8) for load in range(1, 7))
    np.testing.assert_allclose(state.memory.bored[0, world.parameters.topic[3]], expected, rtol=1e-5)
    assert (many[same] < 100 * alone[same]).all()
    assert (many[same] < 0).all()
    assert (many[~same] == 0).all()


def test_a_slate_leaves_a_part_of_loads_to_those_who_see_it():
    world = world_of(odds(Tastes(satiation=2.0, threshold=3.0, keep=0.5)))
    _, state = after(world, 3, 3)
    topic = world.parameters.topic[3]
    assert state.memory.load[0, topic] == 0.75  # (1 / 2 + 1) / 2
    bored = state.memory.bored[0, topic]
    there = np.arange(200) < 100
    state.memory.pass_time(world.parameters, np.zeros(200, bool), np.zeros(200, np.float32), there)
    np.testing.assert_array_equal(state.memory.load[:, topic], np.where(there, 0.375, 0.75).astype(np.float32))
    np.testing.assert_array_equal(state.memory.bored[:, topic], np.where(there, bored / 2, bored))


def test_a_habit_draws_to_its_topic_alone_and_fades_over_days():
    world = world_of(odds(Tastes(habit=2.0, habit_half_life=2.0)))
    change, state = after(world, 3, 3)
    same = world.parameters.topic == world.parameters.topic[3]
    assert (change[same] > 0).all()
    assert (change[~same] == 0).all()
    pass_hours(world, state, 48.0)
    np.testing.assert_allclose(state.memory.habit[0, world.parameters.topic[3]], 1.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("more", "by_topic"), [({}, 1), ({"threshold": 3.0}, 2), ({"threshold": 3.0, "habit": 1.0}, 3)]
)
def test_what_bores_and_what_is_habit_is_told_where_it_counts(more, by_topic):
    world = world_of(odds(Tastes(satiation=2.0, **more)))
    _, state = after(world, *[3] * 5)
    told, plain = world.observe(state)["user"], 3 * world.dims
    assert world.fields["user"].shape == told.shape[1:]
    memory, topics = state.memory, world.parameters.num_topics
    expected = [memory.load, memory.bored, memory.habit][:by_topic]
    assert told.shape[1] == plain + by_topic * topics + 2
    np.testing.assert_array_equal(told[:, plain:-2], np.log1p(np.column_stack(expected)))


def test_repeats_cost_what_was_opened_alone():
    change, _ = after(world_of(odds(Tastes(repeat=5.0))), 3)
    assert change[3] < 0
    assert (np.delete(change, 3) == 0).all()


def test_memories_fade_each_by_its_own_clock():
    world = world_of(Tastes(no_click=-30, fast_half_life=1.0, slow_half_life=2.0))
    _, state = after(world, 3, 4)
    a, b = world.parameters.vectors[[3, 4]]
    np.testing.assert_allclose(state.memory.fast.mean()[0], (a / 2 + b) / 2.5, rtol=1e-5)
    np.testing.assert_allclose(state.memory.session.mean()[0], (a + b) / 3, rtol=1e-5)
    pass_hours(world, state, 48.0)
    np.testing.assert_allclose(state.memory.slow.mean()[0], (a + b) / 2 / 2, rtol=1e-5)
    np.testing.assert_allclose(state.memory.fast.mean()[0], (a / 2 + b) / 2.5, rtol=1e-5)


def test_a_session_is_forgotten_when_it_ends():
    world = world_of(visits=VisitRates(end=50, churn=0.0))
    _, state = after(world, 3)
    assert not state.memory.session.mean().any()
    assert state.memory.slow.mean().any()


def test_chances_are_those_of_the_logit():
    """4,000 users, alike but for their noise: a share off by more than 4 standard errors fails."""
    parameters = replace(made_up(people=1, tastes=replace(TASTES, no_click=0.5), visits=STILL))
    world = FittedWorld(parameters, slate_size=2)
    state = world.reset(np.arange(USERS, dtype=np.uint64))
    utility = parameters.vectors @ parameters.people[0] + parameters.quality
    weights = np.exp([utility[3], utility[5] - TASTES.position, 0.5])
    clicks = world.step(state, np.tile([3, 5], (USERS, 1))).clicks.mean(axis=0)
    expected = (weights / weights.sum())[:2]
    assert (np.abs(clicks - expected) < 4 * np.sqrt(expected / USERS)).all()


def test_sessions_gaps_and_churn_are_as_told():
    """10 steps of 4,000 users: shares and means within 5 standard errors."""
    world = world_of(visits=replace(VISITS, content=0.0))
    state = world.reset(np.arange(USERS, dtype=np.uint64))
    ended, gaps, left, there = 0, [], 0, 0
    gone = np.zeros(USERS, bool)
    for step in range(10):
        there += (~gone).sum()
        feedback = world.step(state, np.full((USERS, 1), step))
        gone |= feedback.left
        ended, left = ended + feedback.ended.sum(), left + feedback.left.sum()
        gaps.extend(feedback.gap[feedback.ended])
    chance = 1 / (1 + np.exp(-VISITS.end))
    assert abs(ended / there - chance) < 5 * np.sqrt(chance / there)
    assert abs(left / ended - VISITS.churn) < 5 * np.sqrt(VISITS.churn / ended)
    mean = VISITS.short_share * VISITS.short_hours + (1 - VISITS.short_share) * VISITS.long_hours
    assert abs(np.mean(gaps) - mean) < 5 * np.std(gaps) / np.sqrt(len(gaps))


def test_the_content_stay_where_the_number_says_so():
    """Failed with the sign of ``content`` turned."""
    ends = []
    for content in (-3.0, 3.0):
        world = world_of(visits=VisitRates(end=0.0, content=content, usual=0.1, churn=0.0))
        state = world.reset(np.arange(USERS, dtype=np.uint64))
        ends.append(world.step(state, np.full((USERS, 1), 3)).ended.mean())
    assert ends[0] < 0.1 < 0.9 < ends[1]


@pytest.mark.parametrize(("moved", "chance"), list(enumerate(("ended", "short", "left"))))
def test_marks_of_what_was_opened_move_one_chance_of_visits_each(moved, chance):
    """Failed with marks that a slate leaves behind its own end, and with those of one chance taken for another's."""
    marks = np.zeros((40, 3), np.float32)
    marks[3, moved], marks[4, moved] = 6.0, -6.0
    visits = VisitRates(end=0.0, churn=0.5, short_share=0.5, short_hours=1.0, long_hours=1e4)
    world = FittedWorld(replace(made_up(tastes=OPENS, visits=visits), marks=marks), 1)
    shares = {}
    for item in (3, 4, 5):
        feedback = world.step(world.reset(np.arange(2000, dtype=np.uint64)), np.full((2000, 1), item))
        ended = feedback.ended
        shares[item] = {
            "ended": ended.mean(),
            "left": feedback.left[ended].mean(),
            "short": (feedback.gap[ended] < 20).mean(),
        }
    for name in ("ended", "short", "left"):
        low, middle, high = (shares[item][name] for item in (4, 5, 3))
        assert (low < 0.02 and high > 0.98) if name == chance else (abs(low - 0.5) < 0.06 and abs(high - 0.5) < 0.06)
        assert abs(middle - 0.5) < 0.06


def test_marks_add_up_and_fade():
    """Of what is opened, over sessions, around what is usual."""
    marks = np.full((40, 3), 0.25, np.float32)
    fading = Marks(half_life=2.0, usual=(0.1, 0.0, 0.0))
    world = FittedWorld(replace(made_up(tastes=OPENS), marks=marks, fading=fading), 1)
    state, expected = world.reset(np.arange(3, dtype=np.uint64)), np.zeros(3)
    for step in range(6):
        there = ~state.gone.copy()
        world.step(state, np.full((3, 1), step))
        expected = expected * 2**-0.5 + [0.15, 0.25, 0.25]
        np.testing.assert_allclose(state.marks[there], np.tile(expected, (there.sum(), 1)), rtol=1e-5)


def test_who_is_gone_sees_and_does_nothing():
    world = world_of(visits=VisitRates(end=50, churn=1.0))
    state = world.reset(np.arange(50, dtype=np.uint64))
    assert world.step(state, np.full((50, 1), 3)).left.all()
    feedback = world.step(state, np.full((50, 1), 3))
    assert not any(np.any(value) for value in feedback.as_info().values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quality": np.zeros(3, np.float32)}, "quality has 3 rows for 40 items."),
        ({"people": np.zeros((0, 3), np.float32)}, r"people is \(0, 3\); give rows of \(3,\) as of the items."),
        ({"engagement": np.full(40, np.nan, np.float32)}, r"engagement of 'item-0' \(row 0\) holds NaN or infinity"),
        ({"marks": np.zeros((40, 2), np.float32)}, r"marks is \(40, 2\); give one row of 3 for 40 items."),
        ({"marks": np.full((40, 3), np.inf, np.float32)}, r"marks of 'item-0' \(row 0\) holds NaN or infinity"),
        ({"spread": -1.0}, "FittedParameters.spread is -1.0; it must be between 0 and"),
    ],
)
def test_parameters_that_cannot_be_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(made_up(), **change)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Tastes(slow_half_life=0), "Tastes.slow_half_life is 0; it must be between 0.001 and 1e"),
        (lambda: Tastes(threshold=-1), "Tastes.threshold is -1; it must be between 0 and 1000."),
        (lambda: Tastes(keep=1.1), "Tastes.keep is 1.1; it must be between 0 and 1."),
        (lambda: Tastes(habit_half_life=0), "Tastes.habit_half_life is 0; it must be between 0.001 and 1e"),
        (lambda: VisitRates(churn=1.5), "VisitRates.churn is 1.5; it must be between 0 and 1."),
        (lambda: VisitRates(short_hours=300), "VisitRates.long_hours is 200.0; it must be between 300 and"),
        (lambda: FittedWorld(made_up(), 41), r"slate_size is 41; it must be in 1..40 \(items\)."),
    ],
)
def test_numbers_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_where_several_are_opened_every_position_is_by_itself():
    """4,000 users, alike but for their noise: a share off by more than 4 standard errors fails."""
    parameters = made_up(people=1, tastes=replace(TASTES, no_click=0.5), visits=STILL, several=True)
    world = FittedWorld(parameters, slate_size=3)
    assert not world.one_click
    state = world.reset(np.arange(USERS, dtype=np.uint64))
    utility = (parameters.vectors @ parameters.people[0] + parameters.quality)[[3, 5, 7]]
    chance = 1 / (1 + np.exp(0.5 - utility + TASTES.position * np.arange(3)))
    feedback = world.step(state, np.tile([3, 5, 7], (USERS, 1)))
    assert (np.abs(feedback.clicks.mean(axis=0) - chance) < 4 * np.sqrt(chance * (1 - chance) / USERS)).all()
    both = (feedback.clicks[:, 0] & feedback.clicks[:, 1]).mean()
    assert both == pytest.approx(chance[0] * chance[1], abs=0.03)
    assert (feedback.engagement > 0).tolist() == feedback.clicks.tolist()
    assert state.memory.slow.mass.tolist() == feedback.clicks.sum(axis=1).tolist()


def test_what_a_log_tells_is_remembered_as_if_it_had_been_lived():
    """Failed when the sessions that go on were forgotten, and when no hours passed."""
    world = FittedWorld(made_up(several=True), slate_size=4)
    lived, told = (world.reset(np.arange(60, dtype=np.uint64)) for _ in range(2))
    for step in range(12):
        slates = np.tile((4 * step + np.arange(4)) % 40, (60, 1))
        there = ~lived.gone
        feedback = world.step(lived, slates)
        opened = np.where(feedback.clicks, slates, -1)
        world.remember(told, opened, feedback.engagement, feedback.ended, feedback.gap)
        seen, again = (world.observe(state)["user"][there & ~lived.gone] for state in (lived, told))
        np.testing.assert_allclose(seen, again, atol=1e-5)


def test_the_recommender_sees_what_it_knows_while_users_live_by_other_numbers():
    """The other fit has other vectors, half-lives and quality; users open what they would have opened without it."""
    parameters, known = made_up(), made_up(dims=5, seed=4, tastes=replace(TASTES, fast_half_life=9.0))
    alone, watched = FittedWorld(parameters), FittedWorld(parameters, known=known)
    np.testing.assert_array_equal(watched.item_features[:, :5], known.vectors)
    states = [world.reset(np.arange(50, dtype=np.uint64)) for world in (alone, watched)]
    for step in range(6):
        slates = np.tile((5 * step + np.arange(5)) % 40, (50, 1))
        told = [world.step(state, slates) for world, state in zip((alone, watched), states, strict=True)]
        np.testing.assert_array_equal(told[0].clicks, told[1].clicks)
    seen = watched.observe(states[1])["user"]
    assert seen.shape == (50, *watched.fields["user"].shape)
    np.testing.assert_allclose(seen[:, :5], states[1].known.fast.mean())
    with pytest.raises(ValueError, match="has other items; give two of one log"):
        FittedWorld(parameters, known=made_up(items=41))


def test_what_was_opened_is_told_the_last_of_it_and_each_item_once(monkeypatch):
    """Of more than there is room for the first goes. Failed with repeats noted again."""
    monkeypatch.setattr(fitted_state, "RECENT", 3)
    monkeypatch.setattr(fitted_world, "RECENT", 3)
    world = world_of()
    state = world.reset(np.arange(2, dtype=np.uint64))
    told = [world.observe(state)["opened"]]
    for items in ([[4], [7]], [[4], [8]], [[5], [7]], [[6], [9]], [[1], [1]]):
        world.step(state, np.array(items))
        told.append(world.observe(state)["opened"])
    assert [sorted(row) for row in told[0].tolist()] == [[-1, -1, -1]] * 2  # a copy, of before
    assert [sorted(row) for row in told[3].tolist()] == [[-1, 4, 5], [-1, 7, 8]]
    assert [sorted(row) for row in told[5].tolist()] == [[1, 5, 6], [1, 8, 9]]


def test_a_log_s_users_have_opened_what_it_says():
    world = world_of()
    state = world.reset(np.arange(2, dtype=np.uint64))
    nothing = np.zeros(2, bool), np.zeros(2, np.float32)
    world.remember(state, np.array([[3], [-1]]), np.ones((2, 1), np.float32), *nothing)
    assert world.observe(state)["opened"][:, 0].tolist() == [3, -1]
