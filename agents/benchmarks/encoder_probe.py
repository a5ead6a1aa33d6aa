"""Which encoder tells best what users do: each learns from the same logs and is judged on those of other users."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from driftrec.agents.baselines import Random
from driftrec.agents.policy import Observation
from driftrec.agents.ranker.fitting import Report, fit
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.logs import collect, serve
from driftrec.agents.ranker.protocol import Logs, Ranker
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import kit_of
from driftrec.agents.worlds.settings import TextSettings
from driftrec.agents.worlds.text_kit import TextKit
from driftrec.simulators.files import write_text
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.settings import nearest

ENCODED: Mapping[str, Mapping[str, Any]] = {
    "fading": {"encoder": "fading"},
    "belief": {"encoder": "belief"},
    "recurrent": {"encoder": "recurrent"},
    "transformer": {"encoder": "transformer"},
    "told-fading": {"encoder": "fading", "told_encoder": True},
    "told-recurrent": {"encoder": "recurrent", "told_encoder": True},
}
"""Changes to ``TextSettings`` by the name that the table has."""

SERVED_STEPS = 40
"""Steps of serving that are timed, after as many that are not: by then windows are full."""


@dataclass(frozen=True)
class ProbeLogs:
    """What encoders are fitted to.

    Attributes:
        users: Users side by side of each log, and as many others of each that judges.
        steps: Steps of each of them.
        epochs: Passes over the logs.
    """

    users: int = 256
    steps: int = 80
    epochs: int = 4

    def __post_init__(self) -> None:
        check_ranges(self, users=(2, 1e6), steps=(1, 1e6), epochs=(1, 1e3))


@dataclass(frozen=True)
class EncoderScore:
    """How well one encoder tells what users do.

    Attributes:
        name: Of ``ENCODED``.
        log_loss: Negative log-likelihood of what was opened, nats a slate, by the slates: "random" or "own".
        minutes: Root mean square error of the engagement of what was opened, in the world's unit, likewise.
        better: How much less log-loss than the first encoder on own slates, and the standard error over users.
        weights: Numbers that the ranker learns.
        fit_seconds: Processor seconds of fitting.
        rate: Users served a second of processor time, side by side.
    """

    name: str
    log_loss: Mapping[str, float]
    minutes: Mapping[str, float]
    better: tuple[float, float]
    weights: int
    fit_seconds: float
    rate: float


def encoders_of(setup: Setup) -> tuple[str, ...]:
    """Those of ``ENCODED`` that read users of a world."""
    return tuple(name for name, told in ENCODED.items() if told["encoder"] != "belief" or kit_of(setup).believes)


def probe_encoders(
    setup: Setup, names: Sequence[str], size: ProbeLogs, *, seed: int, report: Report
) -> list[EncoderScore]:
    """Judge encoders in a world with texts.

    Two logs are made, of random slates and of those that a ranker of fading memories, fitted to them, would show, with
    the noise of ``FitSettings``; all encoders are fitted to both, and judged on logs of other users, made likewise.

    Args:
        setup: World.
        names: Of ``ENCODED``; the first is what the others are compared with.
        size: Of the logs.
        seed: Source of all randomness.
        report: Called with lines of progress.

    Raises:
        ValueError: If an encoder is unknown, or the world has no texts or cannot tell the truth that one is to guess.
    """
    for name in names:
        if name not in ENCODED:
            raise ValueError(f"Encoder {name!r} is unknown. {nearest(name, ENCODED)}")
    kit = kit_of(setup)
    if not isinstance(kit, TextKit) or setup.setting is None:
        raise ValueError(f"{setup.args.world} has no texts; its users are read by other encoders.")
    settings = kit.settings
    assert isinstance(settings, TextSettings)
    told = any(ENCODED[name].get("told_encoder") for name in names)
    known = kit.telling(setup) if told else setup
    learned, judged = _logs(known, kit, settings, size, seed, report)
    parts = list(learned.values())
    scores: list[EncoderScore] = []
    first: Tensor | None = None
    for name in names:
        report(f"Encoder {name}")
        judge = kit.judge(known, {**asdict(settings), **ENCODED[name]}, seed, farsighted=False)
        start = time.process_time()
        fit(judge.ranker, parts, settings.fit, epochs=size.epochs, seed=seed, report=report)
        seconds = time.process_time() - start
        found = {kind: _judged(judge, logs) for kind, logs in judged.items()}
        own = found["own"][0]
        first = own if first is None else first
        scores.append(_score(name, judge.ranker, found, first - own, seconds, _rate(setup, judge, size.users, seed)))
    return scores


def _score(
    name: str,
    ranker: Ranker,
    found: Mapping[str, tuple[Tensor, float]],
    better: Tensor,
    seconds: float,
    rate: float,
) -> EncoderScore:
    """All that was measured of one encoder."""
    losses = {kind: float(loss.mean()) for kind, (loss, _) in found.items()}
    errors = {kind: error for kind, (_, error) in found.items()}
    gained = float(better.mean()), float(better.std() / np.sqrt(len(better)))
    weights = sum(each.numel() for each in ranker.parameters())
    return EncoderScore(name, losses, errors, gained, weights, seconds, rate)


def _logs(
    setup: Setup, kit: TextKit, settings: TextSettings, size: ProbeLogs, seed: int, report: Report
) -> tuple[dict[str, Logs], dict[str, Logs]]:
    """Logs to learn from and to judge by, each of "random" and "own" slates."""
    envs = setup.envs(size.users)
    pilot = kit.judge(setup, {**asdict(settings), **ENCODED["fading"], "told_encoder": False}, seed)
    seeds = np.random.SeedSequence(seed).generate_state(4).tolist()
    random = [collect(envs, Random(setup.context), pilot, size.steps, each) for each in seeds[:2]]
    fit(pilot.ranker, random[:1], settings.fit, epochs=1, seed=seed, report=report)
    policy = Greedy(pilot, setup.slate_size, settings.fit.noise)
    own = [collect(envs, policy, pilot, size.steps, each) for each in seeds[2:]]
    learned, judged = ({"random": a, "own": b} for a, b in zip(random, own, strict=True))
    return learned, judged


def _judged(judge: Judge, logs: Logs) -> tuple[Tensor, float]:
    """Log-loss a slate of every lane, (lanes,), and the error of the engagement of what was opened.

    One step after another, as it would serve.
    """
    steps, lanes = logs.over.shape
    rows, ranker = logs.rows(), judge.ranker
    with torch.inference_mode():
        each = [rows[torch.arange(lanes) + step * lanes] for step in range(steps)]
        read = list(_carried(ranker, [step.seen for step in each]))
        scores = [judge.scores(ranker.state(seen), seen, step.shown)[0] for seen, step in zip(read, each, strict=True)]
        appeal = torch.stack([step.appeal for step in scores]) - ranker.choice.examination()[0]
        losses = [ranker.choice.loss(appeal[:, lane], logs.clicks[:, lane]) for lane in range(lanes)]
        error = (torch.stack([step.engagement for step in scores]) - logs.engagement)[logs.clicks]
    return torch.stack(losses), float(error.square().mean().sqrt())


def _carried(ranker: Ranker, requests: Sequence[Mapping[str, Tensor]]) -> Iterator[Mapping[str, Tensor]]:
    """Observations of the same lanes one after another, each with what is known from those before."""
    before = None
    for seen in requests:
        found = ranker.carry(seen, before)
        if found is not None:
            before, told = found
            seen = {**seen, **told}
        yield ranker.read(seen)


def _rate(setup: Setup, judge: Judge, users: int, seed: int) -> float:
    """Users a second of processor time, served side by side, each request following the one before."""
    envs, policy = setup.envs(users), Greedy(judge, setup.slate_size)
    observation: Observation
    observation, _ = envs.reset(seed=user_seeds(seed, "serving", users).tolist())
    seconds = 0.0
    for step in range(2 * SERVED_STEPS):
        start = time.process_time()
        slates = policy.act(observation)
        seconds += (time.process_time() - start) * (step >= SERVED_STEPS)
        observation, *_ = serve(envs, slates)
    return users * SERVED_STEPS / seconds


HEADINGS = ("encoder", "log-loss, random", "log-loss, own", "better", "error, random", "error, own", "weights", "fit s")


def encoder_table(scores: Sequence[EncoderScore]) -> str:
    """A row an encoder."""
    lines = [(*HEADINGS, "users/s"), ("---",) + ("---:",) * len(HEADINGS)]
    for each in scores:
        losses = [f"{each.log_loss[kind]:.4f}" for kind in ("random", "own")]
        errors = [f"{each.minutes[kind]:.3f}" for kind in ("random", "own")]
        label = f"{each.name} *" if each.name.startswith("told") else each.name
        better = f"{each.better[0]:.4f} ± {each.better[1]:.4f}"
        costs = (f"{each.weights:,}", f"{each.fit_seconds:.0f}", f"{each.rate:,.0f}")
        lines.append((label, *losses, better, *errors, *costs))
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{table}\n\n\\*: learned to guess the hidden truth.\n"


def write_encoders(scores: Sequence[EncoderScore], about: Mapping[str, object], folder: Path) -> None:
    """Write ``encoders.md`` and ``encoders.json``; OSError if they cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "encoders.md", encoder_table(scores))
    told = {**about, "encoders": [asdict(each) for each in scores]}
    write_text(folder / "encoders.json", json.dumps(told, indent=1, allow_nan=False) + "\n")
