"""Users from round to round: who stays keeps all of a past, and lost users' places are taken."""

import numpy as np
import pytest

from driftrec.agents.evaluation.play import play_on
from driftrec.simulators.moving.course import Course
from driftrec.simulators.moving.crowd import arrays_of, crowd_from, first_crowd, move_on
from driftrec.simulators.moving.kinds import lived
from driftrec.simulators.moving.moves import Moves
from driftrec.simulators.moving.round_world import RoundWorld
from tests.simulators.moving.worlds import WORLDS

EACH = pytest.mark.parametrize("make", WORLDS.values(), ids=WORLDS.keys())


class First:
    """The first items on offer, others in every step."""

    def __init__(self, world):
        offered = np.ones(world.num_items, np.bool_) if world.offered is None else world.offered
        self.items, self.size = np.flatnonzero(offered), world.slate_size

    def reset(self, num_users, seed):
        self.step = 0

    def act(self, observation):
        self.step += 1
        page = self.items[(np.arange(self.size) + self.size * self.step) % len(self.items)]
        return np.tile(page, (len(next(iter(observation.values()))), 1))


def served(course, crowd, number):
    """A round of ``First``: engagement by place."""
    world, total = RoundWorld(course, number), np.zeros(len(crowd.seeds))
    until = course.start(number + 1)
    for step in play_on(world, First(world), crowd.state, lambda: crowd.there(until), seed=0, name="first"):
        total[step.present] += step.feedback.reward()[step.present]
    return total


@EACH
def test_a_round_ends_for_everybody_at_its_hour(make):
    course = Course(make(), Moves(hours=72.0), 1)
    crowd = first_crowd(course, RoundWorld(course, 0), 20)
    assert (crowd.now() < 24).all()
    served(course, crowd, 0)
    assert ((crowd.now() >= 72) | crowd.state.gone).all()


@EACH
def test_returning_users_keep_their_state_and_newcomers_begin(make):
    course = Course(make(), Moves(hours=72.0, trend=0.0, churn=0.3), 1)
    crowd = first_crowd(course, RoundWorld(course, 0), 40)
    served(course, crowd, 0)
    before, gone, seeds = lived(crowd.state), crowd.state.gone.copy(), crowd.seeds.copy()
    world, seen = RoundWorld(course, 1), RoundWorld(course, 0).observe(crowd.state)
    told = "shown" if "shown" in seen else "user"
    nothing = world.observe(world.reset(seeds))[told]
    newcomers = move_on(crowd, course, world)
    new = gone | course.leaving(1, 40)
    assert newcomers == new.sum() > 0
    assert not crowd.state.gone.any()
    np.testing.assert_array_equal(lived(crowd.state), np.where(new, 0.0, before))
    np.testing.assert_array_equal(crowd.seeds != seeds, new)
    np.testing.assert_array_equal(world.observe(crowd.state)[told], np.where(new[:, None], nothing, seen[told]))
    assert (crowd.came[new] >= 72).all()


@EACH
def test_a_user_lives_alike_alone_and_in_a_crowd(make):
    """Whoever else is there, and however often the state is cut and put back."""
    course = Course(make(), Moves(hours=48.0), 1)
    world = RoundWorld(course, 0)
    crowd = first_crowd(course, world, 12)
    total = served(course, crowd, 0)
    policy, alone = First(world), world.reset(crowd.seeds[:1])
    template = first_crowd(course, world, 12)
    alone = type(crowd)(world.reset(template.seeds[:1]), template.seeds[:1], template.came[:1])
    if hasattr(alone.state, "arrival"):
        for name in ("arrival", "moment", "offer"):
            getattr(alone.state, name)[:] = getattr(template.state, name)[:1]
    policy.reset(1, 0)
    earned = 0.0
    while alone.there(48.0).any():
        earned += float(world.step(alone.state, policy.act(world.observe(alone.state))).reward()[0])
    assert earned == pytest.approx(total[0], rel=1e-6)


@EACH
def test_a_crowd_kept_in_a_file_goes_on_as_it_would(make, tmp_path):
    course = Course(make(), Moves(hours=48.0), 1)
    crowd = first_crowd(course, RoundWorld(course, 0), 10)
    served(course, crowd, 0)
    np.savez(tmp_path / "users.npz", **arrays_of(crowd))
    with np.load(tmp_path / "users.npz") as kept:
        again = crowd_from(first_crowd(course, RoundWorld(course, 0), 10), dict(kept))
    totals = []
    for one in (crowd, again):
        move_on(one, course, RoundWorld(course, 1))
        totals.append(served(course, one, 1))
    np.testing.assert_array_equal(*totals)


def test_users_of_another_world_or_number_are_refused():
    video, music = (Course(WORLDS[name](), Moves(), 1) for name in ("video", "music"))
    kept = arrays_of(first_crowd(music, RoundWorld(music, 0), 5))
    with pytest.raises(ValueError, match="The users kept do not fit this world"):
        crowd_from(first_crowd(video, RoundWorld(video, 0), 5), kept)
    fewer = arrays_of(first_crowd(video, RoundWorld(video, 0), 4))
    with pytest.raises(ValueError, match="seeds is missing or of another shape"):
        crowd_from(first_crowd(video, RoundWorld(video, 0), 5), fewer)
