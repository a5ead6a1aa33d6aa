"""Training a slate policy with PPO, from warm start to checkpoint, and the policy that comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback

from driftrec.agents.candidates import CandidateStage, CandidateVecEnv
from driftrec.agents.checkpoint import FILE, load_checkpoint, save_checkpoint
from driftrec.agents.learned_myopic import LearnedMyopic, MyopicSettings, fit_myopic
from driftrec.agents.policy import Context, Observation, Slates
from driftrec.agents.ppo_policy import SlateActorCritic
from driftrec.agents.ranker import Ranker
from driftrec.agents.setting import Setting
from driftrec.agents.state_encoder import as_tensors
from driftrec.agents.tables import Representation
from driftrec.agents.world_setup import WorldSetup
from driftrec.envs.sb3_bridge import SB3VecEnv
from driftrec.simulators.noise import user_seeds

CURVE_FILE = "curve.csv"


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
        entropy: Weight of the entropy bonus, per nat.
        candidates: Items that the candidate stage keeps a request.
        temper: Weight of the ranker's log score in the logits at the start.
    """

    total_steps: int = 600_000
    lanes: int = 512
    rollout: int = 32
    batch_size: int = 2048
    epochs: int = 3
    learning_rate: float = 1e-3
    gamma: float = 0.98
    gae_lambda: float = 0.95
    clip: float = 0.2
    entropy: float = 0.002
    candidates: int = 48
    temper: float = 3.0


@dataclass(frozen=True)
class TrainSettings:
    """All that decides what comes out of a training run, beside the world and the seed."""

    representation: Representation = "text"
    myopic: MyopicSettings = field(default_factory=MyopicSettings)
    ppo: PPOSettings = field(default_factory=PPOSettings)


class PPOPolicy:
    """A trained slate policy.

    Args:
        ranker: Of the candidate stage.
        network: The actor.
        num_items: Items in the catalogue.
        candidates: Items kept a request.
        greedy: Most likely slates; False draws them.
    """

    def __init__(
        self, ranker: Ranker, network: SlateActorCritic, num_items: int, candidates: int, greedy: bool
    ) -> None:
        self.stage = CandidateStage(ranker, num_items, candidates)
        self.network = network
        self.greedy = greedy
        self._generator_seed = 0
        self._steps = 0

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; draws come from ``seed``."""
        self._generator_seed = seed
        self._steps = 0

    def act(self, observation: Observation) -> Slates:
        """Slates picked item by item, (users, slate_size)."""
        seen = self.stage(observation)
        with torch.inference_mode(), torch.random.fork_rng(devices=[]):
            torch.manual_seed((self._generator_seed * 1_000_003 + self._steps) % 2**63)
            picks = self.network._predict(as_tensors(seen), self.greedy).numpy()
        self._steps += 1
        return np.take_along_axis(seen["candidates"], picks, axis=1).astype(np.int64)


class _Curve(BaseCallback):
    """Writes down mean episode engagement over environment steps and seconds."""

    def __init__(self, report: Callable[[int, float], None]) -> None:
        super().__init__()
        self.rows: list[dict[str, float]] = []
        self.report = report
        self._start = time.perf_counter()

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        finished = [episode["r"] for episode in self.model.ep_info_buffer or []]
        mean = float(np.mean(finished)) if finished else float("nan")
        seconds = time.perf_counter() - self._start
        self.rows.append({"env_steps": self.num_timesteps, "seconds": seconds, "mean_episode_engagement": mean})
        self.report(self.num_timesteps, mean)


def train(
    setup: WorldSetup,
    settings: TrainSettings,
    *,
    seed: int,
    folder: Path,
    report: Callable[[str], None] = lambda line: None,
    progress: Callable[[int, float], None] = lambda steps, engagement: None,
) -> Path:
    """Fit the myopic ranker, train PPO on top of it, write checkpoint and training curve.

    An interrupt (Ctrl-C) while PPO trains ends training early; what was learned is saved all the same.

    Args:
        setup: World and embeddings.
        settings: How.
        seed: Source of all randomness.
        folder: Where ``checkpoint.safetensors`` and ``curve.csv`` go.
        report: Called with lines about the warm start.
        progress: Called after every rollout with steps taken and mean episode engagement.

    Returns:
        Path of the checkpoint.

    Raises:
        KeyboardInterrupt: Again after saving, if training was interrupted.
    """
    context = setup.context
    ranker = fit_myopic(
        context,
        setup.envs(settings.myopic.lanes),
        seed=seed,
        representation=settings.representation,
        settings=settings.myopic,
        report=report,
    )
    model = build_ppo(setup, ranker, settings.ppo, seed)
    curve = _Curve(progress)
    try:
        model.learn(settings.ppo.total_steps, callback=curve)
    finally:
        config = {
            "world": asdict(setup.args),
            "settings": asdict(settings),
            "seed": seed,
            "steps": model.num_timesteps,
        }
        save_checkpoint(folder / FILE, {"ranker": ranker, "ppo": model.policy}, config, setup.setting)
        pd.DataFrame(curve.rows).assign(training_seed=seed).to_csv(folder / CURVE_FILE, index=False)
    return folder / FILE


def build_ppo(setup: WorldSetup, ranker: Ranker, settings: PPOSettings, seed: int) -> PPO:
    """stable-baselines3's PPO on the world's environments behind the candidate stage."""
    bridge = SB3VecEnv(setup.envs(settings.lanes))
    venv = CandidateVecEnv(bridge, CandidateStage(ranker, setup.context.num_items, settings.candidates))
    model = PPO(
        SlateActorCritic,
        venv,
        n_steps=settings.rollout,
        batch_size=settings.batch_size,
        n_epochs=settings.epochs,
        learning_rate=lambda left: settings.learning_rate * left,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        clip_range=settings.clip,
        ent_coef=settings.entropy,
        policy_kwargs={"ranker": ranker, "temper": settings.temper},
        seed=seed,
        device="cpu",
    )
    bridge.set_seeds(user_seeds(seed, "training", settings.lanes).tolist())  # after PPO's own seeding, which uses s + i
    return model


def load_myopic(context: Context, setting: Setting, run: str) -> LearnedMyopic:
    """The learned myopic ranker of a run folder; errors as of ``load_checkpoint``."""
    checkpoint = load_checkpoint(run, setting)
    ranker = Ranker(context, checkpoint.config["settings"]["representation"], checkpoint.config["seed"])
    checkpoint.load_into("ranker", ranker)
    return LearnedMyopic(context, ranker)


def load_ppo(setup: WorldSetup, run: str, greedy: bool) -> PPOPolicy:
    """The PPO policy of a run folder or checkpoint file; errors as of ``load_checkpoint``.

    Raises:
        ValueError: Also if it was trained for another slate size.
    """
    checkpoint = load_checkpoint(run, setup.setting)
    stored: dict[str, Any] = checkpoint.config["settings"]
    trained = checkpoint.config["world"]["slate_size"]
    if trained != setup.args.slate_size:
        raise ValueError(f"{run} was trained for slates of {trained}, not {setup.args.slate_size}; use --slate-size.")
    settings = PPOSettings(**stored["ppo"])
    ranker = Ranker(setup.context, stored["representation"], checkpoint.config["seed"])
    checkpoint.load_into("ranker", ranker)
    stage = CandidateStage(ranker, setup.context.num_items, settings.candidates)
    network = SlateActorCritic(*_spaces(setup, stage), lambda left: 0.0, ranker=ranker, temper=settings.temper)
    checkpoint.load_into("ppo", network)
    network.set_training_mode(False)
    return PPOPolicy(ranker, network, setup.context.num_items, settings.candidates, greedy)


def _spaces(setup: WorldSetup, stage: CandidateStage) -> tuple[Any, Any]:
    """Observation and action space behind the candidate stage."""
    venv = CandidateVecEnv(SB3VecEnv(setup.envs(1)), stage)
    return venv.observation_space, venv.action_space
