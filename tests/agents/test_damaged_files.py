"""Every loader meets mutated files: it reads them, or says in our own words that it does not, and runs nothing.

Thousands of cases in all, the same in every run; ``tests/damaged.py`` has the mutations. Tried: where
``given_vectors`` lets other errors through its four tests fail.
"""

import gzip
import io
import json
import shutil
import warnings
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.numpy import save_file as save_arrays
from stable_baselines3 import PPO
from torch import nn

from driftrec.agents.catalogues.catalogue_folder import write_catalogue_folder
from driftrec.agents.catalogues.given_vectors import GivenVectors
from driftrec.agents.catalogues.read_items import read_items
from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.comparison.added import read_compared
from driftrec.agents.evaluation.curves import read_curves
from driftrec.agents.evaluation.summary import write_results
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.ranker.protocol import Logs
from driftrec.agents.report.packed import pack
from driftrec.agents.retrieval.index import EXACT
from driftrec.agents.retrieval.index_cache import _read, cached_index
from driftrec.agents.rounds.arms import Arm
from driftrec.agents.rounds.folder import RECORD, SLATES, USERS, RoundsFolder, resumed, stamp
from driftrec.agents.rounds.plan import Deployment
from driftrec.agents.rounds.play_round import _crowd
from driftrec.agents.rounds.updates import load_logs, save_logs
from driftrec.agents.runs.checkpoint import FILE, load_checkpoint, save_checkpoint
from driftrec.agents.runs.resume import begun
from driftrec.agents.runs.tuned import BEST_FILE, tuned, tuned_elsewhere
from driftrec.agents.scorecard.scorecard import FORMAT as CARD_FORMAT
from driftrec.agents.scorecard.scorecard import read_score
from driftrec.agents.setup import WorldArgs
from driftrec.agents.snapshots.snapshot_file import read_snapshot, write_snapshot
from driftrec.agents.stock.model_file import read_model
from driftrec.agents.text.embedding_cache import RowStore
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.envs import NewsEnv, OneItem
from driftrec.envs.news_stream import read_articles
from driftrec.envs.shop import read_prices
from driftrec.scripts.arguments import parse
from driftrec.scripts.compare import Args
from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.folder import load_world, save_world
from driftrec.simulators.moving.crowd import arrays_of, first_crowd
from tests.agents.evaluation.conftest import episodes, journeys, results, shown, steps, summary  # noqa: F401
from tests.agents.logbook.test_log_reader import good
from tests.agents.rounds.toy_rounds import toy_plan, toy_setup
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


@pytest.fixture(scope="module")
def saved_model():
    """A small model of stable-baselines3 as ``model.save`` writes it."""
    file = io.BytesIO()
    env = OneItem(NewsEnv(slate_size=1, history=2))
    PPO("MultiInputPolicy", env, n_steps=2, batch_size=2, policy_kwargs={"net_arch": [2]}, device="cpu").save(file)
    return file.getvalue()


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


class Part(nn.Module):
    """A layer."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)


SETUP = SimpleNamespace(fingerprints=lambda: {"items": "1" * 64})
CONFIG = {"world": {"world": "a", "slate_size": 3}, "seed": 7, "kind": "ppo", "settings": {"ppo": {"gamma": 0.5}}}


def test_checkpoints(tmp_path):
    save_checkpoint(tmp_path / FILE, {"ranker": Part()}, CONFIG, SETUP)
    refused = tried(lambda: load_checkpoint(tmp_path, SETUP), tmp_path / FILE, 5 * CASES)
    assert refused > 0.95 * 5 * CASES


def test_snapshots(tmp_path):
    tree = {"weights": torch.ones(3), "seeds": np.arange(4, dtype=np.uint64), "words": ["a", 1.5, None]}
    write_snapshot(tmp_path / "a.snapshot", tree)
    assert tried(lambda: read_snapshot(tmp_path / "a.snapshot"), tmp_path / "a.snapshot", 5 * CASES) > 0.95 * 5 * CASES


@pytest.mark.parametrize("name", ["world.json", "world.safetensors"])
def test_fitted_worlds(name, tmp_path):
    save_world(tmp_path / "world", made_up())
    assert tried(lambda: load_world(tmp_path / "world"), tmp_path / "world" / name, CASES) > CASES // 2


def test_tuned_folders(tmp_path):
    best = {"half_life": 24.0, "epsilon": 0.2}
    found = {"policy": "epsilon-content", "best": {**best, "trial": 1, "engagement": 3.0}, "world": {"horizon": 5}}
    (tmp_path / BEST_FILE).write_text(json.dumps({**found, "fingerprints": {"items": "1" * 64}}))
    setup = SimpleNamespace(fingerprints=SETUP.fingerprints, args=WorldArgs(horizon=6))

    def read():
        tuned(str(tmp_path))
        tuned_elsewhere(setup, str(tmp_path))

    assert tried(read, tmp_path / BEST_FILE, 2 * CASES) > CASES // 2


def test_results(tmp_path, results):  # noqa: F811
    """Every file of a comparison, its configuration too."""
    write_results(tmp_path, results)
    (tmp_path / "config.json").write_text(json.dumps({"world": "a", "fingerprints": {"items": "1" * 64}}))
    (tmp_path / "curve.csv").write_text(
        "stage,env_steps,seconds,mean_episode_engagement\nppo,0,0.5,3.5\nppo,9,1.0,4.5\n"
    )
    files = [f"{name}.csv" for name in ("episodes", "steps", "journeys")]
    for name in (*files, "summary.json", "config.json"):
        assert tried(lambda: read_compared(tmp_path), tmp_path / name, CASES // 3), name
    assert tried(lambda: read_curves([tmp_path]), tmp_path / "curve.csv", CASES)


def test_packed_results(tmp_path, results):  # noqa: F811
    pack(results, tmp_path / "run", tmp_path / "packed")
    for name in ("episodes.parquet", "journeys.parquet"):
        assert tried(lambda: read_compared(tmp_path / "packed"), tmp_path / "packed" / name, CASES // 3)


@pytest.mark.parametrize("verb", ["train", "compare", "rounds"])
def test_configurations_of_runs_to_go_on_with(verb, tmp_path):
    told = {"verb": verb, "asked": {"world": "a"}, "seed": 3}
    if verb == "rounds":
        told = stamp(Deployment(toy_plan(), toy_setup()))
    (tmp_path / "config.json").write_text(json.dumps(told))
    read = {"rounds": lambda: resumed(tmp_path)}.get(verb, lambda: begun(tmp_path, verb, FILE))
    assert tried(read, tmp_path / "config.json", CASES) > CASES // 4


def test_scorecards(tmp_path):
    (tmp_path / "score.json").write_text(json.dumps({"format": CARD_FORMAT, "policies": {"a": {"score": 1.0}}}))
    assert tried(lambda: read_score(tmp_path), tmp_path / "score.json", CASES) > CASES // 4


@pytest.mark.parametrize("part", ["data", "policy.pth", "all"])
def test_model_files(part, tmp_path, saved_model):
    """The zip of ``model.save``; and its parts under right checksums of the zip."""
    content, file = saved_model, tmp_path / "model.zip"
    file.write_bytes(content)
    if part == "all":
        assert tried(lambda: read_model(str(file)), file, CASES) > CASES // 4
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in ("data", "policy.pth")}
    (tmp_path / part).write_bytes(parts[part])

    def read():
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, (tmp_path / part).read_bytes() if name == part else data)
        read_model(str(file))

    tried(read, tmp_path / part, CASES)


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


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
def test_folders_of_language_models(name, tmp_path, causal_folder):
    shutil.copytree(causal_folder, tmp_path / "model")
    (tmp_path / "texts").mkdir()

    def read():
        TextEncoder(tmp_path / "model").encode(["red film"])

    assert tried(read, tmp_path / "model" / name, CASES // 5)


def test_the_cache_of_embeddings_costs_no_more_than_a_warning(tmp_path):
    keys = [bytes([number]) * 32 for number in range(4)]
    RowStore(tmp_path / "rows.sqlite").write(dict(zip(keys, UNIT, strict=True)))
    wrong = []

    def read():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = RowStore(tmp_path / "rows.sqlite").read(keys)
        wrong.extend(key for key, row in rows.items() if not np.array_equal(row, UNIT[keys.index(key)]))

    assert tried(read, tmp_path / "rows.sqlite", CASES) == 0
    assert not wrong


def test_the_cache_of_indices_costs_no_more_than_a_warning(tmp_path):
    vectors = np.random.default_rng(0).standard_normal((EXACT + 1, 4), np.float32)
    cached_index(vectors, tmp_path)
    (file,) = tmp_path.iterdir()

    def read():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert _read(file) is None

    assert tried(read, file, CASES) == 0


@pytest.mark.parametrize("name", [USERS, SLATES, RECORD])
def test_what_rounds_leave_to_the_next(name, tmp_path):
    arm, folder = Arm("ppo", "ppo"), RoundsFolder(tmp_path)
    place, where = Deployment(toy_plan(users=2), toy_setup()), folder.round(arm, 0)
    where.mkdir(parents=True)
    np.savez(where / USERS, **arrays_of(first_crowd(place.course, place.world(0), 2)))
    one = torch.ones(2, 3)
    save_logs(Logs({"a": one}, one, one, one, one), where / SLATES)
    (where / RECORD).write_text(json.dumps({"arm": "ppo", "round": 0, "next": "ppo-0001"}))
    read = {
        USERS: lambda: _crowd(place, folder, arm, 1),
        SLATES: lambda: load_logs(where / SLATES),
        RECORD: lambda: folder.record(arm, 0),
    }[name]
    assert tried(read, where / name, CASES // 3)
