"""The policies that run folders of ``driftrec train`` and ``train-baseline`` hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from driftrec.agents.catalogues.representations import TOLD
from driftrec.agents.encoders.true_state import Informed
from driftrec.agents.oracles.told import Logged
from driftrec.agents.policy import Policy
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.ppo_settings import PPOSettings
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.mmr import MMR, WEIGHT
from driftrec.agents.ranker.pace import Pace, PageNumbers, PageWeights
from driftrec.agents.rivals.page_search import paces
from driftrec.agents.rivals.topic_pages import TopicPages
from driftrec.agents.runs.checkpoint import Checkpoint, load_checkpoint, read_config
from driftrec.agents.runs.description import differences, settings
from driftrec.agents.setup import Setup, WorldArgs
from driftrec.agents.slateq.values import ClickValues, SlateQPolicy
from driftrec.agents.stock.sb3 import FlatObservations, StockPolicy
from driftrec.agents.stock.stock_training import STOCK
from driftrec.agents.worlds.kits import kit_of
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.envs.spaces import observation_space
from driftrec.simulators.settings import updated

ABOVE_RANKER = ("ppo", "pace", "prices", "value_steps", "validations", "validation_users")
"""Of ``TrainSettings``: what is trained on top of a ranker."""


def load_greedy(setup: Setup, run: str, farsighted: bool) -> Policy:
    """The run's ranker: the learned myopic policy, or with the engagement to come the one that PPO started from.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: If it was made for another world, catalogue, text encoder or slate size, or is of another kind.
    """
    checkpoint = open_run(setup, run, "ppo")
    return told_if_trained_so(Greedy(judge_of(setup, checkpoint, farsighted), setup.slate_size), setup, checkpoint)


def load_pages(setup: Setup, run: str) -> Policy:
    """What the run's PPO started from: its ranker's slates, by prices of pages where it has some; errors as above."""
    checkpoint = open_run(setup, run, "ppo")
    judge, size = judge_of(setup, checkpoint, farsighted=True), setup.slate_size
    pace = pace_of(setup, judge, checkpoint)
    joint = PPOSettings(**checkpoint.config["settings"]["ppo"]).iterative
    policy: Policy = Greedy(judge, size) if pace is None else TopicPages(judge, pace.loads, size, pace.weights, joint)
    return told_if_trained_so(policy, setup, checkpoint)


def load_mmr(setup: Setup, run: str, weight: float = WEIGHT) -> Policy:
    """The run's learned myopic ranker with diverse slates; errors as of ``load_greedy`` and ``MMR``."""
    checkpoint = open_run(setup, run, "ppo")
    return told_if_trained_so(
        MMR(judge_of(setup, checkpoint, farsighted=False), setup.context, weight), setup, checkpoint
    )


def load_ppo(setup: Setup, run: str, greedy: bool) -> Policy:
    """The slate policy that PPO trained; errors as of ``load_greedy``."""
    checkpoint = open_run(setup, run, "ppo")
    settings = PPOSettings(**checkpoint.config["settings"]["ppo"])
    judge = judge_of(setup, checkpoint, farsighted=True)
    stage = CandidateStage(judge, settings.candidates, setup.slate_size, pace_of(setup, judge, checkpoint))
    network = serving_network(stage, setup.slate_size, settings.temper, settings.iterative)
    checkpoint.load_into("ppo", network)
    return told_if_trained_so(SlatePolicy(stage, network, greedy), setup, checkpoint)


def pace_of(setup: Setup, judge: Judge, checkpoint: Checkpoint) -> Pace | None:
    """The prices of pages that PPO started from, if it did."""
    loads = paces(judge, kit_of(setup).loads(setup, judge), checkpoint.config["settings"].get("pace", False))
    if loads is None:
        return None
    numbers = PageNumbers(PageWeights())
    checkpoint.load_into("pace", numbers)
    return Pace(loads, numbers.weights())


def load_slateq(setup: Setup, run: str) -> Policy:
    """The policy that ``train_slateq`` left; errors as of ``load_greedy``."""
    checkpoint = open_run(setup, run, "slateq")
    judge = judge_of(setup, checkpoint, farsighted=False)
    network = ClickValues(judge, checkpoint.config["settings"]["slateq"]["unit"], seed=0)
    checkpoint.load_into("values", network)
    return SlateQPolicy(judge, network, setup.slate_size)


def load_stock(setup: Setup, run: str, kind: str) -> Policy:
    """The policy that ``train_stock`` left, ``kind`` being "sb3-ppo" or "sb3-sac"; errors as of ``load_greedy``."""
    checkpoint = open_run(setup, run, kind)
    settings = STOCK[kind](**checkpoint.config["settings"][kind])
    flat, actions = FlatObservations(setup.context), settings.actions(setup.context)
    network = settings.network(flat.space(observation_space(setup.world)), actions.space)
    network.set_training_mode(False)
    checkpoint.load_into("network", network)
    return StockPolicy(flat, actions, network.to(setup.device), settings.greedy)


def told_if_trained_so(policy: Policy, setup: Setup, checkpoint: Checkpoint) -> Policy:
    """The policy, told the truth if it was trained on it."""
    settings = checkpoint.config["settings"]
    if not settings.get("true_state"):
        knows = settings.get("told_encoder") or settings.get("representation") == TOLD
        return Logged(policy) if knows else policy  # marked: it knows hidden columns, or learned from hidden truth
    world: Any = kit_of(setup).revealed(setup).world
    return Informed(policy, world)


def other_world(here: WorldArgs, run: str) -> list[str]:
    """Notes on how the world that a run was trained in differs from the one ``here``; errors as of ``load_greedy``.

    Another fitted world in which agents know the run's own is no other: it stands for what the log leaves open.
    """
    there = WorldArgs(**read_config(run)["world"])
    if settings(here).get("known") == settings(there).get("world") is not None:
        here = replace(here, options=there.options)
    return [f"Note: {run} was trained with {difference}." for difference in differences(there, here)]


def nothing_learned(run: str) -> list[str]:
    """A note where the best policy of a training was that of its start; errors as of ``load_greedy``."""
    config = read_config(run)
    if config.get("steps", 1):  # earlier versions did not tell
        return []
    return [f"Note: {run} keeps the policy of before the first step, which none after it did better than."]


def ranker_of(setup: Setup, run: str, farsighted: bool = False) -> tuple[Judge, dict[str, Any]]:
    """The ranker of a run of ``driftrec train``; and what ``judge_of`` is told of it.

    Args:
        setup: World.
        run: Folder.
        farsighted: With the engagement to come.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: As of ``open_run``, or if the ranker was trained on the truth or with items withheld.
    """
    checkpoint = open_run(setup, run, "ppo")
    made = checkpoint.config.get("ranker", checkpoint.config)  # it may be another's
    settings = made["settings"]
    if settings.get("true_state"):
        raise ValueError(f"{run} was trained on the users' true state; take the ranker of a run that was not.")
    if settings.get("representation") == TOLD:
        raise ValueError(f"{run} was trained on the items' hidden latents; take the ranker of a run that was not.")
    if settings.get("told_encoder"):
        raise ValueError(f"{run} was trained to guess the users' true state; take the ranker of a run that was not.")
    if settings.get("withheld"):
        raise ValueError(f"{run} was trained with items withheld, which others would show; take another run's ranker.")
    told = {"settings": settings, "seed": made["seed"]}
    return judge_of(setup, checkpoint, farsighted), told


def on_ranker(settings: TrainSettings, usual: TrainSettings, run: str) -> TrainSettings:
    """Settings of a training that takes the ranker of ``run``: what made that is as it was there.

    Args:
        settings: As they are asked for.
        usual: Of the world.
        run: Folder of the other training.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: If something else is asked for than what made the ranker.
    """
    there = updated(usual, read_config(run)["settings"], "settings")
    of_ranker = [field.name for field in fields(settings) if field.name not in ABOVE_RANKER]
    for name in of_ranker:
        asked = getattr(settings, name)
        if asked not in (getattr(usual, name), getattr(there, name)):
            raise ValueError(
                f"--settings.{name.replace('_', '-')} is {asked}, and the ranker of {run} was made with "
                f"{getattr(there, name)}. Leave it out, or train without --ranker."
            )
    return replace(settings, **{name: getattr(there, name) for name in of_ranker})


def steps_behind(judge: Judge, settings: Mapping[str, Any]) -> int:
    """Environment steps that a ranker was fitted to, ``settings`` being those of its run."""
    fit = settings.get("fit") or settings["myopic"]  # as earlier versions called it
    rounds = fit["rounds"] + settings.get("refits", 0)
    return int(fit["lanes"] * (rounds * fit["log_steps"] + judge.ranker.pilot_steps))


def judge_of(setup: Setup, checkpoint: Checkpoint, farsighted: bool) -> Judge:
    """The ranker in ``checkpoint``, ready to serve; "ranker" in its configuration tells of it where it is another's."""
    made: Mapping[str, Any] = checkpoint.config.get("ranker", checkpoint.config)
    kit = kit_of(setup)
    setup = kit.revealed(setup) if made["settings"].get("true_state") else setup
    judge = kit.judge(setup, made["settings"], made["seed"], farsighted)
    checkpoint.load_into("ranker", judge.ranker)
    return judge


def open_run(setup: Setup, run: str, kind: str) -> Checkpoint:
    """The checkpoint of a run of ``kind``: "ppo" for ``driftrec train``, else one of ``driftrec train-baseline``.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: If it is of another kind, or was made for another world, catalogue, text encoder or slate size.
    """
    checkpoint = load_checkpoint(run, setup)
    found = checkpoint.config.get("kind", "ppo").removeprefix("published-")  # as earlier versions called some
    if found != kind:
        raise ValueError(f"{run} holds a run of kind {found}, not {kind}; policies of it are called {found}:{run}.")
    trained: Any = checkpoint.config["world"]["slate_size"]
    if trained != setup.slate_size:
        raise ValueError(f"{run} was trained for slates of {trained}, not {setup.slate_size}; use --slate-size.")
    return checkpoint
