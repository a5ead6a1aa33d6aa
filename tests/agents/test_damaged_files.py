"""What users give, mutated: every loader reads it, or says in our own words that it does not, and runs nothing.

Thousands of cases, the same in every run; ``tests/damaged.py`` has the mutations. Files of runs are in
``test_damaged_runs.py``, models and caches in ``test_damaged_caches.py``. Tried: where ``given_vectors`` lets other
errors through its four tests fail.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file as save_arrays

from driftrec.agents.catalogues.catalogue_folder import write_catalogue_folder
from driftrec.agents.catalogues.given_vectors import GivenVectors
from driftrec.agents.catalogues.read_items import read_items
from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.logbook.log_reader import read_log
from driftrec.envs.news_stream import read_articles
from driftrec.envs.shop import read_prices
from driftrec.scripts.arguments import parse
from driftrec.scripts.compare import Args
from driftrec.simulators.catalogue import Catalogue, Personas
from tests.agents.evaluation.conftest import episodes, journeys, results, shown, steps, summary  # noqa: F401
from tests.agents.logbook.test_log_reader import good
from tests.damaged import tried

CASES = 150
"""A file."""

UNIT = np.eye(4, dtype=np.float32)
ROWS = [
    {"id": f"n{number}", "title": f"Title {number}", "text": "A text, of words", "topic": "Food", "genres": "a|b"}
    for number in range(4)
]


def catalogue(folder):
    """A catalogue folder of four items with vectors of their own, prices and dates."""
    np.save(folder.parent / "vectors.npy", UNIT)
    ids, ones = tuple(row["id"] for row in ROWS), np.ones(4, np.float32)
    items = Catalogue(ids, ids, ids, ("t",), ("",) * 4, np.zeros(4, np.int64), UNIT, ones, ones, ones)
    more = {
        "prices.csv": "id,price\n" + "".join(f"{i},{n}.5\n" for n, i in enumerate(ids)),
        "dates.csv": "id,date\n" + "".join(f"{i},2025-03-0{n + 1}T08:30\n" for n, i in enumerate(ids)),
    }
    given = {name: text.encode() for name, text in more.items()}
    made_by = GivenVectors(folder.parent / "vectors.npy")
    write_catalogue_folder(folder, items, Personas(ids, UNIT), UNIT, UNIT, made_by, {"rule": "made up"}, given)
    return ids


def items_in(kind):
    """The items in a format of files."""
    table = pd.DataFrame(ROWS)
    return {
        "csv": lambda: table.to_csv(index=False).encode(),
        "tsv": lambda: table.to_csv(index=False, sep="\t").encode(),
        "semicolons": lambda: table.to_csv(index=False, sep=";").encode(),
        "colons": lambda: "\n".join("::".join(row.values()) for row in ROWS).encode(),
        "jsonl": lambda: "\n".join(map(json.dumps, ROWS)).encode(),
        "json": lambda: json.dumps(ROWS).encode(),
        "utf-16": lambda: table.to_csv(index=False).encode("utf-16"),
        "gzip": lambda: gzip.compress(table.to_csv(index=False).encode()),
        "parquet": lambda: table.to_parquet(),
    }[kind]()


KINDS = ("csv", "tsv", "semicolons", "colons", "jsonl", "json", "utf-16", "gzip", "parquet")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad_rows", ["error", "skip"])
def test_items(kind, bad_rows, tmp_path):
    file = tmp_path / "items.file"
    file.write_bytes(items_in(kind))
    columns = {"id": "1", "title": "2"} if kind == "colons" else None
    refused = tried(lambda: read_items(file, bad_rows=bad_rows, columns=columns), file, CASES)
    assert refused > CASES // 20


@pytest.mark.parametrize("name", ["catalogue.json", "arrays.safetensors", "embeddings.safetensors"])
def test_catalogue_folders(name, tmp_path):
    """All three together are under checksums: hardly a mutation goes unnoticed."""
    catalogue(tmp_path / "items")
    assert tried(lambda: load_setting(tmp_path / "items"), tmp_path / "items" / name, CASES) > 0.7 * CASES


def test_prices_and_dates(tmp_path):
    ids = catalogue(tmp_path / "items")
    folder = tmp_path / "items"
    assert tried(lambda: read_prices(folder, ids), folder / "prices.csv", CASES)
    assert tried(lambda: read_articles(str(folder)), folder / "dates.csv", CASES)


def test_dates_that_make_no_calendar_name_their_file(tmp_path):
    catalogue(tmp_path / "items")
    file = tmp_path / "items" / "dates.csv"
    file.write_text(file.read_text().replace("2025-03-02", "1025-03-02"))
    with pytest.raises(ValueError, match=rf"{file}: The articles span"):
        read_articles(str(tmp_path / "items"))


def test_parquet_whose_texts_are_no_utf_8_names_its_file(tmp_path):
    raw = pa.array([b"1", b"2\xef"])
    texts = pa.Array.from_buffers(pa.string(), 2, raw.buffers())
    pq.write_table(pa.table({"id": texts, "title": texts}), tmp_path / "items.parquet")
    with pytest.raises(ValueError, match=r"items\.parquet is Parquet and damaged \('utf-8' codec"):
        read_items(tmp_path / "items.parquet")


def given(kind, folder):
    """Vectors in a file, and the file to mutate."""
    file = folder / f"vectors.{kind.partition(' ')[0]}"
    ids = [row["id"] for row in ROWS]
    if file.suffix == ".npy":
        np.save(file, UNIT)
        Path(f"{file}.ids.txt").write_text("\n".join(ids))
        return file, Path(f"{file}.ids.txt") if "ids" in kind else file
    if file.suffix == ".safetensors":
        save_arrays({"embedding": UNIT}, file, {"ids": json.dumps(ids)})
    else:
        pd.DataFrame({"id": ids, "embedding": UNIT.tolist()}).to_parquet(file)
    return file, file


@pytest.mark.parametrize("kind", ["npy", "npy ids", "safetensors", "parquet"])
def test_given_vectors(kind, tmp_path):
    file, spoilt = given(kind, tmp_path)
    assert tried(lambda: GivenVectors(file).of([row["id"] for row in ROWS]), spoilt, CASES) > CASES // 4


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_logs(suffix, tmp_path):
    file, table = tmp_path / f"log{suffix}", good()
    table.to_csv(file, index=False) if suffix == ".csv" else table.to_parquet(file, index=False)
    assert tried(lambda: read_log(file), file, CASES) > CASES // 4


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.dat"])
def test_ratings(name, tmp_path):
    rows = [(user, item, 3.5, 1_000_000_000 + item) for user in range(3) for item in range(4)]
    lines = ["::".join(map(str, row)) for row in rows]
    if name == "ratings.csv":
        lines = ["userId,movieId,rating,timestamp", *(line.replace("::", ",") for line in lines)]
    (tmp_path / name).write_text("\n".join(lines))
    assert tried(lambda: read_log(tmp_path), tmp_path / name, CASES) > CASES // 10


def test_settings(tmp_path, capsys):
    """Of ``--from``; what the command line itself refuses it explains beside it, and ends with status 2."""
    file = tmp_path / "my.toml"
    file.write_text('world = "driftrec/Sardine-SlateTopK-Bored-v0"\nusers = 30\nseed = 3\n[config]\ncount = 3\n')

    def read():
        try:
            parse("compare", Args, ["--from", str(file)])
        except SystemExit as error:
            raise ValueError(f"{file}: {capsys.readouterr().err}") from error

    assert tried(read, file, CASES) > CASES // 4
