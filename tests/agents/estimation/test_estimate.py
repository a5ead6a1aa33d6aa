"""Estimates from logs as written: what is observed, who is refused, what a log without propensities gives."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.baselines import Content, Epsilon, LinUCB, Random
from driftrec.agents.estimation.estimate import FEWEST, estimate
from driftrec.agents.estimation.logging_policy import fitted_chances
from driftrec.agents.estimation.truth import coverage, true_episodes, true_slates, with_truth
from driftrec.agents.evaluation.play import play
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.logbook.logged_lives import lives_of
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import item_ids
from driftrec.agents.worlds.observing import observed
from driftrec.simulators.noise import user_seeds

STEPS = 4


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(12, slate_size=2, horizon=STEPS)


def written(setup, policy, file, users, seed=1):
    """The log of one policy, read again."""
    seeds = user_seeds(seed, "log", users)
    with LogWriter(file) as log:
        tap = log.tap(setup.world, seeds, policy, name="logging")
        for step in play(setup.world, policy, seeds, horizon=STEPS, seed=seed)[1]:
            tap(step)
    return read_log(file, items=item_ids(setup))


@pytest.fixture(scope="module")
def log(setup, tmp_path_factory):
    policy = Epsilon(Content(setup.context), setup.context, 0.5)
    return written(setup, policy, tmp_path_factory.mktemp("log") / "log.parquet", 400)


def test_what_is_observed_again_is_what_was_observed(setup, log):
    policy = Epsilon(Content(setup.context), setup.context, 0.5)
    seeds = user_seeds(1, "log", 400)
    first = [(s.observation, s.slates, s.present) for s in play(setup.world, policy, seeds, horizon=STEPS, seed=1)[1]]
    for (number, seen, slates), (before, shown, present) in zip(
        observed(setup, lives_of(log, item_ids(setup))), first, strict=True
    ):
        assert number < STEPS
        assert np.array_equal(slates[present], shown[present])
        for name, value in before.items():
            assert np.array_equal(seen[name][present], value[present]), name


def test_the_past_is_rebuilt_from_a_log_alone(setup, log):
    """As simulated, but for the persona, which no log holds, and minutes within a session, which ours do not count."""
    walked = lives_of(log, item_ids(setup))
    again = list(observed(setup, walked))
    rebuilt = list(observed(setup, replace(walked, seeds=None)))
    for (number, simulated, slates), (_, put_together, others) in zip(again, rebuilt, strict=True):
        there = walked.there[:, number]
        assert np.array_equal(slates[there], others[there])
        for name in set(simulated) - {"persona"}:
            hours = 0.5 if name in ("age", "read_age", "clock") else 0.0
            assert np.allclose(put_together[name][there], simulated[name][there], rtol=1e-5, atol=hours), name


def test_the_logging_policy_is_estimated_by_its_own_mean(setup, log):
    policy = Epsilon(Content(setup.context), setup.context, 0.5)
    table = estimate(setup, log, {"own": policy}, steps=2, seed=0).table
    rows = log.rows
    slate = rows.engagement.sum() / rows.slate.nunique()
    episode = rows[rows.step < 2].engagement.sum() / rows.user.nunique()
    plain = table[table.estimator.isin(["ips", "snips"])]
    assert np.allclose(plain[plain.measure == "slate"].estimate, slate)
    assert np.allclose(plain[plain.measure == "episode"].estimate, episode)
    assert (table[table.measure == "slate"].ess == rows.slate.nunique()).all()
    assert (table.low <= table.estimate).all()
    assert (table.estimate <= table.high).all()
    assert set(table.weights) == {"slate", "cascade", "independent"}


class Last:
    """Always shows the same items, which hardly anybody was shown."""

    def reset(self, num_users, seed): ...

    def act(self, observation):
        return np.tile([998, 999], (len(observation["persona"]), 1))


class Mixed:
    """Now and then what another policy shows, else what is in no log."""

    def __init__(self, policy, share):
        self.policy, self.share = policy, share

    def reset(self, num_users, seed):
        self.policy.reset(num_users, seed)

    def act(self, observation):
        return self.policy.act(observation)

    def propensity(self, observation, slates):
        chances = self.policy.propensity(observation, slates).copy()
        chances[:, 0] *= self.share
        return chances


def test_too_little_overlap_is_refused_in_words(setup, log):
    found = estimate(setup, log, {"last": Last(), "content": Content(setup.context)}, steps=STEPS, seed=0)
    table = found.table.set_index(["policy", "measure"])
    last = table.loc["last"]
    assert last.estimate.isna().all()
    assert (last.ess < FEWEST).all()
    assert last.refused.str.fullmatch(r"too little overlap: [\d,]+ (slates|users) count as [\d.]+, fewer than 50").all()
    assert (table.loc[("content", "slate")].refused == "").all()  # half the slates are its own
    assert table.loc[("content", "episode")].ess.max() < 400 / 2**STEPS * 2  # one user in sixteen


def test_what_the_log_never_shows_is_missed_by_its_weight(setup, log):
    """Half of what is shown is the log's, by equal weights, of which effective sizes say nothing.

    Failed, with an estimate of all 400 slates, when only effective sizes were looked at.
    """
    own = Epsilon(Content(setup.context), setup.context, 0.5)
    half = Mixed(own, share=0.5)
    found = estimate(setup, log, {"half": half, "own": own}, steps=1, seed=0).table.set_index(["policy", "weights"])
    assert (found.loc["own"].refused == "").all()
    assert (found.loc[("half", "slate")].ess > 300).all()
    why = r"too little overlap: of what the policy shows the log has 50%, as its mean weight says"
    assert found.loc[("half", "slate")].refused.str.fullmatch(why).all()


def test_without_propensities_a_logging_policy_is_fitted_and_said(setup, log):
    bare = replace(log, rows=log.rows.assign(propensity=np.nan, marginal=np.nan, slate_propensity=np.nan))
    found = estimate(setup, bare, {"random": Random(setup.context)}, steps=1, seed=0)
    assert any("those of a logging policy that was fitted to it" in note for note in found.notes)
    own = estimate(setup, log, {"random": Random(setup.context)}, steps=1, seed=0)
    assert "propensities: those in the log" in own.notes


def test_fitted_chances_of_random_slates_are_near_the_true_ones(setup, tmp_path):
    walked = lives_of(written(setup, Random(setup.context), tmp_path / "log.csv", 500), item_ids(setup))
    fitted = fitted_chances(walked, setup.context)
    ratio = (fitted.places * setup.world.num_items)[walked.there]
    assert np.quantile(ratio, 0.05) > 0.3  # counts of some four an item
    assert np.quantile(ratio, 0.95) < 3.0
    assert fitted.picks.max() <= 1


def test_half_of_the_propensities_are_too_few(setup, log):
    half = log.rows.propensity.where(log.rows.step > 0)
    with pytest.raises(ValueError, match=r"propensity is empty for user '.*', step 0 .* Log it for all slates"):
        lives_of(replace(log, rows=log.rows.assign(propensity=half)), item_ids(setup))


def test_a_log_of_another_world_or_size_is_refused(setup, log, make_setup):
    swapped = replace(log, rows=log.rows.assign(clicked=~log.rows.clicked))
    policies = {"random": Random(setup.context)}
    with pytest.raises(ValueError, match=r"clicks otherwise when simulated again, at step 0\. The log is"):
        estimate(setup, swapped, policies, steps=1, seed=0)
    with pytest.raises(ValueError, match=r"has slates of 2, driftrec/News-v0 of 5\. Give --slate-size 2"):
        estimate(make_setup(12), log, policies, steps=1, seed=0)
    with pytest.raises(ValueError, match=r"--steps is 5; .* has users of up to 4 slates: 1 to that"):
        estimate(setup, log, policies, steps=5, seed=0)
    with pytest.raises(ValueError, match="LinUCB learns while it serves"):
        estimate(setup, log, {"linucb": LinUCB(setup.context)}, steps=1, seed=0)
    bored = WorldArgs("driftrec/Sardine-SlateTopK-Bored-v0", slate_size=2, options='{"embeddings": "generated"}')
    strange = replace(log, rows=log.rows.assign(user_seed=None, item=log.rows.item.str[1:]))
    with pytest.raises(ValueError, match=r"has no user_seed, and what .*Bored-v0 observes \(user\) is not in a log"):
        estimate(set_up(bored), strange, policies, steps=1, seed=0)


def test_the_truth_of_random_slates_is_what_random_brings(setup):
    """Of the logging policy itself, both truths are means of its own rollout: to four standard errors."""
    policies = {"random": Random(setup.context)}
    slates = true_slates(setup, Random(setup.context), policies, steps=STEPS, users=2000, seed=3)
    episodes = true_episodes(setup, policies, steps=1, users=2000, seed=3)
    seeds = user_seeds(3, "truth", 2000)
    brought = [
        s.feedback.reward()[s.present]
        for s in play(setup.world, Random(setup.context), seeds, horizon=STEPS, seed=5)[1]
    ]
    every = np.concatenate(brought)
    assert abs(slates["random"] - every.mean()) < 4 * every.std() * np.sqrt(2 / len(every))
    assert abs(episodes["random"] - brought[0].mean()) < 4 * brought[0].std() * np.sqrt(2 / 2000)


def test_truth_and_intervals_stand_beside_each_other():
    table = pd.DataFrame(
        {
            "policy": ["a", "a", "b"],
            "measure": ["slate", "episode", "slate"],
            "low": [0, 2, np.nan],
            "high": [1, 3, np.nan],
        }
    )
    found = with_truth(table, {"a": 0.5, "b": 1.0}, {"a": 1.0, "b": 1.0})
    assert found.truth.tolist() == [0.5, 1.0, 1.0]
    assert found.covered.tolist() == [True, False, pd.NA]
    assert with_truth(table, None, {"a": 2.5}).covered.tolist() == [pd.NA, True, pd.NA]


def test_coverage_counts_logs(setup):
    logging = Epsilon(Content(setup.context), setup.context, 0.5)
    told = {"logs": 3, "users": 150, "length": 2, "steps": 1, "seed": 0, "truth_users": 500}
    found = coverage(setup, logging, {"random": Random(setup.context)}, **told)
    assert (found.given == 3).all()
    assert len(found) == 18
    assert found.covered.mean() > 0.5
