"""Users' own vectors: what is read, and every fault that is told."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from driftrec.agents.catalogues.catalogue_folder import build_catalogue_folder, load_embeddings
from driftrec.agents.catalogues.given_vectors import GivenVectors
from driftrec.simulators.catalogue import load_catalogue

IDS = ["a", "b", "c"]
ROWS = np.array([[3.0, 4.0], [0.0, 2.0], [1.0, 0.0]], np.float32)
UNIT = np.array([[0.6, 0.8], [0.0, 1.0], [1.0, 0.0]], np.float32)


def npy(path, rows=ROWS, ids=None):
    np.save(path / "v.npy", rows)
    if ids is not None:
        (path / "v.npy.ids.txt").write_text("\n".join(ids), encoding="utf-8")
    return path / "v.npy"


def tensors(path, rows=ROWS, ids=IDS, name="embeddings"):
    save_file({name: rows}, path / "v.safetensors", {"ids": json.dumps(ids)})
    return path / "v.safetensors"


def parquet(path, rows=ROWS, ids=IDS, **columns):
    pq.write_table(pa.table(columns or {"id": ids, "embedding": list(rows)}), path / "v.parquet")
    return path / "v.parquet"


@pytest.mark.parametrize("write", [npy, tensors, parquet])
def test_rows_come_by_id_at_length_one(write, tmp_path):
    file = write(tmp_path, ids=IDS)
    found = GivenVectors(file).of(["c", "a", "b"])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, UNIT[[2, 0, 1]], rtol=1e-6)


def test_rows_without_ids_are_those_of_the_items_file(tmp_path):
    np.testing.assert_allclose(GivenVectors(npy(tmp_path)).of(["x", "y", "z"]), UNIT, rtol=1e-6)


def test_other_numbers_or_ids_have_another_fingerprint(tmp_path):
    prints = {GivenVectors(npy(tmp_path, rows, ids)).fingerprint for rows, ids in ((ROWS, IDS), (2 * ROWS, IDS))}
    assert len(prints | {GivenVectors(npy(tmp_path, ROWS, ["a", "b", "d"])).fingerprint}) == 3


def damaged(path):
    (path / "v.npy").write_bytes(b"no array")
    return path / "v.npy"


def other(path):
    (path / "v.txt").write_text("1 2")
    return path / "v.txt"


FAULTS = [
    (lambda path: path / "none.npy", r"There is no file of embeddings .*none\.npy"),
    (other, r"v\.txt is none of \.npy, \.safetensors and \.parquet"),
    (damaged, r"v\.npy is no array of numpy .*numpy\.save"),
    (lambda path: npy(path, ROWS[0]), r"array of shape \(2,\); give \(rows, dims\)"),
    (lambda path: npy(path, np.array([["x"]])), "holds <U1; give numbers"),
    (lambda path: npy(path, ROWS[:2]), r"2 rows for 3 items, and no ids.*v\.npy\.ids\.txt"),
    (lambda path: npy(path, ids=["a", "b"]), "3 rows and 2 ids; give one id a row"),
    (lambda path: npy(path, ids=["a", "b", "a"]), "id 'a' in rows 0 and 2; give each id once"),
    (lambda path: npy(path, ids=["a", "b", "d"]), "has no row for 'c'. Add them, or leave the items out"),
    (lambda path: npy(path, np.vstack([ROWS, ROWS[:1]]), [*IDS, "e"]), "rows that are no items: 'e'. Leave them out"),
    (lambda path: npy(path, ROWS * [[1], [np.nan], [1]]), r"row 1 \(item 'b'\) holds NaN or infinity"),
    (lambda path: npy(path, ROWS * [[1], [1], [0]]), r"row 2 \(item 'c'\) holds only zeros"),
    (lambda path: parquet(path, [[1.0, 2.0], [1.0], [2.0, 3.0]]), r"row 1 \(item 'b'\) has 1 numbers.*first has 2"),
    (lambda path: parquet(path, x=IDS), r"has columns \['x'\]; give 'id' and one of"),
    (lambda path: parquet(path, id=IDS, vector=IDS), "column 'vector' is string; give lists of numbers"),
]


@pytest.mark.parametrize(("write", "message"), FAULTS)
def test_faults_name_the_place_and_the_remedy(write, message, tmp_path):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        GivenVectors(write(tmp_path)).of(IDS)


def test_a_folder_of_given_vectors_is_read_again_with_people_at_what_they_name(csv, tmp_path):
    vectors = np.random.default_rng(0).standard_normal((12, 5)).astype(np.float32)
    np.save(tmp_path / "v.npy", vectors)
    catalogue, personas = build_catalogue_folder(csv, tmp_path / "out", GivenVectors(tmp_path / "v.npy"), seed=0)
    items, people, fingerprint = load_embeddings(tmp_path / "out", *load_catalogue(tmp_path / "out"))
    assert fingerprint == GivenVectors(tmp_path / "v.npy").fingerprint
    np.testing.assert_allclose(items, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), rtol=1e-5)
    for text, vector in zip(personas.texts, people, strict=True):
        named = [i for i, title in enumerate(catalogue.titles) if f'"{title[:80]}"' in text]
        mean = items[named].mean(axis=0)
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), rtol=1e-4, atol=1e-5)
