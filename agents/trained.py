"""The policies that a run folder of ``driftrec train`` holds: myopic, mmr, farsighted, ppo."""

from __future__ import annotations

from typing import Any

from driftrec.agents.candidates import CandidateStage
from driftrec.agents.checkpoint import Checkpoint, load_checkpoint, read_config
from driftrec.agents.greedy import Greedy
from driftrec.agents.judge import Judge
from driftrec.agents.mmr import MMR, WEIGHT
from driftrec.agents.policy import Policy
from driftrec.agents.ppo import PPOSettings
from driftrec.agents.ppo_policy import serving_network
from driftrec.agents.ranker import Ranker
from driftrec.agents.slate_policy import SlatePolicy
from driftrec.agents.true_state import Informed
from driftrec.agents.world_setup import WorldArgs, WorldSetup
from driftrec.simulators.revealed import revealed


def load_greedy(setup: WorldSetup, run: str, farsighted: bool) -> Policy:
    """The run's ranker: the learned myopic policy, or with the minutes to come the one that PPO started from.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: If it was made for another catalogue, text encoder or slate size.
    """
    checkpoint = _checkpoint(setup, run)
    return _served(Greedy(Judge(_ranker(setup, checkpoint), farsighted)), setup, checkpoint)


def load_mmr(setup: WorldSetup, run: str, weight: float = WEIGHT) -> Policy:
    """The run's learned myopic ranker with diverse slates; errors as of ``load_greedy`` and ``MMR``."""
    checkpoint = _checkpoint(setup, run)
    judge = Judge(_ranker(setup, checkpoint), farsighted=False)
    return _served(MMR(judge, setup.context, weight), setup, checkpoint)


def load_ppo(setup: WorldSetup, run: str, greedy: bool) -> Policy:
    """The slate policy that PPO trained; errors as of ``load_greedy``."""
    checkpoint = _checkpoint(setup, run)
    settings = PPOSettings(**checkpoint.config["settings"]["ppo"])
    stage = CandidateStage(_ranker(setup, checkpoint), settings.candidates)
    network = serving_network(stage, setup.args.slate_size, settings.temper)
    checkpoint.load_into("ppo", network)
    return _served(SlatePolicy(stage, network, greedy), setup, checkpoint)


def _served(policy: Policy, setup: WorldSetup, checkpoint: Checkpoint) -> Policy:
    """The policy, told the truth if it was trained on it."""
    return Informed(policy, revealed(setup.world)) if checkpoint.config["settings"]["true_state"] else policy


def other_world(setup: WorldSetup, run: str) -> list[str]:
    """What is different in the world that a run was trained in, in words; errors as of ``load_greedy``."""
    trained = WorldArgs(**read_config(run)["world"]).kwargs()
    here = setup.args.kwargs()
    told = ("history", "horizon", "config")  # the catalogue is checked by its content, the slate's size by itself
    return [f"{name} {trained[name]}, not {here[name]} as here" for name in told if trained[name] != here[name]]


def _checkpoint(setup: WorldSetup, run: str) -> Checkpoint:
    checkpoint = load_checkpoint(run, setup.setting)
    trained: Any = checkpoint.config["world"]["slate_size"]
    if trained != setup.args.slate_size:
        raise ValueError(f"{run} was trained for slates of {trained}, not {setup.args.slate_size}; use --slate-size.")
    return checkpoint


def _ranker(setup: WorldSetup, checkpoint: Checkpoint) -> Ranker:
    setup = setup.revealed() if checkpoint.config["settings"]["true_state"] else setup
    ranker = Ranker(setup.context, checkpoint.config["settings"]["representation"], checkpoint.config["seed"])
    checkpoint.load_into("ranker", ranker)
    return ranker
