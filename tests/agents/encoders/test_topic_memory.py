"""What a user was shown and opened of a topic moves the vector of that topic."""

import numpy as np
import pytest
import torch

from driftrec.agents.encoders.item_tables import persona_table
from driftrec.agents.encoders.topic_memory import TopicMemory
from driftrec.agents.ranker.protocol import as_tensors

TOPICS = 4
OF = np.arange(50) % TOPICS  # of items 10 and 14 topic 2, of 11 topic 3, of 12 topic 0, of 13 topic 1


@pytest.fixture
def memory(make_context):
    torch.manual_seed(0)
    return TopicMemory(OF, persona_table(make_context(), "text", 0)).eval()


def observation(**changes):
    """One user who was shown items of topics 2, 3, 0, 1 and opened the first and the last."""
    fields = {
        "persona": np.array([[3]], np.int32),
        "shown": np.array([[-1, 10, 11, 12, 13]], np.int32),
        "clicked": np.array([[0, 1, 0, 0, 1]], np.int8),
        "engagement": np.array([[0, 2, 0, 0, 3]], np.float32),
        "age": np.array([[0, 30, 30, 30, 1]], np.float32),
        "read_items": np.array([[-1, 10, 13]], np.int32),
        "read_minutes": np.array([[0, 2, 3]], np.float32),
        "read_age": np.array([[0, 30, 1]], np.float32),
        "clock": np.array([[31.0, 2.0, 1.0, 3.0]], np.float32),
    }
    return {**fields, **changes}


def vectors(memory, **changes):
    with torch.inference_mode():
        return memory(as_tensors(observation(**changes))).numpy()[0]  # (topics, dims)


def moved(memory, topic, **changes):
    return float(np.abs(vectors(memory, **changes) - vectors(memory))[topic].max())


TELLS = {
    "another item of the topic opened": {"clicked": np.array([[0, 1, 1, 0, 1]], np.int8)},
    "read for longer": {"engagement": np.array([[0, 2, 9, 0, 3]], np.float32)},
    "shown another topic": {"shown": np.array([[-1, 10, 12, 12, 13]], np.int32)},
    "shown it lately": {"age": np.array([[0, 30, 1, 30, 1]], np.float32)},
    "read of it": {"read_items": np.array([[-1, 11, 13]], np.int32)},
    "another persona": {"persona": np.array([[4]], np.int32)},
    "another hour": {"clock": np.array([[99.0, 2.0, 1.0, 3.0]], np.float32)},
}


@pytest.mark.parametrize("change", TELLS.values(), ids=TELLS.keys())
def test_whatever_tells_of_a_topic_moves_its_vector(memory, change):
    assert moved(memory, 3, **change) > 1e-3


SAME = {
    "another item of the same topic": {"shown": np.array([[-1, 14, 11, 12, 13]], np.int32)},
    "age of what never happened": {"age": np.array([[77, 30, 30, 30, 1]], np.float32)},
    "age of what was never read": {"read_age": np.array([[77, 30, 1]], np.float32)},
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_what_says_nothing_of_topics_leaves_all_vectors(memory, change):
    np.testing.assert_array_equal(vectors(memory, **change), vectors(memory))


def counts_by_hand(topic, ages, half_life):
    """What is left of events of the topic ``ages`` hours ago."""
    return sum(2.0 ** (-age / half_life) for of, age in ages if of == topic)


def test_counts_by_hand(memory):
    """Fading counts of impressions and of openings, and the hours since the last of either."""
    with torch.inference_mode():
        read = memory._read(as_tensors(observation())).numpy()[0]  # (topics, width)
    lives = (0.5, 8.0, 96.0, 2000.0)
    shown, opened = [(2, 30.0), (3, 30.0), (0, 30.0), (1, 1.0)], [(2, 30.0), (1, 1.0)]
    for topic in range(TOPICS):
        of_shown = [counts_by_hand(topic, shown, life) for life in lives]
        of_opened = [counts_by_hand(topic, opened, life) for life in lives]
        share = [(n + 0.5) / (of + 2.0) for n, of in zip(of_opened, of_shown, strict=True)]
        np.testing.assert_allclose(read[topic, :8], np.log1p([*of_shown, *of_opened]), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(read[topic, 20:24], np.log(share), rtol=1e-5)
    np.testing.assert_allclose(read[:, 48], np.log1p([30.0, 1.0, 30.0, 30.0]), rtol=1e-6)
    np.testing.assert_allclose(read[:, 49], np.log1p([1e4, 1.0, 30.0, 1e4]), rtol=1e-6)


def test_a_users_vectors_do_not_depend_on_who_else_is_there(memory):
    many = {name: np.concatenate([value, np.roll(value, 1, axis=1)]) for name, value in observation().items()}
    with torch.inference_mode():
        both = memory(as_tensors({**many, "persona": np.array([[3], [7]], np.int32)})).numpy()
    np.testing.assert_allclose(both[0], vectors(memory), atol=1e-5)


def test_learning_reaches_half_lives_and_what_personas_say(memory):
    memory(as_tensors(observation())).square().sum().backward()
    for name, parameter in memory.named_parameters():
        assert parameter.grad.abs().sum() > 0, name
