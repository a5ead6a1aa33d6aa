"""Tuning a baseline's parameters by simulation: what may be tuned, within which ranges, and the search itself."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines import Content, EpsilonContent, LinUCB, Popular
from driftrec.agents.baselines.mmr import MMR
from driftrec.agents.evaluation.bootstrap import paired_interval
from driftrec.agents.evaluation.rollout import roll_out
from driftrec.agents.policy import Policy
from driftrec.agents.registry import build_policy
from driftrec.agents.runs.load import load_mmr
from driftrec.agents.setup import WorldArgs, WorldSetup
from driftrec.agents.worlds.description import differences
from driftrec.agents.worlds.published_setup import PublishedSetup
from driftrec.simulators.extras import install
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.settings import nearest

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

Parameters = Mapping[str, float]

BEST_FILE = "best.json"
"""In the run folder of ``driftrec tune``: the policy's name, and under "best" its parameters."""


@dataclass(frozen=True)
class Range:
    """Where a parameter is searched.

    Attributes:
        low: Lower end.
        high: Upper end.
        log: Search evenly on a logarithmic scale.
        whole: Whole numbers only.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False


_TASTE = {"persona_weight": Range(0.0, 3.0), "half_life": Range(1.0, 1000.0, log=True)}

SPACES: Mapping[str, Mapping[str, Range]] = {
    "popular": {"strength": Range(1.0, 3000.0, log=True)},
    "content": _TASTE,
    "epsilon-content": {"epsilon": Range(0.0, 1.0), **_TASTE},
    "linucb": {
        "alpha": Range(0.01, 10.0, log=True),
        "prior": Range(0.0, 5.0),
        "ridge": Range(0.1, 300.0, log=True),
        "dims": Range(4, 64, log=True, whole=True),
    },
    "mmr": {"weight": Range(0.0, 1.0)},
}
"""Search spaces by policy, "mmr" standing for every mmr:RUN; units and meaning as of the classes in ``CLASSES``."""

CLASSES: Mapping[str, Callable[..., Policy]] = {
    "popular": Popular,
    "content": Content,
    "epsilon-content": EpsilonContent,
    "linucb": LinUCB,
    "mmr": MMR,
}
"""Whose parameters the ``SPACES`` are."""


@dataclass(frozen=True)
class Trial:
    """One setting that was tried.

    Attributes:
        number: From 0, which holds the defaults.
        parameters: The setting.
        engagement: Mean minutes an episode over the users of the search.
    """

    number: int
    parameters: dict[str, float]
    engagement: float

    def row(self) -> dict[str, float]:
        """The trial as a row of a table."""
        return {"trial": self.number, **self.parameters, "engagement": self.engagement}


def check_tunable(name: str) -> str:
    """The key of ``SPACES`` that ``name`` ("linucb", "mmr:RUN") belongs to.

    Raises:
        ValueError: If it has nothing to tune; the message gives the nearest that has.
    """
    head = name.partition(":")[0]
    if head not in SPACES:
        raise ValueError(f"Policy {name!r} has no parameters to tune. {nearest(head, SPACES)}")
    return head


def defaults(name: str) -> dict[str, float]:
    """The parameters that ``name`` has where none are given."""
    head = check_tunable(name)
    signature = inspect.signature(CLASSES[head]).parameters
    return {parameter: signature[parameter].default for parameter in SPACES[head]}


def build_with(setup: WorldSetup, name: str, parameters: Parameters) -> Policy:
    """The policy ``name`` with these parameters; errors as of ``build_policy`` and ``load_mmr``."""
    head = check_tunable(name)
    policies = {key: partial(CLASSES[key], **parameters) for key in {head} - {"mmr"}}
    return build_policy(name, setup.context, policies, {"mmr": lambda context, run: load_mmr(setup, run, **parameters)})


def is_tuned(run: str) -> bool:
    """Whether ``run`` is a folder of ``driftrec tune``."""
    return (Path(run) / BEST_FILE).is_file()


def load_tuned(setup: WorldSetup, head: str, run: str) -> Policy:
    """The policy that a run of ``driftrec tune`` found, with its parameters.

    Args:
        setup: World and embeddings.
        head: Which it must be, a key of ``SPACES``.
        run: Run folder.

    Raises:
        FileNotFoundError: If it holds nothing tuned.
        ValueError: If another policy was tuned there, or the file is damaged.
    """
    name, parameters = tuned(run)
    if name.partition(":")[0] != head:
        raise ValueError(f"{run} holds what was tuned for {name}; write {name.partition(':')[0]}:{run}.")
    return build_with(setup, name, parameters)


def tuned(run: str) -> tuple[str, dict[str, float]]:
    """What was tuned in a run folder, and the best parameters; errors as of ``load_tuned``."""
    file = Path(run) / BEST_FILE
    if not file.is_file():
        raise FileNotFoundError(f"{run} holds nothing tuned: it has no {BEST_FILE}. Make it with: driftrec tune")
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        name = str(found["policy"])
        return name, {key: found["best"][key] for key in SPACES[check_tunable(name)]}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is damaged ({error!r}); tune again with: driftrec tune") from error


def tuned_elsewhere(setup: WorldSetup | PublishedSetup, run: str) -> list[str]:
    """Notes on how the world that a run of ``driftrec tune`` was made in differs from that of ``setup``.

    Other items are no error, as they are to what was trained with them. Errors as of ``load_tuned``.
    """
    tuned(run)
    found = json.loads((Path(run) / BEST_FILE).read_text(encoding="utf-8"))
    then, now = found.get("fingerprints", {}), setup.fingerprints()  # earlier versions kept neither
    others = [f"another {what}" for what in then if then[what] != now.get(what)]
    told = [*others, *differences(WorldArgs(**found.get("world", asdict(setup.args))), setup.args)]
    return [f"Note: {run} was tuned with {difference}." for difference in told]


def search(setup: WorldSetup, name: str, *, seed: int, trials: int, users: int) -> Iterator[Trial]:
    """Try ``trials`` settings of a policy: its defaults, then what Optuna's TPE sampler proposes.

    The tree-structured Parzen estimator (Bergstra et al. 2011) draws the first ten at random. All settings meet the
    same users, who are met nowhere else.

    Args:
        setup: World and embeddings.
        name: A key of ``SPACES``, or mmr:RUN.
        seed: Source of users and proposals.
        trials: Settings, at least 1.
        users: Users a setting meets.

    Raises:
        ImportError: If Optuna is not installed.
        ValueError: If ``name`` has nothing to tune.
    """
    study, space = new_study(seed), {key: _distribution(part) for key, part in SPACES[check_tunable(name)].items()}
    study.enqueue_trial(defaults(name))
    seeds = user_seeds(seed, "tuning", users)
    for number in range(trials):
        asked = study.ask(space)
        policy = build_with(setup, name, asked.params)
        engagement = float(_minutes(setup, policy, seeds).mean())
        study.tell(asked, engagement)
        yield Trial(number, asked.params, engagement)


def validate(setup: WorldSetup, name: str, parameters: Parameters, *, seed: int, users: int) -> dict[str, Any]:
    """Engagement with ``parameters`` against that with the defaults, on users whom the search did not meet.

    The best of many trials looks better than it is, since noise helped to choose it; this says by how much it is.

    Args:
        setup: World and embeddings.
        name: As of ``search``.
        parameters: Those found.
        seed: Source of users and of the interval.
        users: Users, at least 2.

    Returns:
        Means "tuned" and "default" in minutes an episode, and "difference" with a 95 % paired interval.
    """
    seeds = user_seeds(seed, "tuning check", users)
    tuned, default = (_minutes(setup, build_with(setup, name, given), seeds) for given in (parameters, defaults(name)))
    difference = paired_interval(tuned[None], default[None], seed=seed)
    means = {"tuned": float(tuned.mean()), "default": float(default.mean())}
    return {"users": users, **means, "difference": asdict(difference)}


def _minutes(setup: WorldSetup, policy: Policy, seeds: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Engagement of every user over an episode, (users,); the policy's own draws are the same for every setting."""
    rollout = roll_out(setup.world, policy, setup.context, seeds, horizon=setup.horizon, seed=0)
    return rollout.episodes.engagement.to_numpy()


def new_study(seed: int) -> Study:
    """A study that maximises, with a seeded TPE sampler and without log lines.

    Raises:
        ImportError: If Optuna is not installed; says how to get it.
    """
    try:
        import optuna
    except ImportError as error:
        raise ImportError(f"Tuning needs Optuna; get it with: {install('tune')}") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))


def _distribution(searched: Range) -> BaseDistribution:
    """The range in Optuna's terms."""
    from optuna.distributions import FloatDistribution, IntDistribution

    if searched.whole:
        return IntDistribution(int(searched.low), int(searched.high), log=searched.log)
    return FloatDistribution(searched.low, searched.high, log=searched.log)
