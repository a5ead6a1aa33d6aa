"""Which policies a world knows by name."""

from __future__ import annotations

from collections.abc import Callable

from driftrec.agents.comparison.tuning import SPACES, is_tuned, load_tuned
from driftrec.agents.oracles import MyopicOracle, Planner
from driftrec.agents.oracles.tuned import ROUNDS, USERS, planner_weights
from driftrec.agents.policy import Context
from driftrec.agents.ranker.fitting import MyopicSettings, fit_myopic
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.registry import POLICIES, Known, Loader
from driftrec.agents.runs.baselines import load_slateq, load_stock
from driftrec.agents.runs.load import load_greedy, load_mmr, load_ppo
from driftrec.agents.setup import NEWS, WorldArgs, WorldSetup, set_up
from driftrec.agents.worlds import published
from driftrec.agents.worlds.published_setup import PublishedSetup, set_up_published

Setup = WorldSetup | PublishedSetup
"""A world with all that is known of it beforehand."""

Effort = tuple[int, int]
EFFORT: Effort = (USERS, ROUNDS)
"""Users that each candidate of the planner's weights meets, and rounds of tuning."""

TUNABLE = tuple(name for name in SPACES if name in POLICIES)
"""Baselines that ``driftrec tune`` tunes."""

BASELINES = (
    "random",
    "popular",
    "content",
    "epsilon-content",
    "linucb",
    "myopic",
    "myopic-oracle",
    "planner",
)
"""Policies on news that need no training run."""


def open_world(args: WorldArgs, progress: bool = False) -> Setup:
    """Make any world, with the embeddings of its texts where it has some; errors as of ``set_up``."""
    return set_up(args, progress=progress) if args.world == NEWS else set_up_published(args)


def baselines(world: str) -> tuple[str, ...]:
    """Names of the policies that need no training run, in the world of this environment id."""
    return BASELINES if world == NEWS else published.BASELINES


def known_policies(setup: Setup, seed: int, report: Callable[[str], None], effort: Effort = EFFORT) -> Known:
    """Policies by name.

    Args:
        setup: The world.
        seed: Of policies that are trained when they are built.
        report: Called with lines about their training.
        effort: Users and rounds with which the planner is tuned, where no weights are at hand.
    """
    return published.known(setup) if isinstance(setup, PublishedSetup) else _news(setup, seed, report, effort)


def _news(setup: WorldSetup, seed: int, report: Callable[[str], None], effort: Effort) -> Known:
    def planner(context: Context) -> Planner:
        users, rounds = effort
        return Planner(
            setup.world, planner_weights(setup.world, setup.horizon, users=users, rounds=rounds, report=report)
        )

    return Known(
        {
            **POLICIES,
            "myopic": lambda context: _fitted(setup, seed, report),
            "myopic-oracle": lambda context: MyopicOracle(setup.world),
            "planner": planner,
        },
        {
            **{head: _tuned(setup, head) for head in TUNABLE},
            "myopic": lambda context, run: load_greedy(setup, run, farsighted=False),
            "mmr": lambda context, run: load_tuned(setup, "mmr", run) if is_tuned(run) else load_mmr(setup, run),
            "farsighted": lambda context, run: load_greedy(setup, run, farsighted=True),
            "ppo": lambda context, run: load_ppo(setup, run, greedy=True),
            "ppo-sampled": lambda context, run: load_ppo(setup, run, greedy=False),
            "slateq": lambda context, run: load_slateq(setup, run),
            "sb3-ppo": lambda context, run: load_stock(setup, run, "sb3-ppo"),
            "sb3-sac": lambda context, run: load_stock(setup, run, "sb3-sac"),
        },
    )


def _tuned(setup: WorldSetup, head: str) -> Loader:
    """Loads the policy ``head`` with the parameters that a run of ``driftrec tune`` found."""
    return lambda context, run: load_tuned(setup, head, run)


def _fitted(setup: WorldSetup, seed: int, report: Callable[[str], None]) -> Greedy:
    settings = MyopicSettings()
    ranker, _ = fit_myopic(setup.context, setup.envs(settings.lanes), seed=seed, settings=settings, report=report)
    return Greedy(Judge(ranker, farsighted=False))
