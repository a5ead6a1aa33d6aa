"""What representations of texts say of the hidden truth, by linear probes on held-out items, and what they cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

from driftrec.agents.benchmarks.alone import alone
from driftrec.agents.benchmarks.measure import Row, alternate, peak_memory
from driftrec.agents.catalogues.representations import ONE_WORD, hashed, told_items
from driftrec.agents.text.embedding_cache import encode_cached
from driftrec.agents.text.packaged_models import SMOLLM2
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.files import write_text

Rows = NDArray[np.floating]
Judged = Callable[[Rows, Rows], float]

MODELS: Mapping[str, Callable[[], TextEncoder]] = {
    "minilm": TextEncoder,
    "smollm2-last": partial(TextEncoder, SMOLLM2, pooling="last"),
    "smollm2-mean": partial(TextEncoder, SMOLLM2, pooling="mean"),
    "smollm2-word-last": partial(TextEncoder, SMOLLM2, pooling="last", prompt=ONE_WORD),
    "smollm2-word-mean": partial(TextEncoder, SMOLLM2, pooling="mean", prompt=ONE_WORD),
}
"""Language models by name; "word" stands for the prompt ``ONE_WORD``."""

KNOWN = (*MODELS, "hashing", "random", "ids", "latents")
"""Those, hashed words, vectors and numbers that mean nothing, and the truth."""

FOLDS = 5
PENALTIES = np.logspace(-2, 6, 17)
"""Of the ridge, of which the best on left-out rows of the training part is taken, column by column."""

RANDOM_DIMS = 384

PREDICTED = ("latent", "topic", "quality", "allure", "interest")


@dataclass(frozen=True)
class Probe:
    """What one representation says.

    Attributes:
        name: Of ``KNOWN``.
        dims: Length of a vector.
        scores: By what is predicted, mean over the folds: R2 of "latent", "quality" and "allure" of items and of the
            "interest" of personas; AUC of "topic", one topic against all others, mean over topics.
        errors: Standard errors of these means.
        rate: Texts a second of one thread's processor time, loading left out; None where nothing is read.
        memory: Most memory of a process that only encodes, MB; None likewise.
    """

    name: str
    dims: int
    scores: Mapping[str, float]
    errors: Mapping[str, float]
    rate: float | None = None
    memory: float | None = None


def probe(name: str, catalogue: Catalogue, personas: Personas, rows: NDArray[np.int64], *, seed: int = 0) -> Probe:
    """Probe a representation on some items and all personas.

    The penalised linear map is fitted to four fifths of the rows and judged on the others, five times, so that every
    row is judged once by a map that has not met it.

    Args:
        name: Of ``KNOWN``.
        catalogue: Items.
        personas: People.
        rows: Which items.
        seed: Of the folds and of random vectors.

    Raises:
        FileNotFoundError: If the language model is not installed.
    """
    documents = catalogue.documents()
    items = _vectors(name, [documents[row] for row in rows], told_items(catalogue)[rows], seed)
    people = _vectors(name, personas.texts, personas.interest, seed)
    by_fold: dict[str, list[float]] = {what: [] for what in PREDICTED}
    for what, wanted, judge in _of_items(catalogue, rows):
        by_fold[what] = [judge(true, guess) for true, guess in held_out(items, wanted, seed)]
    by_fold["interest"] = [r_squared(true, guess) for true, guess in held_out(people, personas.interest, seed)]
    scores = {what: float(np.mean(values)) for what, values in by_fold.items()}
    errors = {what: float(np.std(values, ddof=1) / np.sqrt(FOLDS)) for what, values in by_fold.items()}
    return Probe(name, items.shape[1], scores, errors)


def _of_items(catalogue: Catalogue, rows: NDArray[np.int64]) -> Iterator[tuple[str, Rows, Judged]]:
    """What is predicted of items, (items, n), and how that is judged."""
    yield "latent", catalogue.latent[rows], r_squared
    yield "topic", np.eye(catalogue.num_topics)[catalogue.topic[rows]], topic_auc
    yield "quality", catalogue.quality[rows, None], r_squared
    yield "allure", catalogue.allure[rows, None], r_squared


def subtopic_score(catalogue: Catalogue, rows: NDArray[np.int64], *, seed: int = 0) -> float:
    """R2 of "latent" from the item's subtopic alone: what a text that names the subject can tell at best."""
    _, number = np.unique([catalogue.subtopics[row] for row in rows], return_inverse=True)
    judged = held_out(np.eye(number.max() + 1)[number], catalogue.latent[rows], seed)
    return float(np.mean([r_squared(true, guess) for true, guess in judged]))


def _vectors(name: str, texts: Sequence[str], truth: Rows, seed: int) -> Rows:
    """One vector a text, (texts, dims)."""
    if name in MODELS:
        return encode_cached(MODELS[name](), texts)
    if name == "hashing":
        return hashed(texts)
    if name == "random":
        return np.random.default_rng([seed, len(texts)]).standard_normal((len(texts), RANDOM_DIMS))
    return np.eye(len(texts)) if name == "ids" else truth


def held_out(inputs: Rows, targets: Rows, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Targets of every fold's held-out rows and what a ridge fitted to the others makes of their inputs, (rows, n)."""
    inputs = (inputs - inputs.mean(axis=0)) / max(float(inputs.std()), 1e-9)
    for learned, judged in KFold(FOLDS, shuffle=True, random_state=seed).split(inputs):
        ridge = RidgeCV(PENALTIES, alpha_per_target=True).fit(inputs[learned], targets[learned])
        yield targets[judged], ridge.predict(inputs[judged]).reshape(targets[judged].shape)  # one column comes flat


def r_squared(true: Rows, guess: Rows) -> float:
    """Part of the variance of ``true``, all columns together, that ``guess`` explains; below 0 where it misleads."""
    return float(1.0 - np.square(true - guess).sum() / np.square(true - true.mean(axis=0)).sum())


def topic_auc(true: Rows, guess: Rows) -> float:
    """Area under the curve of each topic against all others, mean over the topics that are there; (items, topics)."""
    there = [column for column in range(true.shape[1]) if 0 < true[:, column].sum() < len(true)]
    return float(np.mean([roc_auc_score(true[:, column], guess[:, column]) for column in there]))


def with_cost(each: Probe, texts: Sequence[str]) -> Probe:
    """The same with what encoding ``texts`` costs in a process of its own, where texts are read."""
    if each.name not in MODELS and each.name != "hashing":
        return each
    rate, memory = alone(partial(encoding_cost, each.name, tuple(texts)))
    return replace(each, rate=rate.per_cpu, memory=memory.value)


def encoding_cost(name: str, texts: Sequence[str]) -> Iterator[Row]:
    """Two rows: texts a second, past the cache and after one turn that does not count; and the peak of the memory."""
    encode = MODELS[name]().encode if name in MODELS else hashed

    def work() -> int:
        encode(texts)
        return len(texts)

    (rates,) = alternate([work], 1)
    yield rates.row("probe", name, "texts/s")
    yield Row("probe", name, peak_memory() / 1e6, "MB")


HEADINGS = ("representation", "dims", "latent R2", "topic AUC", "quality R2", "allure R2", "interest R2")
COSTS = ("texts/s", "MB")


def probe_table(probes: Sequence[Probe], subtopics: float) -> str:
    """A row a representation, standard errors behind the scores; below it ``subtopic_score``."""
    lines = [(*HEADINGS, *COSTS), ("---",) + ("---:",) * (len(HEADINGS) + len(COSTS) - 1)]
    for each in probes:
        scores = [f"{each.scores[what]:.3f} ± {each.errors[what]:.3f}" for what in PREDICTED]
        costs = ["" if value is None else f"{value:,.0f}" for value in (each.rate, each.memory)]
        label = f"{each.name} *" if each.name == "latents" else each.name
        lines.append((label, str(each.dims), *scores, *costs))
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{table}\n\n\\*: the hidden truth. The subtopic alone explains {subtopics:.3f} of latent.\n"


def write_probes(probes: Sequence[Probe], subtopics: float, about: Mapping[str, object], folder: Path) -> None:
    """Write ``probe.md`` and ``probe.json``; OSError if they cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "probe.md", probe_table(probes, subtopics))
    told = {**about, "subtopics": subtopics, "probes": [asdict(each) for each in probes]}
    write_text(folder / "probe.json", json.dumps(told, indent=1, allow_nan=False) + "\n")
