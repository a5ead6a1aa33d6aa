"""The policies that a run folder of ``driftrec train`` holds: myopic, mmr, farsighted, ppo."""

from __future__ import annotations

from typing import Any

from driftrec.agents.baselines.mmr import MMR, WEIGHT
from driftrec.agents.policy import Policy
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.settings import PPOSettings
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.agents.ranker.true_state import Informed
from driftrec.agents.runs.checkpoint import Checkpoint, load_checkpoint, read_config
from driftrec.agents.setup import WorldArgs, WorldSetup
from driftrec.agents.worlds.description import differences
from driftrec.simulators.revealed import revealed


def load_greedy(setup: WorldSetup, run: str, farsighted: bool) -> Policy:
    """The run's ranker: the learned myopic policy, or with the minutes to come the one that PPO started from.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: If it was made for another catalogue, text encoder or slate size.
    """
    checkpoint = open_run(setup, run, "ppo")
    return _served(Greedy(Judge(ranker_of(setup, checkpoint), farsighted)), setup, checkpoint)


def load_mmr(setup: WorldSetup, run: str, weight: float = WEIGHT) -> Policy:
    """The run's learned myopic ranker with diverse slates; errors as of ``load_greedy`` and ``MMR``."""
    checkpoint = open_run(setup, run, "ppo")
    judge = Judge(ranker_of(setup, checkpoint), farsighted=False)
    return _served(MMR(judge, setup.context, weight), setup, checkpoint)


def load_ppo(setup: WorldSetup, run: str, greedy: bool) -> Policy:
    """The slate policy that PPO trained; errors as of ``load_greedy``."""
    checkpoint = open_run(setup, run, "ppo")
    settings = PPOSettings(**checkpoint.config["settings"]["ppo"])
    stage = CandidateStage(ranker_of(setup, checkpoint), settings.candidates)
    network = serving_network(stage, setup.slate_size, settings.temper)
    checkpoint.load_into("ppo", network)
    return _served(SlatePolicy(stage, network, greedy), setup, checkpoint)


def _served(policy: Policy, setup: WorldSetup, checkpoint: Checkpoint) -> Policy:
    """The policy, told the truth if it was trained on it."""
    return Informed(policy, revealed(setup.world)) if checkpoint.config["settings"].get("true_state") else policy


def other_world(here: WorldArgs, run: str) -> list[str]:
    """Notes on how the world that a run was trained in differs from the one ``here``; errors as of ``load_greedy``."""
    there = WorldArgs(**read_config(run)["world"])
    return [f"Note: {run} was trained with {difference}." for difference in differences(there, here)]


def load_ranker(setup: WorldSetup, run: str) -> tuple[Ranker, dict[str, Any]]:
    """The ranker of a run of ``driftrec train``, and the settings that ``ranker_of`` makes one like it from.

    Errors as of ``load_greedy``.
    """
    checkpoint = open_run(setup, run, "ppo")
    if checkpoint.config["settings"].get("true_state"):
        raise ValueError(f"{run} was trained on the users' true state; take the ranker of a run that was not.")
    if checkpoint.config["settings"].get("withheld"):
        raise ValueError(f"{run} was trained with items withheld, which SlateQ would show; take another run's ranker.")
    told = {"representation": checkpoint.config["settings"]["representation"], "ranker_seed": checkpoint.config["seed"]}
    return ranker_of(setup, checkpoint), told


def ranker_of(setup: WorldSetup, checkpoint: Checkpoint) -> Ranker:
    """The ranker in ``checkpoint``; "ranker_seed" among its settings says where it is not the run's own."""
    settings = checkpoint.config["settings"]
    setup = setup.revealed() if settings.get("true_state") else setup
    seed = settings.get("ranker_seed", checkpoint.config["seed"])
    ranker = Ranker(setup.context, settings["representation"], seed)
    checkpoint.load_into("ranker", ranker)
    return ranker


def open_run(setup: WorldSetup, run: str, kind: str) -> Checkpoint:
    """The checkpoint of a run of ``kind``: "ppo" for ``driftrec train``, else one of ``driftrec train-baseline``.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: If it is of another kind, or was made for another catalogue, text encoder or slate size.
    """
    checkpoint = load_checkpoint(run, setup.setting)
    found = checkpoint.config.get("kind", "ppo")
    if found != kind:
        raise ValueError(f"{run} holds a run of kind {found}, not {kind}; policies of it are called {found}:{run}.")
    trained: Any = checkpoint.config["world"]["slate_size"]
    if trained != setup.slate_size:
        raise ValueError(f"{run} was trained for slates of {trained}, not {setup.slate_size}; use --slate-size.")
    return checkpoint
