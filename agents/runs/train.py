"""Training a slate policy: fit the ranker, learn what items do to the future, then PPO on top of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from driftrec.agents.evaluation.curve import Curve
from driftrec.agents.evaluation.curves import CURVE_FILE
from driftrec.agents.evaluation.keep_best import Progress, check_measurements, naming_divergence
from driftrec.agents.evaluation.named_tables import write_table
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.learner import PPOLearner
from driftrec.agents.ppo.settings import PPOSettings, check_candidates
from driftrec.agents.ranker.fitting import MyopicSettings
from driftrec.agents.ranker.future import FutureSettings
from driftrec.agents.ranker.item_tables import Representation
from driftrec.agents.ranker.warm_start import warm_start
from driftrec.agents.runs.checkpoint import FILE, save_checkpoint
from driftrec.agents.runs.folders import rescue
from driftrec.agents.setup import WorldSetup
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class TrainSettings:
    """All that decides what comes out of a training run, beside the world and the seed.

    Attributes:
        representation: What stands for items and personas: "text" embeddings, learned "ids", "random" vectors.
        myopic: How the ranker is fitted.
        future: How the minutes to come are learned.
        refits: Rounds of logging with the farsighted policy and fitting the ranker again.
        ppo: How PPO trains.
        true_state: Tell the policy the users' true interest, satiation and satisfaction in place of what its encoder
            makes of observations: an oracle, to see what not knowing the user costs.
        withheld: Part of the catalogue that training never shows, drawn from the seed, in [0, 1).
        validations: Measurements of the policy, from before PPO's first step to after its last; the best is kept.
        validation_users: Users of a measurement, always the same.
    """

    representation: Representation = "text"
    myopic: MyopicSettings = field(default_factory=MyopicSettings)
    future: FutureSettings = field(default_factory=FutureSettings)
    refits: int = 3
    ppo: PPOSettings = field(default_factory=PPOSettings)
    true_state: bool = False
    withheld: float = 0.0
    validations: int = 4
    validation_users: int = 128

    def __post_init__(self) -> None:
        check_ranges(self, validations=(2, 10_000), validation_users=(1, 1e6), refits=(0, 100), withheld=(0, 0.999))


def train(
    setup: WorldSetup,
    settings: TrainSettings,
    *,
    seed: int,
    folder: Path,
    report: Callable[[str], None] = lambda line: None,
    progress: Progress = lambda steps, engagement: None,
) -> Path:
    """Fit the ranker, learn the future, train PPO, write checkpoint and training curve.

    An interrupt (Ctrl-C) while PPO trains ends training early; the best policy so far is saved all the same.

    Args:
        setup: World and embeddings.
        settings: How.
        seed: Source of all randomness.
        folder: Where ``checkpoint.safetensors`` and ``curve.csv`` go.
        report: Called with lines about the warm start.
        progress: Called after every rollout with steps taken and the last measurement, minutes an episode.

    Returns:
        Path of the checkpoint.

    Raises:
        KeyboardInterrupt: Again after saving, if training was interrupted.
    """
    check_candidates(settings.ppo, setup.slate_size)
    check_measurements(settings.validations, settings.ppo.total_steps, settings.ppo.lanes * settings.ppo.rollout)
    setup = trained_in(setup, settings, seed)
    curve = Curve(setup.world, user_seeds(seed, "validation", settings.validation_users), setup.horizon)
    with naming_divergence("The ranker", "MyopicSettings.learning_rate", settings.myopic.learning_rate):
        ranker = warm_start(
            setup,
            settings.representation,
            settings.myopic,
            settings.future,
            refits=settings.refits,
            seed=seed,
            report=report,
            curve=curve,
        )
    stage = CandidateStage(ranker, settings.ppo.candidates)
    envs, validations = setup.envs(settings.ppo.lanes), settings.validations
    learner = PPOLearner(envs, stage, settings.ppo, validations=validations, seed=seed, curve=curve, progress=progress)
    try:
        learner.run()
    finally:
        best_at = learner.keeper.best_at
        config = {"world": setup.described(), "settings": asdict(settings), "seed": seed, "steps": best_at}

        def write(where: Path) -> None:
            save_checkpoint(where / FILE, {"ranker": ranker, "ppo": learner.policy.network}, config, setup.setting)
            write_table(curve.table().assign(training_seed=seed), where / CURVE_FILE)

        rescue(folder, write)
    return folder / FILE


def trained_in(setup: WorldSetup, settings: TrainSettings, seed: int) -> WorldSetup:
    """The setup as training meets it: with items withheld and the truth revealed, as ``settings`` say.

    Raises:
        ValueError: If fewer items are left than a slate has positions.
    """
    num_items = setup.world.num_items
    count = round(settings.withheld * num_items)
    if num_items - count < setup.slate_size:
        raise ValueError(
            f"TrainSettings.withheld is {settings.withheld:g}, which leaves {num_items - count} of {num_items} items "
            f"for slates of {setup.slate_size}; withhold fewer."
        )
    if count:
        withheld = np.zeros(num_items, np.bool_)
        withheld[np.random.default_rng([seed, count]).permutation(num_items)[:count]] = True
        setup = replace(setup, withheld=withheld)
    return setup.revealed() if settings.true_state else setup
