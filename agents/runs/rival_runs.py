"""Training rivals of PPO, on the ranker of a run, to run folders; and loading them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from torch import nn

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import Progress
from driftrec.agents.policy import Policy
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.loads import Loads
from driftrec.agents.ranker.pace import PageNumbers, PageWeights
from driftrec.agents.rivals.imitation import Imitation
from driftrec.agents.rivals.opening_values import OpeningValues, Reader, ValuedSlates
from driftrec.agents.rivals.page_search import PageSearch
from driftrec.agents.rivals.rival_settings import ImitationSettings, RivalSettings
from driftrec.agents.rivals.topic_pages import PRICE, MyopicJoint, TopicPages
from driftrec.agents.rivals.value_iteration import ValueIteration
from driftrec.agents.runs.load import judge_of, open_run, ranker_of, steps_behind, told_if_trained_so
from driftrec.agents.runs.train import save
from driftrec.agents.setup import Setup
from driftrec.agents.snapshots.snapshot_folder import SnapshotFolder
from driftrec.agents.snapshots.snapshots import NOTHING_KEPT
from driftrec.agents.snapshots.training_snapshots import TrainingSnapshots
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import kit_of
from driftrec.simulators.noise import user_seeds


class RivalTraining(Protocol):
    """A training of a rival."""

    @property
    def best_at(self) -> int:
        """Environment steps of its own after which the best was found."""
        ...

    @property
    def network(self) -> nn.Module:
        """The best so far."""
        ...

    def run(self) -> None:
        """Train."""
        ...


def train_rival(
    setup: Setup,
    kind: str,
    settings: RivalSettings,
    *,
    ranker_run: Path,
    seed: int,
    folder: Path,
    progress: Progress = lambda steps, engagement: None,
    kept_in: SnapshotFolder | None = None,
) -> None:
    """Train a rival; ``checkpoint.safetensors`` and ``curve.csv`` go to ``folder``, also where Ctrl-C ends it early.

    Args:
        setup: World.
        kind: A key of ``TRAININGS``.
        settings: How, of the kind's own.
        ranker_run: Run folder of ``driftrec train``, whose ranker it looks through.
        seed: Source of all randomness.
        folder: Where to write.
        progress: Called after every measurement.
        kept_in: Takes every round that is finished; called again, training goes on from there, to the same weights.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If it was made in another world, its ranker is not for everybody, see ``ranker_of``, or the world
            lacks what the kind needs: topics, or a planner.
    """
    judge, ranker = ranker_of(setup, str(ranker_run), farsighted=kind not in NEAR)
    curve = Curve(setup.world, user_seeds(seed, "validation", settings.validation_users), setup.horizon)
    curve.env_steps = steps_behind(judge, ranker["settings"])
    snapshots = NOTHING_KEPT if kept_in is None else TrainingSnapshots(kept_in, curve)
    told: Any = {"seed": seed, "curve": curve, "progress": progress, "snapshots": snapshots}
    training = TRAININGS[kind](setup, judge, kind, settings, **told)
    try:
        training.run()
    finally:
        if curve.rows:
            modules = {"ranker": judge.ranker, "rival": training.network}
            config = {"kind": kind, "settings": asdict(settings), "ranker": ranker, "seed": seed}
            save(setup, training.best_at, curve, modules, folder, config)


NEAR = ("q1", "q2")
"""Kinds that find out by themselves what is to come."""


def _pages(setup: Setup, judge: Judge, kind: str, settings: Any, **others: Any) -> PageSearch:
    return PageSearch(setup, judge, topics_of(setup, judge), kind, settings, **others)


def _values(setup: Setup, judge: Judge, kind: str, settings: Any, **others: Any) -> ValueIteration:
    return ValueIteration(setup, Reader(judge, topics_of(setup, judge)), kind, settings, **others)


def _imitation(setup: Setup, judge: Judge, kind: str, settings: ImitationSettings, **others: Any) -> Imitation:
    planner: Any = kit_of(setup).planner(setup, Effort(), lambda line: None)
    stage = CandidateStage(judge, settings.candidates, setup.slate_size)
    return Imitation(setup, planner, stage, settings, **others)


TRAININGS: Mapping[str, Callable[..., RivalTraining]] = {
    "diverse": _pages,
    "paced": _pages,
    "q1": _values,
    "q2": _values,
    "imitation": _imitation,
}
"""By kind."""


def load_rival(setup: Setup, run: str, kind: str) -> Policy:
    """The policy that ``train_rival`` left; errors as of ``driftrec.agents.runs.load.load_greedy``."""
    checkpoint = open_run(setup, run, kind)
    judge = judge_of(setup, checkpoint, farsighted=kind not in NEAR)
    network, serving = _unfilled(setup, judge, kind, checkpoint.config["settings"])
    checkpoint.load_into("rival", network)
    return serving()


def _unfilled(
    setup: Setup, judge: Judge, kind: str, settings: Mapping[str, Any]
) -> tuple[nn.Module, Callable[[], Policy]]:
    """The network of a kind, and what makes a policy of it once it is filled."""
    size = setup.slate_size
    if kind == "imitation":
        stage = CandidateStage(judge, settings["candidates"], size)
        network = serving_network(stage, size, settings["temper"])
        return network, lambda: SlatePolicy(stage, network, greedy=True)
    loads = topics_of(setup, judge)
    if kind in NEAR:
        reader = Reader(judge, loads)
        values = OpeningValues(reader.width)
        return values, lambda: ValuedSlates(reader, values, size)
    numbers = PageNumbers(PageWeights())
    return numbers, lambda: TopicPages(judge, loads, size, numbers.weights())


def load_myopic_joint(setup: Setup, run: str, price: float = PRICE) -> Policy:
    """The ranker of a run, each item of a page knowing those above it; errors as of ``load_greedy`` and its class."""
    checkpoint = open_run(setup, run, "ppo")
    judge = judge_of(setup, checkpoint, farsighted=True)
    return told_if_trained_so(MyopicJoint(judge, topics_of(setup, judge), setup.slate_size, price), setup, checkpoint)


def topics_of(setup: Setup, judge: Judge) -> Loads:
    """What is known of topics in a world.

    Raises:
        ValueError: If its items have none that are known beforehand.
    """
    loads = kit_of(setup).loads(setup, judge)
    if loads is None:
        raise ValueError(
            f"{setup.args.world} has no topics known beforehand, which myopic-joint, diverse, paced, q1 and q2 look "
            "at. Compare with slateq or farsighted there."
        )
    return loads
