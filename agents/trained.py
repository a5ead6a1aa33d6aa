"""The policies that a run folder of ``driftrec train`` holds: myopic, farsighted, ppo."""

from __future__ import annotations

from typing import Any

from driftrec.agents.candidates import CandidateStage
from driftrec.agents.checkpoint import Checkpoint, load_checkpoint
from driftrec.agents.greedy import Greedy
from driftrec.agents.judge import Judge
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
    return Greedy(Judge(load_ranker(setup, run)[0], farsighted))


def load_ppo(setup: WorldSetup, run: str, greedy: bool) -> SlatePolicy:
    """The slate policy that PPO trained; errors as of ``load_greedy``."""
    checkpoint = open_run(setup, run, "ppo")
    settings = PPOSettings(**checkpoint.config["settings"]["ppo"])
    stage = CandidateStage(ranker_of(setup, checkpoint), settings.candidates)
    network = serving_network(stage, setup.args.slate_size, settings.temper)
    checkpoint.load_into("ppo", network)
    return SlatePolicy(stage, network, greedy)


def load_ranker(setup: WorldSetup, run: str) -> tuple[Ranker, dict[str, Any]]:
    """The ranker of a run of ``driftrec train``, and the settings that ``ranker_of`` makes one like it from.

    Errors as of ``load_greedy``.
    """
    checkpoint = open_run(setup, run, "ppo")
    told = {"representation": checkpoint.config["settings"]["representation"], "ranker_seed": checkpoint.config["seed"]}
    return ranker_of(setup, checkpoint), told


def ranker_of(setup: WorldSetup, checkpoint: Checkpoint) -> Ranker:
    """The ranker in ``checkpoint``; "ranker_seed" among its settings says where it is not the run's own."""
    settings = checkpoint.config["settings"]
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
    if trained != setup.args.slate_size:
        raise ValueError(f"{run} was trained for slates of {trained}, not {setup.args.slate_size}; use --slate-size.")
    return checkpoint
