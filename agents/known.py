"""The policies that are known by name: one table, from which every list, help text and colour follows.

Imports of agents: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Dash = str | tuple[int, tuple[float, ...]]

ORACLE_DASH: Dash = "--"
"""Broken lines like this are oracles', and no others'."""


@dataclass(frozen=True)
class Style:
    """How a policy is drawn.

    Attributes:
        colour: Hex colour.
        dash: Matplotlib line style.
    """

    colour: str
    dash: Dash = "-"


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


@dataclass(frozen=True)
class Known:
    """A policy.

    Attributes:
        about: What it shows, in a few words.
        run: The verb whose run folder may stand behind the name ("ppo:RUN"), or "none".
        bare: Whether it can do without one.
        style: How it is drawn.
        tunable: What ``driftrec tune`` searches, by parameter; units and meaning as of the policy's class.
        texts: Whether it needs texts, or a catalogue at least.
        told: Whether it is told the truth: an oracle.
        ranked: Whether training it takes the ranker of a run of ``driftrec train``.
    """

    about: str
    run: Literal["none", "tune", "train", "train-baseline"]
    style: Style
    bare: bool = True
    tunable: Mapping[str, Range] = field(default_factory=dict)
    texts: bool = False
    told: bool = False
    ranked: bool = False


_TASTE = {"persona_weight": Range(0.0, 3.0), "half_life": Range(1.0, 1000.0, log=True)}
_BANDIT = {
    "alpha": Range(0.01, 10.0, log=True),
    "prior": Range(0.0, 5.0),
    "ridge": Range(0.1, 300.0, log=True),
    "dims": Range(4, 64, log=True, whole=True),
}


def _rival(about: str, style: Style) -> Known:
    """What is trained on the ranker of a run."""
    return Known(about, "train-baseline", style, bare=False, ranked=True)


# Colours are partly from the schemes of Paul Tol and of Okabe and Ito, the rest found by adding the colour that is
# farthest from all before it. In CIELAB units, for normal sight and for protan-, deuter- and tritanopes (model of
# Machado et al. 2009), those of this table stay 13 apart or more, and with the spare ones 8, those of one dash 10.
KNOWN: Mapping[str, Known] = {
    "random": Known("random slates", "none", Style("#AAAAAA", ":")),
    "popular": Known(
        "what most open", "tune", Style("#997700"), tunable={"strength": Range(1.0, 3000.0, log=True)}, texts=True
    ),
    "content": Known("what is like the items read", "tune", Style("#117733"), tunable=_TASTE, texts=True),
    "epsilon-content": Known(
        "the same, now and then at random",
        "tune",
        Style("#E69F00", "-."),
        tunable={"epsilon": Range(0.0, 1.0), **_TASTE},
        texts=True,
    ),
    "linucb": Known("a bandit on text embeddings", "tune", Style("#AA4499"), tunable=_BANDIT, texts=True),
    "myopic": Known("a ranker fitted to logs: most in the next step", "train", Style("#332288")),
    "mmr": Known(
        "the ranker with diverse slates",
        "train",
        Style("#8778D2", "-."),
        bare=False,
        tunable={"weight": Range(0.0, 1.0)},
        texts=True,
    ),
    "myopic-joint": Known(
        "the ranker, each item knowing those above it",
        "train",
        Style("#511B1B", "-."),
        bare=False,
        tunable={"price": Range(0.01, 30.0, log=True)},
    ),
    # PPO starts from it, and the two lines often lie on each other.
    "farsighted": Known("the ranker looking ahead", "train", Style("#661100", "-."), bare=False),
    "priced": Known("the ranker by prices of pages: what PPO starts from", "train", Style("#607860", "-."), bare=False),
    "ppo": Known("our policy", "train", Style("#EE3377"), bare=False),
    "ppo-sampled": Known("the same, slates drawn", "train", Style("#E14BFF", ":"), bare=False),
    "slateq": Known("SlateQ on the ranker", "train-baseline", Style("#4B4BFF"), bare=False, ranked=True),
    "diverse": _rival("farsighted pages that spread over topics", Style("#483675")),
    "paced": _rival("the same, at a pace for every topic", Style("#12242D", ":")),
    "q1": _rival("values of openings fitted to random logs", Style("#24005A", "-.")),
    "q2": _rival("the same, fitted again to their own", Style("#9036AB")),
    "imitation": _rival("the planner imitated from the observation", Style("#6309CF", ":")),
    "sb3-ppo": Known("PPO of stable-baselines3, MlpPolicy", "train-baseline", Style("#78C35A"), bare=False),
    "sb3-sac": Known("SAC of stable-baselines3, MlpPolicy", "train-baseline", Style("#004B4B", "-."), bare=False),
    "quality": Known("highest quality first", "none", Style("#780FB4", "-.")),
    "bayes": Known("exact Bayes on past responses", "none", Style("#B41E1E")),
    "myopic-oracle": Known("best next step, by the true state", "none", Style("#33BBEE", ORACLE_DASH), told=True),
    "planner": Known("the long term, by the true state", "none", Style("#000000", ORACLE_DASH), told=True),
}

TUNABLE = tuple(name for name, known in KNOWN.items() if known.tunable)
"""What ``driftrec tune`` tunes."""

BASELINE_KINDS = tuple(name for name, known in KNOWN.items() if known.run == "train-baseline")
"""What ``driftrec train-baseline`` trains."""

RANKED_KINDS = tuple(name for name in BASELINE_KINDS if KNOWN[name].ranked)
"""Those of them that are trained on the ranker of a run of ``driftrec train``."""

OF_RUNS = tuple(name for name, known in KNOWN.items() if known.run in ("train", "train-baseline"))
"""What a run folder of ``driftrec train`` or ``train-baseline`` holds."""


MIXED = "epsilon"
"""Before "SHARE:POLICY": any of them, with a random slate at the chance SHARE."""


def policies_in_words() -> str:
    """All of the table, for help."""
    bare = [f"{name} ({known.about})" for name, known in KNOWN.items() if known.bare]
    runs = [f"{name}:RUN ({KNOWN[name].about})" for name in OF_RUNS]
    tuned = ", ".join(f"{name}:RUN" for name, known in KNOWN.items() if known.run == "tune")
    return (
        f"Policies by name, where the world has them: {', '.join(bare)}. Of a run of "
        f"driftrec train or train-baseline: {', '.join(runs)}. With what driftrec tune found: {tuned}. Now and then at "
        f"random: {MIXED}:SHARE:POLICY. Your class as package.module:Class or package.module:Class?name=value, "
        "stable-baselines3's model file as sb3:PPO:model.zip."
    )
