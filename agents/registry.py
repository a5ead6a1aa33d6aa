"""Policies by name: the built-in ones, those made from an argument such as a run folder, the user's own.

Imports of agents: policy, known, own_code, setup, baselines, ranker, rivals, stock, worlds, runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial

from driftrec.agents.baselines import Content, Epsilon, EpsilonContent, LinUCB, Popular, Random
from driftrec.agents.known import KNOWN, MIXED, TUNABLE
from driftrec.agents.own_code import build_own
from driftrec.agents.policy import Context, Policy
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.mmr import MMR
from driftrec.agents.ranker.warm_start import fit_rounds
from driftrec.agents.rivals.rival_settings import RIVALS
from driftrec.agents.rivals.topic_pages import MyopicJoint
from driftrec.agents.runs.load import load_greedy, load_mmr, load_pages, load_ppo, load_slateq, load_stock
from driftrec.agents.runs.rival_runs import load_myopic_joint, load_rival
from driftrec.agents.runs.tuned import Parameters, check_tunable, is_tuned, tuned
from driftrec.agents.setup import Setup
from driftrec.agents.stock.model_policy import load_model_file
from driftrec.agents.worlds.kit import Effort, Reference
from driftrec.agents.worlds.kits import kit_of
from driftrec.simulators.settings import nearest

Factory = Callable[[Context], Policy]
Loader = Callable[[Context, str], Policy]

CLASSES: Mapping[str, Callable[..., Policy]] = {
    "random": Random,
    "popular": Popular,
    "content": Content,
    "epsilon-content": EpsilonContent,
    "linucb": LinUCB,
    "mmr": MMR,
    "myopic-joint": MyopicJoint,
}
"""Classes of the policies that are made of a context alone or, as ``ON_RANKERS`` are, of a ranker."""

ON_RANKERS: Mapping[str, Callable[..., Policy]] = {"mmr": load_mmr, "myopic-joint": load_myopic_joint}
"""What makes policies of a run's ranker and parameters."""

POLICIES: Mapping[str, Factory] = {name: CLASSES[name] for name in CLASSES if KNOWN[name].bare}
"""Policies that need nothing but the context, by name."""


MODEL_FILE = "sb3"
"""What model files of stable-baselines3 are called: "sb3:DQN:model.zip"."""


@dataclass(frozen=True)
class Builders:
    """How the policies that a world knows by name are made, see ``build_policy``."""

    policies: Mapping[str, Factory]
    loaders: Mapping[str, Loader]


def builders(setup: Setup, seed: int = 0, report: Report = lambda line: None, effort: Effort | None = None) -> Builders:
    """How the policies are made that are known in a world.

    Args:
        setup: The world.
        seed: Of policies that are trained when they are built.
        report: Called with lines about their training.
        effort: How the planner is tuned, where no weights are at hand.
    """
    kit, effort = kit_of(setup), effort or Effort()
    policies: dict[str, Factory] = {name: make for name, make in POLICIES.items() if _serves(name, setup)}
    policies["myopic"] = lambda context: _fitted(setup, seed, report)
    policies["myopic-oracle"] = lambda context: kit.myopic_oracle(setup)
    if kit.plans:
        policies["planner"] = lambda context: kit.planner(setup, effort, report)
    for name, make in kit.references(setup).items():
        policies[name] = partial(_made, make)
    loaders: dict[str, Loader] = {
        "myopic": lambda context, run: load_greedy(setup, run, farsighted=False),
        **{name: partial(_loaded, setup, load) for name, load in ON_RANKERS.items()},
        "farsighted": lambda context, run: load_greedy(setup, run, farsighted=True),
        "priced": lambda context, run: load_pages(setup, run),
        "ppo": lambda context, run: load_ppo(setup, run, greedy=True),
        "ppo-sampled": lambda context, run: load_ppo(setup, run, greedy=False),
        "slateq": lambda context, run: load_slateq(setup, run),
        **{kind: partial(_rival, setup, kind) for kind in RIVALS},
        **{kind: partial(_stock, setup, kind) for kind in kit.stock},
    }
    loaders |= {name: partial(_tuned_or, setup, name, loaders.get(name)) for name in TUNABLE}
    loaders = {name: load for name, load in loaders.items() if _serves(name, setup)}
    loaders[MODEL_FILE] = lambda context, model: load_model_file(setup, model)
    loaders[MIXED] = lambda context, rest: _epsilon(context, rest, Builders(policies, loaders))
    return Builders(policies, loaders)


def _epsilon(context: Context, rest: str, known: Builders) -> Policy:
    """What "epsilon:SHARE:POLICY" stands for; ``rest`` is what follows the first colon."""
    share, _, name = rest.partition(":")
    try:
        epsilon = float(share)
    except ValueError:
        epsilon = -1.0
    if not 0.0 <= epsilon <= 1.0 or not name:
        raise ValueError(f"epsilon:{rest} is no epsilon:SHARE:POLICY, the share in [0, 1]; write epsilon:0.2:content.")
    return Epsilon(build_policy(name, context, known.policies, known.loaders), context, epsilon)


def _made(make: Reference, context: Context) -> Policy:
    """A policy of the world's own."""
    return make()


def _stock(setup: Setup, kind: str, context: Context, run: str) -> Policy:
    """A policy of stable-baselines3's."""
    return load_stock(setup, run, kind)


def _rival(setup: Setup, kind: str, context: Context, run: str) -> Policy:
    """A rival of PPO on the same ranker."""
    return load_rival(setup, run, kind)


def _loaded(setup: Setup, load: Callable[..., Policy], context: Context, run: str) -> Policy:
    """One of ``ON_RANKERS`` with its defaults."""
    return load(setup, run)


def _serves(name: str, setup: Setup) -> bool:
    """Whether a known policy serves in a world."""
    return setup.setting is not None or not KNOWN[name].texts


def _fitted(setup: Setup, seed: int, report: Report) -> Policy:
    """The learned myopic policy, fitted now."""
    kit = kit_of(setup)
    judge = kit.judge(setup, asdict(kit.settings), seed, farsighted=False)
    rounds = kit.settings.myopic_rounds(seed)
    for _ in fit_rounds(setup, judge, kit.settings.fit, rounds, seed=seed, report=report):
        pass
    return Greedy(judge, setup.slate_size)


def _tuned_or(setup: Setup, head: str, load: Loader | None, context: Context, run: str) -> Policy:
    """The policy ``head`` as a run of ``driftrec tune`` found it, or what ``load`` makes of a run of another kind."""
    if load is not None and not is_tuned(run):
        return load(context, run)
    name, parameters = tuned(run)
    if name.partition(":")[0] != head:
        raise ValueError(f"{run} holds what was tuned for {name}; write {name.partition(':')[0]}:{run}.")
    return build_with(setup, name, parameters)


def build_with(setup: Setup, name: str, parameters: Parameters) -> Policy:
    """One of ``TUNABLE`` with these parameters, by name or "mmr:RUN"; errors of ``build_policy`` and ``ON_RANKERS``.

    Raises:
        ValueError: Also if it needs texts, and the world has none.
    """
    head = check_tunable(name)
    if not _serves(head, setup):
        raise ValueError(f"Policy {head!r} reads texts, and {setup.args.world} has none. Give a world with texts.")
    policies = {key: partial(CLASSES[key], **parameters) for key in {head} - ON_RANKERS.keys()}
    loaders = {key: partial(_loaded, setup, partial(load, **parameters)) for key, load in ON_RANKERS.items()}
    return build_policy(name, setup.context, policies, loaders)


def build_policy(
    name: str,
    context: Context,
    policies: Mapping[str, Factory] = POLICIES,
    loaders: Mapping[str, Loader] | None = None,
) -> Policy:
    """Build the policy that ``name`` stands for.

    Args:
        name: A key of ``policies`` ("random"), a key of ``loaders`` with its argument ("ppo:runs/7"), or a
            class of the user's own as "package.module:Class", built as ``Class(context)``, or with parameters,
            "package.module:Class?weights=file&temper=2". Modules in the current directory are found.
        context: What is known before the first user arrives.
        policies: Called with the context. Extend with ``{**POLICIES, "planner": ...}``.
        loaders: Called with the context and the argument, by the part of the name before the colon.

    Raises:
        ValueError: If no policy has that name, or an argument is missing, too much or of another type.
        ImportError: If the user's class cannot be imported; the cause is in the message, and the nearest known name
            where there is no such module.

        TypeError: If the user's object lacks a method of ``Policy``.
    """
    head, _, argument = name.partition(":")
    loaders = loaders or {}
    known = {*policies, *loaders}
    if name in policies:
        return policies[name](context)
    if head in loaders:
        if not argument:
            raise ValueError(f"Policy {head!r} needs an argument: write {head}:ARGUMENT.")
        return loaders[head](context, argument)
    if head in policies:
        raise ValueError(f"Policy {head!r} takes no argument, but {argument!r} was given; write {head}.")
    attribute, _, query = argument.partition("?")
    if not head or not attribute.isidentifier():
        raise ValueError(f"Unknown policy {name!r}. {_advice(head, known)} Or your own: package.module:Class.")
    return build_own(head, attribute, context, _advice(head, known), query)


def _advice(head: str, known: Iterable[str]) -> str:
    """The nearest of the known names, or how to separate several."""
    return "Separate policies with spaces, not commas." if "," in head else nearest(head, known)
