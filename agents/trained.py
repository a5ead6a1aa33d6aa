"""The policies that a run folder of ``driftrec train`` holds: myopic, mmr, farsighted, ppo."""

from __future__ import annotations

from typing import Any

from driftrec.agents.candidates import CandidateStage
from driftrec.agents.checkpoint import Checkpoint, load_checkpoint
from driftrec.agents.greedy import Greedy
from driftrec.agents.judge import Judge
from driftrec.agents.mmr import MMR, WEIGHT
from driftrec.agents.ppo import PPOSettings
from driftrec.agents.ppo_policy import serving_network
from driftrec.agents.ranker import Ranker
from driftrec.agents.slate_policy import SlatePolicy
from driftrec.agents.world_setup import WorldSetup


def load_greedy(setup: WorldSetup, run: str, farsighted: bool) -> Greedy:
    """The run's ranker: the learned myopic policy, or with the minutes to come the one that PPO started from.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: If it was made for another catalogue, text encoder or slate size.
    """
    return Greedy(Judge(_ranker(setup, _checkpoint(setup, run)), farsighted))


def load_mmr(setup: WorldSetup, run: str, weight: float = WEIGHT) -> MMR:
    """The run's learned myopic ranker with diverse slates; errors as of ``load_greedy`` and ``MMR``."""
    return MMR(Judge(_ranker(setup, _checkpoint(setup, run)), farsighted=False), setup.context, weight)


def load_ppo(setup: WorldSetup, run: str, greedy: bool) -> SlatePolicy:
    """The slate policy that PPO trained; errors as of ``load_greedy``."""
    checkpoint = _checkpoint(setup, run)
    settings = PPOSettings(**checkpoint.config["settings"]["ppo"])
    stage = CandidateStage(_ranker(setup, checkpoint), settings.candidates)
    network = serving_network(stage, setup.args.slate_size, settings.temper)
    checkpoint.load_into("ppo", network)
    return SlatePolicy(stage, network, greedy)


def _checkpoint(setup: WorldSetup, run: str) -> Checkpoint:
    checkpoint = load_checkpoint(run, setup.setting)
    trained: Any = checkpoint.config["world"]["slate_size"]
    if trained != setup.args.slate_size:
        raise ValueError(f"{run} was trained for slates of {trained}, not {setup.args.slate_size}; use --slate-size.")
    return checkpoint


def _ranker(setup: WorldSetup, checkpoint: Checkpoint) -> Ranker:
    ranker = Ranker(setup.context, checkpoint.config["settings"]["representation"], checkpoint.config["seed"])
    checkpoint.load_into("ranker", ranker)
    return ranker
