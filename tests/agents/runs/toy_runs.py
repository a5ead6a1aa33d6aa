"""Trainings at toy size, one in every kind of world."""

from typing import Any

from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.runs.train import train
from driftrec.agents.setup import NEWS, WorldArgs
from driftrec.agents.worlds.kits import settings_of
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.settings import updated
from tests.agents.every_world import made

TOY: dict[str, Any] = {
    "fit": {"lanes": 16, "log_steps": 12, "rounds": 2, "epochs": 1, "batch_size": 64},
    "future": {"weights": [0], "users": 4},
    "ppo": {"total_steps": 512, "lanes": 16, "rollout": 8, "batch_size": 64, "candidates": 20, "epochs": 2},
    "value_steps": 0,
    "validations": 3,
    "validation_users": 8,
}
BUDGET = '{"time_budget": 20}'  # so that users leave
WORLDS = {
    "texts": WorldArgs(NEWS, horizon=12, slate_size=5, history=50),
    "evolution": WorldArgs("driftrec/RecSim-InterestEvolution-v0", horizon=10, config=BUDGET),
    "responses": WorldArgs("driftrec/RecSim-InterestExploration-v0", horizon=8, history=8),
    "blind": WorldArgs("driftrec/RecSim-LongTermSatisfaction-v0", horizon=8),
    "ideal": WorldArgs("driftrec/Sardine-SlateTopK-BoredInf-v0", horizon=6, slate_size=4),
    "partial": WorldArgs(
        "driftrec/Sardine-SlateTopK-Bored-v0", horizon=6, slate_size=4, options='{"observation": "partial"}'
    ),
    "single": WorldArgs("driftrec/Sardine-SingleItem-BoredInf-v0", horizon=6),
}
AHEAD = {"weights": [0, 1, 2], "users": 4}
MORE: dict[str, Any] = {  # elsewhere nothing is to come
    "texts": {"future": {**AHEAD, "lanes": 16, "log_steps": 20}, "refits": 1},
    "evolution": {"future": AHEAD, "value_steps": 200},
}
NEAR, FAR = ["myopic", "refitted"], ["myopic", "farsighted", "refitted"]
FITTED = {name: FAR if name in MORE else NEAR for name in WORLDS}
LOGGED, PILOT = 16 * 12, {"responses": 16 * 50}  # the average user is fitted to a pilot


def settings(name, **changes):
    return updated(settings_of(WORLDS[name].world), {**TOY, **MORE.get(name, {}), **changes})


def trained(name, folder, seed=5, **told):
    setup = made(WORLDS[name])
    return setup, train(setup, settings(name), seed=seed, folder=folder, **told)


def served(setup, policy, role="validation"):
    """Its engagement on the users that trainings are measured on."""
    return mean_engagement(setup.world, policy, user_seeds(5, role, 8), setup.horizon)
