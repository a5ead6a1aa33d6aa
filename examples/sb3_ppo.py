"""stable-baselines3's PPO on text embeddings: from what was read to a direction among items, by one matrix."""

from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecNormalize

from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.stock.sb3 import FlatObservations, NearestItems, StockVecEnv
from driftrec.envs.sb3_bridge import SB3VecEnv
from driftrec.simulators.noise import user_seeds


def main(file: str = "ppo.zip", steps: int = 1_000_000, lanes: int = 256, catalogue: str | None = None) -> str:
    setup = set_up(WorldArgs(catalogue=catalogue))  # reads the texts once; what comes of it is cached
    bridge = SB3VecEnv(setup.envs(lanes))
    venv = StockVecEnv(bridge, FlatObservations(setup.context), NearestItems(setup.context))
    model = PPO(
        "MlpPolicy",
        VecNormalize(venv, norm_obs=False, gamma=0.0),
        n_steps=32,
        batch_size=8 * lanes,
        n_epochs=4,
        gamma=0.0,  # the next step alone, which a million steps suffice for
        learning_rate=1e-3,
        policy_kwargs={"net_arch": {"pi": [], "vf": [64]}, "log_std_init": -1.0},
        seed=0,
        device="cpu",
    )
    bridge.set_seeds(user_seeds(0, "training", lanes).tolist())  # after the model's own seeding, which uses seed + lane
    model.learn(steps).save(file)
    return f"driftrec compare --policies random sb3:PPO:{file} --baseline random"


if __name__ == "__main__":
    print(main())
