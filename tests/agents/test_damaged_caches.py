"""Folders of language models, and caches, mutated: see ``test_damaged_files.py``."""

import shutil
import warnings

import numpy as np
import pytest

from driftrec.agents.retrieval.index import EXACT
from driftrec.agents.retrieval.index_cache import _read, cached_index
from driftrec.agents.text.embedding_cache import RowStore
from driftrec.agents.text.text_encoder import TextEncoder
from tests.agents.evaluation.conftest import episodes, journeys, results, shown, steps, summary  # noqa: F401
from tests.damaged import tried

CASES = 150
"""A file."""

UNIT = np.eye(4, dtype=np.float32)


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
