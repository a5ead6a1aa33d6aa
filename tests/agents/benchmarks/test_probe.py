"""Linear probes: what is there is found, what is not is not, and nothing of the held-out rows leaks."""

import json

import numpy as np
import pytest

from driftrec.agents.benchmarks import probe as module
from driftrec.agents.benchmarks.measure import Row
from driftrec.agents.benchmarks.probe import (
    Probe,
    encoding_cost,
    held_out,
    probe,
    probe_table,
    r_squared,
    subtopic_score,
    topic_auc,
    with_cost,
    write_probes,
)
from driftrec.simulators.clips import generate_clips, generate_viewers


@pytest.fixture(scope="module")
def clips():
    """Items and people; texts that tell topics by their words."""
    return generate_clips(300), generate_viewers(100)


@pytest.fixture(scope="module")
def found(clips):
    rows = np.arange(0, 300, 1)
    return {name: probe(name, *clips, rows) for name in ("hashing", "random", "ids", "latents")}


def test_the_truth_is_found_whole(found):
    scores = found["latents"].scores
    assert all(value == pytest.approx(1.0, abs=0.01) for value in scores.values()), scores


@pytest.mark.parametrize("name", ["random", "ids"])
def test_what_means_nothing_finds_nothing(found, name):
    scores = found[name].scores
    assert scores["topic"] == pytest.approx(0.5, abs=0.06)
    for what in ("latent", "quality", "allure", "interest"):
        assert -0.1 < scores[what] < 0.05


def test_words_tell_topics_and_part_of_the_latents(found, clips):
    scores = found["hashing"].scores
    assert scores["topic"] > 0.85
    assert 0.1 < scores["latent"] < subtopic_score(clips[0], np.arange(300)) + 0.05
    assert scores["interest"] > 0.05


def test_held_out_rows_are_judged_once_by_what_has_not_met_them():
    generator = np.random.default_rng(0)
    inputs, targets = np.eye(60), generator.normal(size=(60, 1))
    pairs = list(held_out(inputs, targets, 0))
    assert sorted(np.concatenate([true for true, _ in pairs]).ravel()) == sorted(targets.ravel())
    for true, guess in pairs:
        assert guess.shape == true.shape == (12, 1)
        assert np.ptp(guess) < 1e-6  # an own column that was never met says nothing


@pytest.mark.parametrize(
    ("guess", "expected"),
    [([[1.0], [2.0], [3.0]], 1.0), ([[2.0], [2.0], [2.0]], 0.0), ([[3.0], [2.0], [1.0]], -3.0)],
)
def test_r_squared(guess, expected):
    assert r_squared(np.array([[1.0], [2.0], [3.0]]), np.array(guess)) == pytest.approx(expected)


def test_topics_that_nobody_has_are_left_out_of_the_mean():
    true = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0]])
    guess = np.array([[0.9, 0.5, 0.0], [0.1, 0.4, 0.0], [0.8, 0.1, 0.0]])
    assert topic_auc(true, guess) == pytest.approx((1.0 + 0.5) / 2)


def test_costs_are_measured_past_the_cache_and_only_where_texts_are_read(monkeypatch):
    rate, memory = encoding_cost("hashing", ("a red film", "a blue song"))
    assert (rate.unit, memory.unit) == ("texts/s", "MB")
    assert rate.per_cpu > 0
    assert memory.value > 10
    taken = []

    def alone(measurement):
        taken.append(measurement)
        return [Row("probe", "x", 5.0, "texts/s", per_cpu=7.0), Row("probe", "x", 90.0, "MB")]

    monkeypatch.setattr(module, "alone", alone)
    plain = dict.fromkeys(module.PREDICTED, 0.0)
    told = with_cost(Probe("hashing", 4, plain, plain), ["a"])
    assert (told.rate, told.memory) == (7.0, 90.0)
    assert with_cost(Probe("ids", 4, plain, plain), ["a"]).rate is None
    assert len(taken) == 1


def test_table_and_json(found, tmp_path):
    write_probes([found["hashing"], found["latents"]], 0.61, {"world": "W"}, tmp_path)
    lines = (tmp_path / "probe.md").read_text().splitlines()
    assert lines[0].startswith("| representation | dims | latent R2 | topic AUC |")
    assert lines[2].startswith("| hashing | 1024 | 0.")
    assert lines[3].startswith("| latents * | 18 | 1.0")
    assert "0.610 of latent" in lines[-1]
    assert "\n".join(lines) + "\n" == probe_table([found["hashing"], found["latents"]], 0.61)
    told = json.loads((tmp_path / "probe.json").read_text())
    assert (told["world"], [each["name"] for each in told["probes"]]) == ("W", ["hashing", "latents"])
