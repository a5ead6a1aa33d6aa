"""Training our policy to a run folder: fit the ranker, then PPO on top of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from driftrec.agents.evaluation.curves import CURVE_FILE, Curve, Record, not_recorded
from driftrec.agents.evaluation.keep_best import Progress, check_measurements, naming_divergence
from driftrec.agents.evaluation.tables import write_table
from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.learner import PPOLearner
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.warm_start import warm_start
from driftrec.agents.rivals.page_search import PageSearch, paces
from driftrec.agents.runs.checkpoint import FILE, save_checkpoint
from driftrec.agents.runs.folders import rescue, versions
from driftrec.agents.runs.load import ranker_of
from driftrec.agents.runs.resume import fingerprint
from driftrec.agents.runs.user_log import logged_slates
from driftrec.agents.setup import Setup
from driftrec.agents.snapshots.snapshot_folder import SnapshotFolder
from driftrec.agents.snapshots.snapshots import Snapshots
from driftrec.agents.snapshots.training_snapshots import EVERY, TrainingSnapshots
from driftrec.agents.worlds.kits import kit_of
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.noise import user_seeds

KIND = "ppo"


def train(
    setup: Setup,
    settings: TrainSettings,
    *,
    seed: int,
    folder: Path,
    report: Callable[[str], None] = lambda line: None,
    progress: Progress = lambda steps, engagement: None,
    snapshot_every: int = EVERY,
    record: Record = not_recorded,
    first: LoggedLives | None = None,
    ranker: Path | None = None,
) -> Path:
    """Fit the ranker, learn the engagement to come, train PPO, write checkpoint and training curve.

    An interrupt (Ctrl-C) while PPO trains ends training early; the best policy so far is saved all the same. Finished
    stages and snapshots of PPO lie in ``folder/progress`` until the end: called again, training goes on from there, to
    the same weights as without an interruption.

    Args:
        setup: World.
        settings: How, of the kind that the world's kit has.
        seed: Source of all randomness.
        folder: Where ``checkpoint.safetensors`` and ``curve.csv`` go.
        report: Called with lines about the warm start.
        progress: Called after every rollout with steps taken and the last measurement, engagement an episode.
        snapshot_every: Environment steps of PPO between two snapshots, at least.
        record: Takes every measurement, and what every update of PPO says, at the environment steps taken by then.
        first: A log of the world's items, which the ranker is fitted to first in place of random slates.
        ranker: Run folder of another training, whose ranker is taken as it is; ``settings`` are as ``on_ranker`` says.

    Returns:
        Path of the checkpoint.

    Raises:
        KeyboardInterrupt: Again after saving, if training was interrupted.
        ValueError: If there are fewer candidates than positions in a slate, or no room for the measurements; or if
            what lies in ``folder/progress`` is spoilt or of another run; and as of ``ranker_of``.
    """
    told: dict[str, Any] = {"kind": KIND, "settings": asdict(settings), "seed": seed}
    if first is not None:
        told["warm_start_log"] = first.file
    of = {"world": asdict(setup.args), **told, "fingerprints": setup.fingerprints(), "versions": versions()}
    if ranker is not None:
        of["ranker"] = fingerprint(str(ranker))
    ppo = settings.ppo
    check_measurements(settings.validations, ppo.total_steps, ppo.lanes * ppo.rollout)
    kit = kit_of(setup)
    setup = kit.trained_in(setup, settings, seed)
    judge = kit.judge(setup, asdict(settings), seed)
    if ranker is not None:
        judge, told["ranker"] = ranker_of(setup, str(ranker), farsighted=True)
    CandidateStage(judge, ppo.candidates, setup.slate_size)  # too few are no news after an hour
    curve = Curve(setup.world, user_seeds(seed, "validation", settings.validation_users), setup.horizon, record)
    kept_in = SnapshotFolder(folder, of, report)
    snapshots = TrainingSnapshots(kept_in, curve, snapshot_every, report)
    kept: Any = {"seed": seed, "report": report, "curve": curve, "snapshots": snapshots}
    if ranker is None:
        _fit(setup, judge, settings, first, **kept)
    search = _search(setup, judge, settings, **kept)
    if search is not None:
        curve.meet(user_seeds(seed, "validation after prices", settings.validation_users))
    more: Any = {"seed": seed, "curve": curve, "snapshots": snapshots, "progress": progress, "record": record}
    learner = _learner(setup, judge, settings, search, **more)
    try:
        learner.run()
    finally:
        modules: dict[str, nn.Module] = {"ranker": judge.ranker, "ppo": learner.policy.network}
        if search is not None:
            modules["pace"] = search.network
        save(setup, learner.keeper.best_at, curve, modules, folder, told)
    kept_in.finish()
    return folder / FILE


def _fit(
    setup: Setup,
    judge: Judge,
    settings: TrainSettings,
    first: LoggedLives | None,
    *,
    seed: int,
    curve: Curve,
    report: Callable[[str], None],
    snapshots: Snapshots,
) -> None:
    """Fit the judge's ranker and what is to come; one stage with those of the warm start in it."""
    told: Any = {"seed": seed, "report": report, "curve": curve, "snapshots": snapshots}
    logged = None if first is None else partial(logged_slates, setup, first)
    fitting = partial(warm_start, setup, kit_of(setup).future, judge, settings, **told, first=logged)
    with naming_divergence("The ranker", "FitSettings.learning_rate", settings.fit.learning_rate):
        snapshots.stage("ranker", judge.ranker, fitting)


def _search(
    setup: Setup,
    judge: Judge,
    settings: TrainSettings,
    *,
    seed: int,
    curve: Curve,
    report: Callable[[str], None],
    snapshots: Snapshots,
) -> PageSearch | None:
    """Find the prices that PPO starts from; None where it has none."""
    kit = kit_of(setup)
    loads = paces(judge, kit.loads(setup, judge), settings.pace)
    if loads is None:
        return None

    def progress(steps: int, engagement: float) -> None:
        report(f"Prices of pages, {steps:,} steps: {engagement:.2f} {setup.world.unit} an episode")

    told: Any = {"seed": seed, "curve": curve, "progress": progress, "snapshots": snapshots}
    told["joint"] = settings.ppo.iterative
    kind = "believed" if judge.ranker.believes else "paced"
    search = PageSearch(setup, judge, loads, kind, settings.prices, **told)
    snapshots.stage("prices", search.network, search.run)
    return search


def _learner(setup: Setup, judge: Judge, settings: TrainSettings, search: PageSearch | None, **told: Any) -> PPOLearner:
    """PPO on what the ranker and the prices of pages say; ``told`` as it takes them."""
    pace = None if search is None else search.pace
    stage = CandidateStage(judge, settings.ppo.candidates, setup.slate_size, pace)
    how: Any = {"validations": settings.validations, "value_steps": settings.value_steps}
    return PPOLearner(setup.envs(settings.ppo.lanes), stage, settings.ppo, **how, **told)


def save(
    setup: Setup,
    steps: int,
    curve: Curve,
    modules: Mapping[str, nn.Module],
    folder: Path,
    told: Mapping[str, Any],
) -> None:
    """Write the best weights and the curve.

    Args:
        setup: World.
        steps: Of its own training, after which the best was measured.
        curve: All measurements.
        modules: What is saved, by name.
        folder: Where.
        told: What the checkpoint's configuration holds besides: kind, settings, seed.
    """
    config = {**told, "world": asdict(setup.args), "steps": steps}

    def write(where: Path) -> None:
        save_checkpoint(where / FILE, modules, config, setup)
        write_table(curve.table().assign(training_seed=told["seed"]), where / CURVE_FILE)

    rescue(folder, write)
