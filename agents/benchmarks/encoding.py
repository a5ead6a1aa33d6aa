"""Benchmark: texts a second through the built-in language model, past the cache."""

from __future__ import annotations

from collections.abc import Iterator

from driftrec.agents.benchmarks.measure import Row, Workload, alternate
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.envs.catalogues import packaged_catalogue


def encoding(effort: Workload) -> Iterator[Row]:
    """One row; loading the model does not count."""
    encoder = TextEncoder()
    texts = packaged_catalogue()[0].documents()[: effort.texts]

    def work() -> int:
        encoder.encode(texts)
        return len(texts)

    (rates,) = alternate([work], effort.repeats)
    yield rates.row("encoding", f"{encoder.name}, news texts", "texts/s")
