import numpy as np
import pandas as pd
import pytest

from driftrec.agents.evaluation.summary import Results, summarise

USERS, ITEMS, STEPS = 30, 40, 25
POLICIES = {"random": (1.0, None), "content": (1.5, None), "ppo": (2.2, 3), "planner": (3.0, None)}
"""Level of engagement and number of training seeds, None where nothing is trained."""

STAY = {"random": 0.2, "content": 0.35, "ppo": 0.5, "planner": 0.8}
"""Share of the users left after the last step."""

RUNS = [
    (name, level, seed) for name, (level, seeds) in POLICIES.items() for seed in (range(seeds) if seeds else [None])
]
USER_SEEDS = np.arange(USERS, dtype=np.uint64) + np.uint64(2**63)


def rows_of_policy(name, level, training_seed):
    """Users' episodes with noise that is the same under every policy."""
    noise = np.random.default_rng(0).lognormal(sigma=0.2, size=USERS)
    return pd.DataFrame(
        {
            "policy": name,
            "training_seed": pd.array([training_seed] * USERS, dtype="Int64"),
            "user": np.arange(USERS),
            "user_seed": USER_SEEDS,
            "engagement": 100 * level * noise * (1 + 0.05 * (training_seed or 0)),
            "steps": STEPS,
            "sessions": 3 + np.arange(USERS) % 3,
            "session_engagement": 20.0 * noise,
            "clicks": 10,
            "impressions": 5 * STEPS,
            "click_rate": 0.4,
            "churn": (np.arange(USERS) % 4 == 0).astype(int),
            "slate_diversity": 0.5 + 0.1 * noise,
            "interest_drift": 0.1 * noise,
            "persona": pd.array(np.arange(USERS) % 7, dtype="Int64"),
            "persona_distance": 0.1 * (np.arange(USERS) % 7),
        }
    )


def steps_of_policy(name, level, training_seed):
    mean = level * np.linspace(1.0, 0.6, STEPS)
    return pd.DataFrame(
        {
            "policy": name,
            "training_seed": pd.array([training_seed] * STEPS, dtype="Int64"),
            "step": np.arange(STEPS),
            "engagement": mean,
            "engagement_low": mean - 0.1,
            "engagement_high": mean + 0.1,
            "alive": np.linspace(1.0, STAY[name], STEPS),
        }
    )


@pytest.fixture
def episodes():
    return pd.concat([rows_of_policy(*run) for run in RUNS], ignore_index=True)


@pytest.fixture
def steps():
    return pd.concat([steps_of_policy(*run) for run in RUNS], ignore_index=True)


@pytest.fixture
def journeys():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        [
            {
                "policy": policy,
                "step": step,
                "topic": f"topic {topic}",
                "interest": rng.uniform(-1, 1),
                "session": 1 + step // 6,
                "hours": step * 0.1 + 20.0 * (step // 6),
            }
            for policy in ("content", "ppo")
            for step in range(STEPS)
            for topic in range(8)
        ]
    )


@pytest.fixture
def shown():
    rng = np.random.default_rng(2)
    return {name: rng.random((seeds or 1, USERS, ITEMS)) < 0.05 for name, (_, seeds) in POLICIES.items()}


@pytest.fixture
def summary(episodes, shown):
    return summarise(
        episodes, shown, world="test world", unit="minutes", baseline="content", seed=11, oracles=["planner"]
    )


@pytest.fixture
def results(episodes, steps, journeys, summary):
    return Results(episodes, steps, journeys, summary)
