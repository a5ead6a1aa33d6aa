"""``driftrec recommend``: a trained policy serves a user of a log, also from a later catalogue."""

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.runs.recommender import Recommender, load_recommender
from driftrec.agents.runs.train import train
from driftrec.agents.runs.user_log import logged_slates, observations_of, read_for
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import settings_of
from driftrec.simulators.fitted import fitted_state, fitted_world
from driftrec.simulators.settings import updated
from tests.agents.every_world import unfitted

TOY = {
    "fit": {"lanes": 16, "log_steps": 6, "rounds": 1, "epochs": 1, "batch_size": 64},
    "ppo": {"total_steps": 128, "lanes": 16, "rollout": 4, "batch_size": 64, "epochs": 1},
    "validations": 2,
    "validation_users": 4,
}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A toy run in the made-up fitted world, whose items have names."""
    setup = set_up(WorldArgs("driftrec/Fitted-v0", horizon=6, slate_size=3))
    folder = tmp_path_factory.mktemp("fitted")
    train(setup, updated(settings_of("driftrec/Fitted-v0"), TOY), seed=1, folder=folder)
    return folder


def history(*events):
    """A log of single items: user, hours, item, rating."""
    return pd.DataFrame(events, columns=["user", "time", "item", "engagement"])


LIVES = history(
    ("a", 0.0, "item-3", 1.0), ("a", 0.2, "item-5", 1.5), ("b", 0.0, "item-3", 1.0), ("b", 9.0, "item-9", 2)
)


def test_a_user_of_a_log_is_served_by_what_the_log_says_of_it(driftrec, tmp_path, fitted):
    LIVES.to_csv(tmp_path / "log.csv", index=False)
    done = driftrec("recommend", "--run", fitted, "--log", "log.csv", "--user", "a")
    assert done.status == 0, done.err
    slate = [line for line in done.out.splitlines() if line.startswith("item-")]
    assert len(set(slate)) == 3
    recommender = load_recommender(str(fitted))
    log = recommender.read(tmp_path / "log.csv")
    assert recommender.recommend(log, "a") == slate
    setup = recommender.setup
    observed = [list(observations_of(setup, log, "a", away))[-1]["user"][0] for away in (0.0, 9.0)]
    dims = setup.world.dims
    assert observed[0][dims : 2 * dims].any()  # the session goes on
    assert not observed[1][dims : 2 * dims].any()  # it is another one by then
    vectors = setup.world.parameters.vectors
    np.testing.assert_allclose(observed[0][dims : 2 * dims], (vectors[3] + vectors[5]) / 3, rtol=1e-5)


class Watching:
    """Shows items 0, 1, 2, and keeps what it was told."""

    def reset(self, batch_size, seed):
        self.told = []

    def act(self, observation):
        self.told.append(observation)
        return np.arange(3)[None]


def test_a_policy_sees_the_whole_life_and_all_that_was_ever_opened(tmp_path, monkeypatch):
    """Heavy users have opened more than an observation holds; what else follows from responses is carried along."""
    for module in (fitted_state, fitted_world):
        monkeypatch.setattr(module, "RECENT", 2)
    events = [("a", float(hour), f"item-{hour}", 1.0) for hour in (3, 4, 6, 9)]
    history(*events, ("a", 10.0, "item-3", 1.0), ("b", 1.0, "item-7", 1.0)).to_csv(tmp_path / "log.csv", index=False)
    setup = set_up(WorldArgs("driftrec/Fitted-v0", horizon=6, slate_size=3))
    watching = Watching()
    recommender = Recommender(setup, watching)
    assert recommender.recommend(recommender.read(tmp_path / "log.csv"), "a") == ["item-0", "item-1", "item-2"]
    opened = [sorted(set(each["opened"][0].tolist()) - {-1}) for each in watching.told]
    assert opened == [[], [3], [3, 4], [4, 6], [6, 9], [3, 4, 6, 9]]


def served(stamps, *, versions=("1", "2")):
    """User a in days of two versions of a policy, four slates of each, the second version's first in the file."""
    days = [(version, 200 * place + day) for place, version in enumerate(versions) for day in range(4)]
    begin = 1_500_000_000 if stamps else 0
    rows = [
        ("a", begin + (86_400 if stamps else 24) * day, f"item-{n}", version) for n, (version, day) in enumerate(days)
    ]
    table = pd.DataFrame(rows, columns=["user", "time", "item", "version"]).assign(engagement=1.0)
    return table.iloc[[4, 5, 6, 7, 0, 1, 2, 3]]


def test_what_several_versions_showed_stands_in_the_order_of_the_clock(tmp_path):
    """Each version's hours count from its own first event: days that lay 200 apart were mixed one by one."""
    setup = set_up(WorldArgs("driftrec/Fitted-v0", horizon=6, slate_size=3))
    last = []
    for name, table in (("two", served(True)), ("one", served(True).drop(columns="version"))):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        log = read_log(tmp_path / f"{name}.csv", items=setup.world.parameters.ids)
        *_, seen = observations_of(setup, log, "a", 1.0)
        last.append(seen["user"])
    np.testing.assert_array_equal(*last)


def test_versions_without_a_common_clock_are_refused(tmp_path):
    setup = set_up(WorldArgs("driftrec/Fitted-v0", horizon=6, slate_size=3))
    served(False).to_csv(tmp_path / "log.csv", index=False)
    log = read_log(tmp_path / "log.csv")
    with pytest.raises(ValueError, match=r"several policies or versions served user 'a', .* Log Unix stamps, or keep"):
        list(observations_of(setup, log, "a", 1.0))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--user", "c"), "log.csv holds no user 'c'; it holds 'a', 'b' and others."),
        (("--user", "a", "--away", "-1"), "--away is -1; hours since the last slate are a number, 0 or more."),
        (("--user", "a", "--away", "nan"), "--away is nan; hours since the last slate are a number, 0 or more."),
    ],
)
def test_mistakes_end_in_one_line(driftrec, tmp_path, fitted, words, message):
    LIVES.to_csv(tmp_path / "log.csv", index=False)
    done = driftrec("recommend", "--run", fitted, "--log", "log.csv", *words)
    assert (done.status, message in done.err) == (2, True), done.err
    assert len(done.err.splitlines()) == 1


def test_a_log_of_unknown_items_is_refused(driftrec, tmp_path, fitted):
    LIVES.assign(item="strange").to_csv(tmp_path / "log.csv", index=False)
    done = driftrec("recommend", "--run", fitted, "--log", "log.csv", "--user", "a")
    assert (done.status, "the catalogue has no such item" in done.err) == (2, True), done.err


def test_a_log_is_learned_from_life_by_life(driftrec, tmp_path):
    flags = (
        "--policies",
        "random",
        "--users",
        "30",
        "--horizon",
        "8",
        "--slate-size",
        "3",
        "--seed",
        "1",
        "--out",
        "c",
    )
    done = driftrec("compare", "--world", "driftrec/Fitted-v0", *flags, "--log", "log.parquet")
    assert done.status == 0, done.err
    table = pd.read_parquet(tmp_path / "log.parquet")
    assert set(table.item) <= {f"item-{n}" for n in range(40)}
    setup = set_up(WorldArgs("driftrec/Fitted-v0", slate_size=3, horizon=8))
    lives = read_for(setup, tmp_path / "log.parquet")
    logs = logged_slates(setup, lives, unfitted(setup))
    slates = int(lives.there.sum())
    steps, lanes = logs.over.shape
    assert slates - lanes < steps * lanes <= slates
    in_order = logs.over.transpose(0, 1).flatten().numpy()
    ends = np.cumsum(lives.there.sum(axis=1)) - 1
    assert np.flatnonzero(in_order).tolist() == [end for end in ends if end < len(in_order)]
    clicks = logs.clicks.transpose(0, 1).flatten(0, 1).numpy()
    assert np.array_equal(clicks, lives.clicks[lives.there][: len(clicks)])
    told = {f"{part}.{name}": value for part in ("fit", "ppo") for name, value in TOY[part].items()}
    told |= {name: TOY[name] for name in ("validations", "validation_users")}
    words = [f"--settings.{name.replace('_', '-')}={value}" for name, value in told.items()]
    world = ("--world", "driftrec/Fitted-v0", "--slate-size", "3", "--horizon", "8")
    done = driftrec("train", *world, "--seed", "1", "--out", "run", "--warm-start-log", "log.parquet", *words)
    assert done.status == 0, done.err
    assert f"The log's slates, {steps * lanes:,}, in place of random ones" in done.out
