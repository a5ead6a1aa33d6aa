"""What takes part in a comparison: lines of policies, by how they are spelt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from driftrec.agents.known import KNOWN, OF_RUNS, TUNABLE
from driftrec.agents.oracles import Planner
from driftrec.agents.policy import Oracle, Policy
from driftrec.agents.registry import build_policy, builders
from driftrec.agents.runs.checkpoint import read_config
from driftrec.agents.runs.tuned import is_tuned, tuned
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kit import Effort
from driftrec.simulators.settings import nearest


@dataclass(frozen=True)
class Entry:
    """One line of the comparison: a label, and one policy a training seed."""

    label: str
    policies: Mapping[int | None, Policy]  # by training seed; one under None where nothing was trained
    parameters: Mapping[str, float] = field(default_factory=dict)  # those that ``driftrec tune`` found

    @property
    def oracle(self) -> bool:
        """Whether any of the policies is told the truth."""
        return any(isinstance(policy, Oracle) for policy in self.policies.values())


def parse_entry(text: str) -> tuple[str, list[str]]:
    """Label and policy names of "label=name", "name", or "ppo:RUN,RUN" (several training seeds of one policy).

    Of policies of the user's own, and of model files, each is written in full: "my:New?seed=1,my:New?seed=2". An "="
    behind a colon belongs to a path and sets no label apart. Of "linucb:RUN" the label is "linucb tuned".
    """
    label, equals, name = text.partition("=")
    if not equals or ":" in label:
        label, name = "", text
    elif not label:
        raise ValueError(f"{text!r} has an empty label; write label=policy.")
    head, colon, argument = name.partition(":")
    if head in KNOWN and KNOWN[head].run == "tune" and argument:
        return label or f"{head} tuned", [name]
    if head in OF_RUNS and colon:
        return label or head, [f"{head}:{run}" for run in argument.split(",")]
    begin, names = _in_full(name)
    return label or begin or name, names


def _in_full(name: str) -> tuple[str, list[str]]:
    """``name`` apart where what it begins with, "package.module:Class?" or "sb3:PPO:", stands again behind a comma.

    With what it begins with, or "" where it stands alone.
    """
    begins = re.match(r"[^?,:]+:[^?,:]+\?|sb3:[^:]+:", name)
    first, *others = name.split(f",{begins[0]}") if begins else [name]
    if begins is None or not others:
        return "", [name]
    return begins[0][:-1], [first, *(f"{begins[0]}{other}" for other in others)]


def chosen_baseline(wanted: str | None, texts: Sequence[str]) -> str:
    """The label to compare with: the one wanted; else "myopic" if it takes part, or the first.

    Args:
        wanted: A label, or a policy as it is spelt in ``texts``.
        texts: The policies, see ``parse_entry``.

    Raises:
        ValueError: If the wanted one does not take part (the message gives the nearest), or nobody does.
    """
    labels = [parse_entry(text)[0] for text in texts]
    if not labels:
        raise ValueError("No policies to compare; name some, such as random.")
    if wanted is None:
        return default_baseline(labels)
    if wanted in texts:
        return parse_entry(wanted)[0]
    if wanted not in labels:
        raise ValueError(f"Baseline {wanted!r} is not among the policies. {nearest(wanted, labels)}")
    return wanted


def default_baseline(labels: Sequence[str]) -> str:
    """The label to compare with where none was chosen: "myopic", or the first."""
    return "myopic" if "myopic" in labels else labels[0]


def build_entries(
    setup: Setup,
    texts: Sequence[str],
    *,
    seed: int,
    report: Callable[[str], None] = lambda line: None,
    effort: Effort | None = None,
) -> list[Entry]:
    """Build all policies before any work is done, so that a wrong name costs nothing.

    Arguments as of ``registry.builders``.

    Raises:
        ValueError: If a name is unknown, a label or a training seed is double or a checkpoint does not fit.
        FileNotFoundError: If a run folder holds no checkpoint.
    """
    known = builders(setup, seed, report, effort)
    parsed = [parse_entry(text) for text in texts]
    labels = [label for label, _ in parsed]
    double = {label for label in labels if labels.count(label) > 1}
    if double:
        raise ValueError(f"Two policies are called {sorted(double)[0]!r}; name them apart: label=policy.")
    slow_last = sorted(parsed, key=lambda entry: entry[1][0] in ("myopic", "planner"))  # wrong names fail before work
    built = {}
    for label, names in slow_last:
        seeds = [_training_seed(name, seed) for name in names]
        if len(names) > 1 and seeds == [None] * len(names):
            seeds = _own_seeds(names)
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"Two runs of {label!r} have one training seed ({seeds}); name them apart: label=policy.")
        trained = [build_policy(name, setup.context, known.policies, known.loaders) for name in names]
        built[label] = Entry(label, dict(zip(seeds, trained, strict=True)), _parameters(label, names))
    return [built[label] for label in labels]


def weights_of_planners(entries: Sequence[Entry]) -> dict[str, dict[str, float]]:
    """The trade-offs of every planner among ``entries`` by label: the ceiling's define ``normalised``."""
    planners = {entry.label: entry.policies.get(None) for entry in entries}
    return {label: asdict(policy.weights) for label, policy in planners.items() if isinstance(policy, Planner)}


def _training_seed(name: str, seed: int) -> int | None:
    """The seed that a policy was trained with, None where nothing is trained; ``seed`` is that of the comparison."""
    head, _, run = name.partition(":")
    if head in OF_RUNS and run and is_tuned(run):
        return _training_seed(tuned(run)[0], seed)
    if head in OF_RUNS and run:
        return int(read_config(run)["seed"])
    return seed if name == "myopic" else None


def _own_seeds(names: Sequence[str]) -> list[int | None]:
    """Training seeds of a user's own policies in one row: what they call so, ?seed=7, or else their place."""
    said = [re.search(r"[?&]seed=(\d+)(?=&|$)", name) for name in names]
    return [int(found[1]) if found else place for place, found in enumerate(said, 1)]


def _parameters(label: str, names: Sequence[str]) -> Mapping[str, float]:
    """What ``driftrec tune`` found for the policies of one line; ValueError unless it is one setting for all."""
    parts = [name.partition(":")[::2] for name in names]
    found = [tuned(run)[1] if head in TUNABLE and run and is_tuned(run) else {} for head, run in parts]
    if any(parameters != found[0] for parameters in found):
        raise ValueError(f"The runs of {label!r} were tuned to several settings; name them apart: label=policy.")
    return found[0]
