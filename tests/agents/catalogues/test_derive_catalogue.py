"""The derive rule: hidden columns and an audience for items that are known by their texts only."""

import re
from itertools import pairwise

import numpy as np
import pytest

from driftrec.agents.catalogues.derive_catalogue import OTHER_TOPIC, derive_catalogue, derive_personas, text_positions
from driftrec.agents.catalogues.read_items import ReadItems


def random_items(n: int, topics: tuple[str, ...] | None = None) -> tuple[ReadItems, np.ndarray]:
    titles = tuple(f"{['red', 'blue', 'green'][i % 3]} thing number {i}" for i in range(n))
    items = ReadItems(tuple(map(str, range(n))), titles, ("",) * n, topics or ("",) * n)
    vectors = np.random.default_rng(0).standard_normal((n, 32)) * np.linspace(3, 0.1, 32)
    return items, vectors.astype(np.float32)


def test_true_positions_keep_a_known_distance_from_the_text():
    items, vectors = random_items(200)
    for share in (0.8, 0.3, 1.0):
        catalogue, *_ = derive_catalogue(items, vectors, seed=1, text_share=share)
        cosines = (catalogue.latent * text_positions(vectors, 16)).sum(axis=1)
        np.testing.assert_allclose(cosines, share, atol=1e-5)


def test_same_seed_same_world_other_seed_another():
    items, vectors = random_items(60)
    one, people, _ = derive_catalogue(items, vectors, seed=5)
    again, people_again, _ = derive_catalogue(items, vectors, seed=5)
    other, other_people, _ = derive_catalogue(items, vectors, seed=6)
    assert one.fingerprint() == again.fingerprint()
    assert people.fingerprint() == people_again.fingerprint()
    assert one.fingerprint() != other.fingerprint()
    assert people.fingerprint() != other_people.fingerprint()


def test_audience_size_does_not_change_the_items():
    items, vectors = random_items(60)
    few = derive_catalogue(items, vectors, seed=5, num_personas=3)
    many = derive_catalogue(items, vectors, seed=5, num_personas=40)
    assert few[0].fingerprint() == many[0].fingerprint()
    assert many[1].texts[:3] == few[1].texts


def test_hidden_columns_have_the_documented_distribution():
    catalogue, *_ = derive_catalogue(*random_items(4000), seed=2, num_topics=2, num_personas=1)
    # Standard errors at n = 4000: correlation 0.012, mean 0.016, deviation 0.011. Bounds: four or more.
    assert np.corrcoef(catalogue.quality, catalogue.allure)[0, 1] == pytest.approx(-0.5, abs=0.05)
    assert [catalogue.quality.mean(), catalogue.allure.mean()] == pytest.approx([0, 0], abs=0.064)
    assert [catalogue.quality.std(), catalogue.allure.std()] == pytest.approx([1, 1], abs=0.064)
    assert np.median(catalogue.minutes) == pytest.approx(3.5, abs=0.15)
    assert (catalogue.minutes.min(), catalogue.minutes.max()) == (1.0, 10.0)


def test_own_topics_are_kept_and_missing_ones_are_other():
    items, vectors = random_items(4, ("War", "", "Art", "War"))
    catalogue, *_ = derive_catalogue(items, vectors, seed=0)
    assert [catalogue.topic_names[t] for t in catalogue.topic] == ["War", OTHER_TOPIC, "Art", "War"]


def test_clusters_are_found_and_named_by_their_words():
    n = 30
    titles = tuple(f"{'goat' if i % 2 else 'violin'} {'xyz'[i % 3]}" for i in range(n))
    items = ReadItems(tuple(map(str, range(n))), titles, ("",) * n, ("",) * n)
    vectors = np.random.default_rng(0).standard_normal((n, 8)) * 0.01
    vectors[1::2, 0] += 1.0
    catalogue, *_ = derive_catalogue(items, vectors.astype(np.float32), seed=0, num_topics=2)
    assert {catalogue.topic_names[t] for t in catalogue.topic[1::2]} == {"goat"}
    assert {catalogue.topic_names[t] for t in catalogue.topic[0::2]} == {"violin"}


@pytest.mark.parametrize("titles", [("日本", "1984", "...", "2001"), ("same", "same", "same", "same")])
def test_topic_names_differ_even_without_words(titles):
    _, vectors = random_items(8)
    items = ReadItems(tuple("12345678"), titles * 2, ("",) * 8, ("",) * 8)
    catalogue, *_ = derive_catalogue(items, vectors, seed=0, num_topics=3)
    assert len(set(catalogue.topic_names)) == 3


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n", [2, 5, 12])
def test_small_catalogues(n):
    items, vectors = random_items(n)
    catalogue, personas, _ = derive_catalogue(items, vectors, seed=0)
    assert catalogue.latent.shape == (n, 16)
    assert len(set(personas.texts)) == personas.num_personas
    assert personas.num_personas == 320 or n == 2


@pytest.mark.parametrize(("n", "topics"), [(2, 1), (5, 2), (12, 3), (30, 5), (100, 10), (400, 20), (900, 20)])
def test_few_items_make_few_topics(n, topics):
    assert derive_catalogue(*random_items(n), seed=0, num_personas=1)[0].num_topics == topics


@pytest.mark.filterwarnings("error")
def test_texts_that_are_all_equal():
    items, vectors = random_items(6)
    catalogue, *_ = derive_catalogue(items, np.ones_like(vectors), seed=0)
    assert catalogue.num_topics == 1
    np.testing.assert_allclose(np.linalg.norm(catalogue.latent, axis=1), 1.0, atol=1e-5)


def test_text_positions_divide_each_component_by_the_root_of_its_deviation():
    _, vectors = random_items(200)
    centred = vectors.astype(float) - vectors.mean(axis=0, dtype=float)
    left, strength, _ = np.linalg.svd(centred, full_matrices=False)
    scores = (left * strength)[:, :16]
    expected = scores / np.sqrt(scores.std(axis=0))
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    positions = text_positions(vectors, 16)
    np.testing.assert_allclose(positions @ positions.T, expected @ expected.T, atol=1e-6)  # components have no sign


def named_anchors(text):
    """Items of ``random_items`` that a persona's text names, in its order."""
    return [int(number) for number in re.findall(r'"\w+ thing number (\d+)"', text)]


def test_an_interest_is_half_anchors_half_topics_with_falling_weights_in_the_texts_order():
    catalogue, personas, _ = derive_catalogue(*random_items(100), seed=3, num_topics=8)
    means = np.array([catalogue.latent[catalogue.topic == t].mean(axis=0) for t in range(8)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    first = []
    for text, interest in zip(personas.texts, personas.interest, strict=True):
        anchors = named_anchors(text)
        parts = 0.5 * catalogue.latent[anchors] + 0.5 * means[catalogue.topic[anchors]]
        weights, *_ = np.linalg.lstsq(parts.T, interest, rcond=None)
        np.testing.assert_allclose(weights @ parts, interest, atol=1e-5, err_msg=text)
        assert weights[-1] > 0, text
        assert all(heavier >= lighter for heavier, lighter in pairwise(weights)), (text, weights)
        assert len(set(anchors)) == len(anchors) <= 4
        assert len(set(catalogue.topic[anchors])) <= 3
        if len(anchors) == 2:
            first.append(weights[0] / weights.sum())
    assert len(set(personas.texts)) == 320
    # The larger of two flat Dirichlet weights is uniform in [1/2, 1], with standard deviation 0.144.
    assert abs(np.mean(first) - 0.75) < 4.5 * 0.144 / np.sqrt(len(first))


def test_topics_are_drawn_in_proportion_to_the_root_of_their_size():
    """900 items to 100: the larger topic is drawn first with chance 3 / (3 + 1)."""
    topics = ("Small",) * 100 + ("Large",) * 900
    catalogue, *_ = derive_catalogue(*random_items(1000, topics), seed=0, num_personas=1)
    people = derive_personas(catalogue, 600, np.random.default_rng(1))
    large = [named_anchors(text)[0] >= 100 for text in people.texts]
    # Beside 4.5 standard errors 0.01, for texts drawn twice and kept once: mostly of one small anchor, some 2 in 600.
    assert abs(np.mean(large) - 0.75) < 4.5 * np.sqrt(0.75 * 0.25 / 600) + 0.01


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dims": 1}, "dims is 1"),
        ({"num_topics": 0}, "num_topics 0"),
        ({"num_personas": 0}, "num_personas 0"),
        ({"text_share": 1.2}, "text_share 1.2"),
    ],
)
def test_bad_settings(changes, message):
    items, vectors = random_items(10)
    with pytest.raises(ValueError, match=message):
        derive_catalogue(items, vectors, seed=0, **changes)


def test_bad_item_counts():
    items, vectors = random_items(10)
    with pytest.raises(ValueError, match=r"shape \(9, 32\) for 10 items"):
        derive_catalogue(items, vectors[:9], seed=0)
    with pytest.raises(ValueError, match="1 item does not make a catalogue"):
        derive_catalogue(*random_items(1), seed=0)
