"""stable-baselines3's PPO over the candidate stage: settings and construction."""

from __future__ import annotations

from dataclasses import dataclass

from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecNormalize

from driftrec.agents.ppo.actor_critic import SlateActorCritic
from driftrec.agents.ppo.candidates import CandidateStage, CandidateVecEnv
from driftrec.envs.sb3_bridge import SB3VecEnv
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class PPOSettings:
    """How PPO trains.

    Attributes:
        total_steps: Environment steps, rounded up to whole rollouts.
        lanes: Users served side by side.
        rollout: Steps a lane between updates.
        batch_size: Steps a gradient.
        epochs: Passes over a rollout.
        learning_rate: Adam's step size at the start; falls linearly to 0.
        gamma: Discount a step.
        gae_lambda: Of generalised advantage estimation.
        clip: PPO's clip range of the probability ratio.
        target_kl: Divergence in nats a slate; a rollout is not used further once it exceeds 1.5 times this.
        entropy: Weight of the entropy bonus, per nat.
        candidates: Items that the candidate stage keeps a request; at least the slate's size.
        temper: Weight of the candidates' log score in the logits at the start.
        bootstrap: Let values stand for what would come after an episode that the horizon cuts short. Without it nothing
            counts that a measurement does not see, and discounts may be 1; with it PPO invests beyond the horizon.
        iterative: Let every pick of a slate move with those before it; False scores items one by one and shows the
            top of them, to compare with.
    """

    total_steps: int = 250_000
    lanes: int = 512
    rollout: int = 16
    batch_size: int = 2048
    epochs: int = 3
    learning_rate: float = 3e-3
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip: float = 0.2
    target_kl: float = 0.05
    entropy: float = 0.002
    candidates: int = 96
    temper: float = 5.0
    bootstrap: bool = True
    iterative: bool = True

    def __post_init__(self) -> None:
        check_ranges(
            self, total_steps=(1, 1e12), lanes=(1, 1e6), rollout=(1, 1e6), batch_size=(2, 1e9), epochs=(1, 1e3)
        )
        check_ranges(self, learning_rate=(0, 10), gamma=(0, 1), gae_lambda=(0, 1), clip=(1e-6, 10), entropy=(0, 10))
        check_ranges(self, target_kl=(1e-9, 1e9))
        check_ranges(self, candidates=(1, 1e6), temper=(0, 1e3))
        if self.lanes * self.rollout < 2:
            raise ValueError("PPOSettings.lanes and rollout are 1; an update needs at least 2 steps. Raise either.")


def build_ppo(envs: RecommendationVectorEnv, stage: CandidateStage, settings: PPOSettings, seed: int) -> PPO:
    """PPO on environments behind a candidate stage.

    Args:
        envs: ``settings.lanes`` lanes, autoreset "SameStep".
        stage: Chooses the candidates.
        settings: How.
        seed: Source of users, weights and draws.
    """
    bridge = SB3VecEnv(envs)
    venv = CandidateVecEnv(bridge, stage, settings.bootstrap)
    model = PPO(
        SlateActorCritic,
        # Engagement to come runs into hundreds; unscaled, the value's error drowns the policy's gradient.
        VecNormalize(venv, norm_obs=False, norm_reward=True, gamma=settings.gamma),
        n_steps=settings.rollout,
        batch_size=settings.batch_size,
        n_epochs=settings.epochs,
        # Below 0 in a last rollout that goes beyond total_steps, it would climb the loss.
        learning_rate=lambda left: settings.learning_rate * max(left, 0.0),
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        clip_range=settings.clip,
        target_kl=settings.target_kl,
        ent_coef=settings.entropy,
        policy_kwargs={
            "items": stage.columns,
            "topic_shape": stage.topic_shape,
            "temper": settings.temper,
            "prices": stage.prices,
            "iterative": settings.iterative,
        },
        seed=seed,
        device=stage.judge.device,
    )
    model.set_logger(Logger(folder=None, output_formats=[]))  # kept from one call of learn to the next
    bridge.set_seeds(user_seeds(seed, "training", settings.lanes).tolist())  # after PPO's own seeding, which uses s + i
    return model
