"""Representations of a setting: hashed words, the truth, a decoder that may be missing."""

import numpy as np
import pytest

from driftrec.agents.catalogues.representations import HASHED_DIMS, hashed, represented, told_items, vectors
from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.text import packaged_models
from driftrec.simulators.clips import generate_clips, generate_viewers


@pytest.fixture(scope="module")
def setting():
    rows = np.eye(40, 8, dtype=np.float32)
    return Setting(generate_clips(40), generate_viewers(10), rows, rows[:10], "none")


@pytest.mark.parametrize("name", ["text", "ids", "random"])
def test_what_is_no_embedding_leaves_the_setting_as_it_is(setting, name):
    assert represented(setting, name) is setting


def test_hashed_words_are_unit_rows_that_share_what_the_texts_share(setting):
    made = represented(setting, "hashing")
    assert made.item_embeddings.shape == (40, HASHED_DIMS)
    assert made.persona_embeddings.shape == (10, HASHED_DIMS)
    np.testing.assert_allclose(np.linalg.norm(made.item_embeddings, axis=1), 1.0, atol=1e-5)
    one, near, far = hashed(["a red film of cats", "a blue film of cats", "quarterly interest rates"])
    assert one @ near > 0.4 > 0.2 > abs(one @ far)
    np.testing.assert_array_equal(hashed(["a red film of cats"])[0], one)  # whatever else there is


def test_the_truth_is_told_whole(setting):
    made = represented(setting, "latents")
    catalogue, dims = setting.catalogue, setting.catalogue.latent.shape[1]
    np.testing.assert_allclose(made.item_embeddings[:, :dims] / np.sqrt(dims), catalogue.latent, rtol=1e-5)
    np.testing.assert_array_equal(made.item_embeddings[:, dims], catalogue.quality)
    np.testing.assert_array_equal(made.item_embeddings[:, dims + 1], catalogue.allure)
    np.testing.assert_array_equal(made.persona_embeddings, setting.personas.interest)
    assert told_items(catalogue).dtype == np.float32


def test_a_decoder_that_is_missing_names_the_extra(setting, monkeypatch):
    gone = packaged_models.PACKAGED["smollm2"]._replace(package="no_such_package")
    monkeypatch.setitem(packaged_models.PACKAGED, "smollm2", gone)
    with pytest.raises(FileNotFoundError, match=r"driftrec\[llm\]"):
        represented(setting, "smollm2")


def test_sentences_are_read_as_the_representation_reads_texts():
    np.testing.assert_array_equal(vectors(["a red film"], "hashing"), hashed(["a red film"]))
