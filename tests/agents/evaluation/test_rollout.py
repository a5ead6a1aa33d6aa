"""The bookkeeping of a rollout, against a second one that is written down step by step."""

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.baselines import Content, Random
from driftrec.agents.evaluation.rollout import JOURNEYS, diversity, roll_out, step_table, unit_rows
from driftrec.agents.policy import Context
from driftrec.agents.setup import context_of
from driftrec.envs.news import news_world
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.vectors import unit

USERS, HORIZON = 40, 25
WORLD = news_world(slate_size=3, history=10, config={"comeback": {"churn_rate": 0.02}})
SEEDS = user_seeds(5, "test", USERS)


@pytest.fixture(scope="module")
def context():
    rng = np.random.default_rng(0)
    items = unit(rng.standard_normal((WORLD.num_items, 8))).astype(np.float32)
    people = unit(rng.standard_normal((WORLD.personas.num_personas, 8))).astype(np.float32)
    return Context(3, items, people, WORLD.catalogue.minutes, WORLD.catalogue.titles)


class Recorder:
    """Shows items by a fixed rule, one of them twice in every third slate, and writes down what it is told."""

    def __init__(self):
        self.calls, self.updates, self.states = [], [], []

    def reset(self, num_users, seed):
        self.calls.append((num_users, seed))

    def see(self, state):
        self.states.append(state)

    def act(self, observation):
        step = len(self.updates)
        first = 7 * np.arange(len(observation["persona"])) + 11 * step
        slates = (first[:, None] + np.arange(3)) % WORLD.num_items
        if step % 3 == 0:
            slates[:, 2] = slates[:, 0]
        return slates

    def update(self, observation, slates, clicks, engagement):
        self.updates.append((observation, slates.copy(), clicks.copy(), engagement.copy()))


@pytest.fixture(scope="module")
def served(context):
    policy = Recorder()
    ticks = []
    rollout = roll_out(WORLD, policy, context, SEEDS, horizon=HORIZON, seed=9, tick=lambda: ticks.append(1))
    assert len(ticks) == HORIZON
    return policy, rollout


@pytest.fixture(scope="module")
def lived():
    """The same life without a rollout: slates, feedback and who was there, a step a row."""
    policy, state, rows = Recorder(), WORLD.reset(SEEDS), []
    start = state.interest.copy()
    for _ in range(HORIZON):
        here = ~state.gone
        slates = policy.act(WORLD.observe(state))
        policy.updates.append(None)
        rows.append((slates, WORLD.step(state, slates), here, state.gone.copy()))
    return rows, state, start


def test_engagement_and_presence_are_those_of_the_world(served, lived):
    rows, _, _ = lived
    np.testing.assert_array_equal(served[1].engagement, [feedback.reward() for _, feedback, _, _ in rows])
    np.testing.assert_allclose(served[1].alive, [1 - gone.mean() for *_, gone in rows])
    assert 0 < served[1].alive[-1] < 1  # some left and some stayed


def test_episodes_count_what_happened(served, lived):
    rows, state, start = lived
    here = np.array([row[2] for row in rows])  # (steps, users)
    episodes = served[1].episodes
    assert episodes.user.tolist() == list(range(USERS))
    assert episodes.user_seed.tolist() == SEEDS.tolist()
    minutes = np.sum([feedback.reward() for _, feedback, _, _ in rows], axis=0, dtype=np.float64)
    np.testing.assert_allclose(episodes.engagement, minutes)
    np.testing.assert_array_equal(episodes.steps, here.sum(axis=0))
    clicks = np.sum([feedback.clicks.any(axis=1) for _, feedback, _, _ in rows], axis=0)
    np.testing.assert_array_equal(episodes.clicks, clicks)
    np.testing.assert_allclose(episodes.click_rate, clicks / here.sum(axis=0))
    positions = np.where(np.arange(HORIZON) % 3 == 0, 2, 3)  # a repeat is an empty position
    np.testing.assert_array_equal(episodes.impressions, positions @ here)
    ended = np.array([feedback.ended for _, feedback, _, _ in rows])
    np.testing.assert_array_equal(episodes.sessions, 1 + (ended[:-1] & here[1:]).sum(axis=0))  # those with a step
    np.testing.assert_allclose(episodes.session_engagement, minutes / episodes.sessions)
    np.testing.assert_array_equal(episodes.churn, state.gone)
    np.testing.assert_allclose(episodes.interest_drift, 1 - (start * state.interest).sum(axis=1), atol=1e-6)


def test_behaviour_is_what_was_opened_and_how_the_reader_was(served, lived):
    catalogue, expected = WORLD.catalogue, {"opened_quality": [], "opened_satiation": [], "gap_hours": []}
    for (slates, feedback, _, _), state in zip(lived[0], served[0].states, strict=True):
        users, places = np.nonzero(feedback.clicks)
        items = slates[users, places]
        expected["opened_quality"].append(catalogue.quality[items].mean())
        expected["opened_satiation"].append(state.satiation[users, catalogue.topic[items]].mean())
        expected["gap_hours"].append(pd.Series(feedback.gap[feedback.ended]).mean())  # NaN without any
    for name, means in expected.items():
        np.testing.assert_allclose(served[1].behaviour[name], means, rtol=1e-5, err_msg=name)
    assert np.isfinite(expected["opened_satiation"]).sum() > 20


def test_shown_holds_what_present_users_were_shown(served, lived):
    expected = np.zeros((USERS, WORLD.num_items), bool)
    for slates, _, here, _ in lived[0]:
        for user in np.flatnonzero(here):
            expected[user, slates[user]] = True
    np.testing.assert_array_equal(served[1].shown, expected)


def test_slate_diversity_is_the_mean_over_the_users_steps(served, lived, context):
    cosines = [[] for _ in range(USERS)]
    for slates, _, here, _ in lived[0]:
        for user in np.flatnonzero(here):
            a, b, c = context.item_embeddings[slates[user]]
            cosines[user].append((a @ b + a @ c + b @ c) / 3)
    np.testing.assert_allclose(served[1].episodes.slate_diversity, [1 - np.mean(c) for c in cosines], atol=1e-6)


def test_the_policy_is_told_everything_once_a_step(served, lived):
    policy, _ = served
    assert policy.calls == [(USERS, 9)]
    assert [int(state.step[0]) for state in policy.states] == list(range(HORIZON))
    for (observation, slates, clicks, minutes), (shown, feedback, here, _) in zip(
        policy.updates, lived[0], strict=True
    ):
        np.testing.assert_array_equal(slates[here], shown[here])
        assert (slates[~here] == -1).all()
        np.testing.assert_array_equal(clicks, feedback.clicks)
        np.testing.assert_array_equal(minutes, feedback.engagement)
        assert set(observation) == set(WORLD.fields)


def test_journeys_follow_the_first_users_while_they_are_there(served, lived):
    journeys = served[1].journeys
    assert journeys.user.max() == JOURNEYS - 1
    present = np.array([row[2][:JOURNEYS] for row in lived[0]])  # (steps, users)
    counts = journeys.groupby(["step", "user"]).size().unstack(fill_value=0).to_numpy()
    np.testing.assert_array_equal(counts, present * WORLD.catalogue.num_topics)
    assert journeys.interest.between(-1.001, 1.001).all()
    first = journeys[journeys.step == 0].pivot(index="user", columns="topic", values="interest")
    expected = lived[2][:JOURNEYS] @ WORLD.topic_latent.T
    np.testing.assert_allclose(first[list(WORLD.catalogue.topic_names)], expected, atol=1e-5)


def test_a_user_fares_alike_in_any_company(context):
    whole, few = (
        roll_out(WORLD, Content(context), context, seeds, horizon=8, seed=1).episodes for seeds in (SEEDS, SEEDS[:5])
    )
    exact = [column for column in whole.columns if column not in ("engagement", "session_engagement", "interest_drift")]
    np.testing.assert_array_equal(whole.loc[:4, exact], few[exact])
    np.testing.assert_allclose(whole.loc[:4, "engagement"], few.engagement)


def test_a_session_that_ends_with_the_last_step_brings_no_other(context):
    world = news_world(slate_size=3, config={"comeback": {"churn_rate": 0.0}, "session_end": {"base": 40.0}})
    rollout = roll_out(world, Random(context), context, SEEDS, horizon=6, seed=0)
    assert (rollout.episodes.sessions == 6).all()  # one a step
    np.testing.assert_allclose(rollout.episodes.session_engagement, rollout.episodes.engagement / 6)
    one = rollout.journeys.query("user == 3").drop_duplicates("step")
    assert one.session.tolist() == [1, 2, 3, 4, 5, 6]
    assert (one.hours.diff().iloc[1:] > 0).all()


def test_an_oracle_is_told_the_truth_before_it_acts(served):
    state = served[0].states[4]
    assert int(state.step[0]) == 4
    np.testing.assert_array_equal(WORLD.observe(state)["clock"], served[0].updates[4][0]["clock"])


def test_an_audience_that_is_all_gone_earns_nothing_more(context):
    world = news_world(slate_size=3, config={"comeback": {"churn_rate": 1e3}, "session_end": {"base": 40.0}})
    ticks = []
    rollout = roll_out(world, Random(context), context, SEEDS, horizon=6, seed=0, tick=lambda: ticks.append(1))
    assert len(ticks) == 6  # a progress bar comes to its end
    assert (rollout.episodes.steps == 1).all()
    assert (rollout.episodes.churn == 1).all()
    assert (rollout.episodes.sessions == 1).all()
    assert not rollout.engagement[1:].any()
    assert not rollout.alive[1:].any()


@pytest.mark.parametrize("slate_size", [1, 2, 5])
def test_diversity_by_hand(slate_size):
    rng = np.random.default_rng(slate_size)
    embeddings, slates = unit(rng.standard_normal((9, 4))).astype(np.float32), rng.integers(0, 9, (20, slate_size))
    expected = []
    for slate in slates:
        pairs = [(i, j) for i in range(slate_size) for j in range(i)]
        cosines = [embeddings[slate[i]].astype(float) @ embeddings[slate[j]] for i, j in pairs]
        expected.append(1 - np.mean(cosines) if pairs else np.nan)
    np.testing.assert_allclose(diversity(embeddings, slates), expected, atol=1e-6)


def test_diversity_of_features_is_of_their_directions():
    """Fitted worlds have features of any length; by these diversity was -27."""
    rows = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    lengths = np.arange(9, dtype=np.float32)[:, None]  # one of them is 0
    turned = unit_rows(rows * lengths)
    np.testing.assert_allclose(turned[1:], unit(rows[1:]), atol=1e-6)
    assert not turned[0].any()
    assert unit_rows(again := turned[1:]) is again  # to the bit where they are of length 1
    slates = np.arange(1, 9).reshape(2, 4)
    assert (diversity(turned, slates) <= 2).all()
    world = FittedWorld(made_up(), 3)
    context = context_of(world)
    rollout = roll_out(world, Random(context), context, SEEDS, horizon=3, seed=0)
    assert rollout.episodes.slate_diversity.between(0, 1.5).all()


def test_the_step_table_holds_means_and_bands(served):
    rollout = served[1]
    table = step_table(rollout, seed=3)
    assert table.step.tolist() == list(range(HORIZON))
    np.testing.assert_allclose(table.engagement, rollout.engagement.mean(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(table.alive, rollout.alive)
    assert (table.engagement_low <= table.engagement + 1e-6).all()
    assert (table.engagement <= table.engagement_high + 1e-6).all()
    # A 95 % interval of a mean is about four standard errors wide.
    error = rollout.engagement.std(axis=1) / np.sqrt(USERS)
    width = (table.engagement_high - table.engagement_low).to_numpy()
    assert width.mean() == pytest.approx(4 * error.mean(), rel=0.1)
    assert step_table(rollout, seed=3).equals(table)
    assert not step_table(rollout, seed=4).equals(table)
