"""Encode a catalogue's texts with a language model, once, for all later runs.

With ``--catalogue items.csv --out folder``: reads your items, derives a simulated audience for them and
writes a catalogue folder, which the other scripts take as ``--catalogue folder``. Without ``--catalogue``:
encodes the packaged news catalogue into the cache, and into ``--out`` if given. With another model or other
settings of it ``--out`` is needed: other scripts find such embeddings only by ``--catalogue folder``.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.catalogues.catalogue_folder import build_catalogue_folder, check_out, write_catalogue_folder
from driftrec.agents.catalogues.given_vectors import GivenVectors
from driftrec.agents.catalogues.read_items import BadRows
from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.engines.devices import usable
from driftrec.agents.runs.folders import drawn
from driftrec.agents.text.embedding_cache import default_cache_folder
from driftrec.agents.text.text_encoder import TextEncoder


@dataclass(frozen=True)
class Args:
    """Encode a catalogue's texts with a language model, once, for all later runs."""

    catalogue: Path | None = None
    """Items file with the columns id, title and, if you have them, text, topic, genres, mood (which Music needs), price
    (which the shop needs), date (which the stream of news needs): values between commas, semicolons, tabs, bars or
    double colons, JSON lines, JSON or Parquet, gzipped or not; default: the packaged news."""
    out: Path | None = None
    """Folder to write; must be new, empty or a catalogue folder. Needed with --catalogue."""
    model: str | None = None
    """Local folder or Hugging Face hub name of a language model, or smollm2 for the decoder that the extra llm brings,
    together with --out; default: the built-in all-MiniLM-L6-v2."""
    revision: str | None = None
    """Branch, tag or commit of a hub model; default: main."""
    pooling: Literal["auto", "mean", "last", "cls"] = "auto"
    """How token vectors become one; auto: as the model declares, else last for decoders, else mean."""
    prompt: str = "{text}"
    """Text around each text, with {text} where it goes."""
    max_length: int = 256
    """Longest text, in tokens; clipped to the model's limit."""
    batch_size: int = 64
    """Texts at a time."""
    device: str = "cpu"
    """Where the model computes: cpu; cuda, the first GPU; cuda:1 and so on; or auto, a GPU where there is one."""
    embeddings: Path | None = None
    """Your own vectors of the items in place of a language model's, with --catalogue: .npy (ids in FILE.ids.txt, or
    rows in the order of the items file), .safetensors (the same, or ids under "ids") or .parquet (columns id,
    embedding)."""
    seed: int | None = None
    """Seed of the derived audience and hidden qualities, with --catalogue; default: drawn and printed."""
    encoding: str | None = None
    """Text encoding of the items file, for example windows-1252; default: UTF-8, or UTF-16 with its mark."""
    columns: str | None = None
    """What the file calls our columns, for example id=book_id,title=name; by number for a file without a header:
    id=1,title=2,genres=3."""
    bad_rows: BadRows = "error"
    """skip: leave out rows that are no items and list them in the folder's bad_rows.txt."""


def main(args: Args) -> None:
    """Encode, and say what was done.

    Raises:
        ValueError: If the arguments do not fit together, the device cannot be used or the items are not valid.
        OSError: If a file or model is missing, or ``out`` holds something else.
    """
    if args.out is not None:
        check_out(args.out)
    encoder = TextEncoder(
        args.model,
        pooling=args.pooling,
        prompt=args.prompt,
        max_length=args.max_length,
        batch_size=args.batch_size,
        device=usable(args.device),
        revision=args.revision,
    )
    if args.embeddings is not None:
        _check_given(args)
    if args.catalogue is None:
        _encode_news(args, encoder)
    else:
        _encode_items(args, args.catalogue, encoder)


def _check_given(args: Args) -> None:
    """Raise ValueError where vectors are given and something else that they take the place of."""
    if args.catalogue is None:
        raise ValueError("--embeddings applies to --catalogue items.csv only; the packaged news is read by a model.")
    if args.model is not None:
        raise ValueError("--embeddings and --model are both given; one makes the vectors. Leave one of them out.")


def _encode_items(args: Args, csv: Path, encoder: TextEncoder) -> None:
    if args.out is None:
        raise ValueError(f"Say where to write the catalogue made from {csv}: --out folder.")
    seed = drawn(args.seed)
    start = time.perf_counter()
    catalogue, personas = build_catalogue_folder(
        csv,
        args.out,
        encoder if args.embeddings is None else GivenVectors(args.embeddings),
        seed,
        encoding=args.encoding,
        columns=_columns(args.columns),
        bad_rows=args.bad_rows,
        progress=sys.stderr.isatty(),
        report=print,
    )
    seconds = time.perf_counter() - start
    if args.embeddings is None:
        _report(catalogue.num_items, personas.num_personas, seconds, encoder)
    else:
        print(f"{catalogue.num_items} items by {args.embeddings}, {personas.num_personas} personas in {seconds:.1f} s.")
    print(f"{catalogue.num_topics} topics, seed {seed}. Written to {args.out}: use --catalogue {args.out}.")


def _columns(text: str | None) -> dict[str, str]:
    """Columns of the file by ours, from "id=book_id,title=name"."""
    pairs = [[side.strip() for side in part.split("=")] for part in text.split(",")] if text else []
    if any(len(pair) != 2 or not all(pair) for pair in pairs) or len({name for name, *_ in pairs}) < len(pairs):
        raise ValueError(f"--columns is {text}; write id=COLUMN,title=COLUMN, each once.")
    return dict(pairs)


def _encode_news(args: Args, encoder: TextEncoder) -> None:
    told = {"--seed": args.seed, "--encoding": args.encoding, "--columns": args.columns}
    for name, value in {**told, "--bad-rows": None if args.bad_rows == "error" else args.bad_rows}.items():
        if value is not None:
            raise ValueError(f"{name} {value} applies to --catalogue items.csv only; the packaged news is fixed.")
    if args.out is None and encoder.fingerprint != TextEncoder().fingerprint:
        raise ValueError(
            "No other command would find these embeddings: the packaged news is read with the built-in encoder. "
            "Give --out folder too, and then --catalogue folder to train and compare."
        )
    start = time.perf_counter()
    setting = load_setting(None, encoder, progress=sys.stderr.isatty())
    if args.out is not None:
        embeddings = setting.item_embeddings, setting.persona_embeddings
        source: dict[str, object] = {"rule": "packaged news"}
        write_catalogue_folder(args.out, setting.catalogue, setting.personas, *embeddings, encoder, source)
    _report(setting.catalogue.num_items, setting.personas.num_personas, time.perf_counter() - start, encoder)
    use = "" if args.out is None else f": use --catalogue {args.out}"
    print(f"Written to {args.out or default_cache_folder()}{use}.")


def _report(items: int, personas: int, seconds: float, encoder: TextEncoder) -> None:
    rate = (items + personas) / seconds
    print(f"{items} items, {personas} personas with {encoder.name} ({encoder.pooling} pooling)")
    print(f"{seconds:.1f} s, {rate:.0f} texts/s, texts found in the cache included.")


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("encode")
