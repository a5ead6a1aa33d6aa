"""Training rivals of PPO, on the ranker of a run, to run folders; and loading them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import Progress
from driftrec.agents.policy import Policy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.rivals.loads import Loads
from driftrec.agents.rivals.page_search import PageNumbers, PageSearch
from driftrec.agents.rivals.rival_settings import PageSettings
from driftrec.agents.rivals.topic_pages import MyopicJoint, PageWeights, TopicPages
from driftrec.agents.runs.load import judge_of, open_run, ranker_of, steps_behind
from driftrec.agents.runs.train import save
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import kit_of
from driftrec.simulators.noise import user_seeds

PRICE = 0.5
"""Of ``myopic-joint`` unless another is given."""


def train_rival(
    setup: Setup,
    kind: str,
    settings: PageSettings,
    *,
    ranker_run: Path,
    seed: int,
    folder: Path,
    progress: Progress = lambda steps, engagement: None,
) -> None:
    """Train a rival; ``checkpoint.safetensors`` and ``curve.csv`` go to ``folder``, also where Ctrl-C ends it early.

    Args:
        setup: World.
        kind: "diverse" or "paced".
        settings: How.
        ranker_run: Run folder of ``driftrec train``, whose ranker it looks through.
        seed: Source of all randomness.
        folder: Where to write.
        progress: Called after every measurement.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If it was made in another world, its ranker is not for everybody, see ``ranker_of``, or the world
            has no topics.
    """
    judge, ranker = ranker_of(setup, str(ranker_run), farsighted=True)
    curve = Curve(setup.world, user_seeds(seed, "validation", settings.validation_users), setup.horizon)
    curve.env_steps = steps_behind(judge, ranker["settings"])
    loads = topics_of(setup, judge)
    search = PageSearch(setup, judge, loads, kind, settings, seed=seed, curve=curve, progress=progress)
    try:
        search.run()
    finally:
        if curve.rows:
            modules = {"ranker": judge.ranker, "rival": search.numbers}
            told = {"kind": kind, "settings": asdict(settings), "ranker": ranker, "seed": seed}
            save(setup, search.best_at, curve, modules, folder, told)


def load_rival(setup: Setup, run: str, kind: str) -> Policy:
    """The policy that ``train_rival`` left; errors as of ``driftrec.agents.runs.load.load_greedy``."""
    checkpoint = open_run(setup, run, kind)
    judge = judge_of(setup, checkpoint, farsighted=True)
    numbers = PageNumbers(PageWeights())
    checkpoint.load_into("rival", numbers)
    return TopicPages(judge, topics_of(setup, judge), setup.slate_size, numbers.weights())


def load_myopic_joint(setup: Setup, run: str, price: float = PRICE) -> Policy:
    """The ranker of a run, each item of a page knowing those above it; errors as of ``load_greedy`` and its class."""
    judge = judge_of(setup, open_run(setup, run, "ppo"), farsighted=True)
    return MyopicJoint(judge, topics_of(setup, judge), setup.slate_size, price)


def topics_of(setup: Setup, judge: Judge) -> Loads:
    """What is known of topics in a world.

    Raises:
        ValueError: If its items have none that are known beforehand.
    """
    loads = kit_of(setup).loads(setup, judge)
    if loads is None:
        raise ValueError(
            f"{setup.args.world} has no topics known beforehand, by which myopic-joint, diverse and paced price pages. "
            "Compare with slateq or farsighted there."
        )
    return loads
