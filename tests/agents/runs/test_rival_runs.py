"""Rivals end to end at toy size: training, checkpoint, loading; what is refused."""

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.known import RANKED_KINDS
from driftrec.agents.registry import build_policy, build_with, builders
from driftrec.agents.rivals.rival_settings import RIVALS, ImitationSettings, PageSettings, ValueSettings
from driftrec.agents.runs.checkpoint import load_checkpoint
from driftrec.agents.runs.load import open_run
from driftrec.agents.runs.rival_runs import TRAININGS, load_myopic_joint, load_rival, train_rival
from driftrec.agents.worlds.kits import KITS, settings_of
from driftrec.simulators.noise import user_seeds

PAGES = PageSettings(users=4, rounds=1, samples=4, validation_users=4)
VALUES = ValueSettings(lanes=8, log_steps=8, weights=(0.5,), users=4, validation_users=4)
IMITATED = ImitationSettings(users=4, rounds=1, epochs=1, batch_size=16, candidates=20, validation_users=4)
SETTINGS = {"diverse": PAGES, "paced": PAGES, "q1": VALUES, "q2": VALUES, "imitation": IMITATED}
CASES = [
    *(("ideal", kind) for kind in SETTINGS),
    *(("partial", kind) for kind in ("paced", "q2")),
    *(("texts", kind) for kind in ("paced", "q1")),
]


@pytest.fixture(scope="module")
def train_in(runs, tmp_path_factory):
    def train_it(world, kind):
        setup, run, _ = runs[world]
        folder = tmp_path_factory.mktemp(kind)
        train_rival(setup, kind, SETTINGS[kind], ranker_run=run, seed=3, folder=folder)
        return setup, folder

    return train_it


def test_every_kind_has_settings_and_a_training_everywhere():
    assert TRAININGS.keys() == RIVALS.keys() == {*RANKED_KINDS} - {"slateq"}
    assert all(settings_of(world, kind) == KITS[world].learned_rivals[kind] for world in KITS for kind in RIVALS)


@pytest.mark.parametrize(("world", "kind"), CASES)
def test_a_run_loads_to_the_policy_that_was_measured_best(train_in, runs, world, kind, shown):
    setup, folder = train_in(world, kind)
    policy = load_rival(setup, str(folder), kind)
    curve = pd.read_csv(folder / "curve.csv")
    engagement = mean_engagement(setup.world, policy, user_seeds(3, "validation", 4), setup.horizon)
    assert engagement == curve.mean_episode_engagement.max()  # before and after the disk: not near, but equal
    assert set(curve.stage) == {kind}
    assert curve.env_steps.is_monotonic_increasing
    few, many = (shown(setup.world, policy, users) for users in (5, 40))
    np.testing.assert_array_equal(few, many[:, :5])
    named = build_policy(f"{kind}:{folder}", setup.context, {}, builders(setup).loaders)
    np.testing.assert_array_equal(shown(setup.world, named, 5), few)
    with pytest.raises(ValueError, match=f"holds a run of kind {kind}, not ppo"):
        open_run(setup, str(folder), "ppo")


def test_the_same_seed_finds_the_same(train_in, runs):
    setup, first = train_in("ideal", "paced")
    _, second = train_in("ideal", "paced")
    weights = [load_checkpoint(folder, setup).weights["rival.numbers"] for folder in (first, second)]
    assert weights[0].tolist() == weights[1].tolist()


def test_myopic_joint_needs_no_training_and_takes_a_price(runs, shown):
    setup, run, _ = runs["ideal"]
    usual, named = load_myopic_joint(setup, str(run)), build_with(setup, f"myopic-joint:{run}", {"price": 0.5})
    np.testing.assert_array_equal(shown(setup.world, usual, 9), shown(setup.world, named, 9))
    with pytest.raises(ValueError, match="price is -1"):
        load_myopic_joint(setup, str(run), -1.0)


@pytest.mark.parametrize("world", ["evolution", "blind"])
def test_a_world_without_topics_is_told(runs, world, tmp_path):
    setup, run, _ = runs[world]
    for kind in ("diverse", "paced", "q1"):
        with pytest.raises(ValueError, match=r"has no topics known beforehand.* Compare with slateq"):
            train_rival(setup, kind, SETTINGS[kind], ranker_run=run, seed=0, folder=tmp_path)
    with pytest.raises(ValueError, match="has no topics known beforehand"):
        load_myopic_joint(setup, str(run))
    assert not any(tmp_path.iterdir())
