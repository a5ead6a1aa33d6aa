"""The worst served tenth, and groups of users."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.evaluation import groups
from driftrec.agents.evaluation.groups import (
    engagement_of,
    largest_personas,
    quarters_by_distance,
    tenth_percentile,
)


def test_the_tenth_percentile_is_what_nine_in_ten_reach():
    values = np.random.default_rng(0).permutation(np.arange(1.0, 101))[None]
    found = tenth_percentile(values, seed=0)
    assert found.mean == 10
    assert (values >= found.mean).mean() >= 0.9
    assert 3 <= found.low < 10 < found.high <= 18  # 10 +- 2 sqrt(100 * 0.1 * 0.9) ranks, and a little


def test_training_seeds_are_averaged():
    values = np.arange(1.0, 101)
    assert tenth_percentile(np.stack([values, values + 50]), seed=0).mean == 35


def test_a_resample_is_the_percentile_of_the_users_drawn(monkeypatch):
    counts = np.zeros((1, 30), np.uint16)
    counts[0, [4, 7, 9]] = [1, 9, 20]  # of 30 drawn three lie at or below the tenth: one of 4, two of 7
    monkeypatch.setattr(groups, "user_counts", lambda users, resamples, seed: counts)
    values = np.random.default_rng(1).normal(size=(1, 30))
    drawn = np.repeat(values[0], counts[0])
    found = tenth_percentile(values, seed=0, resamples=1)
    assert np.quantile(drawn, 0.1, method="inverted_cdf") in (found.low, found.high)


def test_quarters_go_from_the_usual_to_the_unusual(episodes):
    found = quarters_by_distance(episodes)  # seven personas of 30 users, at distances 0 to 0.6
    assert next(iter(found)).startswith("0.00 to ")
    assert list(found)[-1].endswith(" to 0.60")
    assert sorted(user for users in found.values() for user in users) == list(range(30))
    whose = episodes.drop_duplicates("user").set_index("user").persona_distance
    ends = [(whose[users].min(), whose[users].max()) for users in found.values()]
    assert all(before[1] < after[0] for before, after in pairwise(ends))


def test_personas_by_size_and_only_those_of_some_users(episodes):
    found = largest_personas(episodes.assign(persona=episodes.user.map(lambda user: 5 if user < 20 else user // 5)))
    assert found == {"persona 5": [*range(20), *range(25, 30)], "persona 4": [*range(20, 25)]}
    assert "persona 6" in largest_personas(episodes.assign(persona=pd.array([6] * len(episodes), "Int64")))
    assert largest_personas(episodes.assign(persona=episodes.user)) == {}  # one user each


@pytest.mark.parametrize(
    "without",
    [
        lambda table: table.drop(columns=["persona", "persona_distance"]),
        lambda table: table.assign(persona=pd.NA, persona_distance=np.nan),
    ],
)
def test_a_world_without_personas_has_no_groups(episodes, without):
    assert quarters_by_distance(without(episodes)) == {}
    assert largest_personas(without(episodes)) == {}


def test_a_groups_mean_is_of_its_users(episodes):
    users = [1, 2, 3, 4, 5]
    found = engagement_of(episodes, users, seed=0)
    want = episodes[episodes.user.isin(users)].groupby("policy").engagement.mean()
    assert {name: value.mean for name, value in found.items()} == pytest.approx(want.to_dict())
