"""What moves a state vector, and what does not."""

import numpy as np
import pytest
import torch

from driftrec.agents.encoders.item_tables import item_table, persona_table
from driftrec.agents.encoders.state_encoder import StateEncoder
from driftrec.agents.ranker.protocol import as_tensors


@pytest.fixture
def encoder(make_context):
    context = make_context()
    torch.manual_seed(0)
    return StateEncoder(item_table(context, "text", 0), persona_table(context, "text", 0)).eval()


def observation(**changes):
    """One user who was shown six items and read two of them, 1 and 30 hours ago."""
    fields = {
        "persona": np.array([[3]], np.int32),
        "shown": np.array([[-1, 10, 11, 12, 13, 14]], np.int32),
        "clicked": np.array([[0, 1, 0, 0, 1, 0]], np.int8),
        "engagement": np.array([[0, 2, 0, 0, 3, 0]], np.float32),
        "age": np.array([[0, 30, 30, 30, 1, 1]], np.float32),
        "read_items": np.array([[-1, -1, 10, 13]], np.int32),
        "read_minutes": np.array([[0, 0, 2, 3]], np.float32),
        "read_age": np.array([[0, 0, 30, 1]], np.float32),
        "clock": np.array([[31.0, 2.0, 1.0, 3.0]], np.float32),
    }
    return {**fields, **changes}


def state(encoder, **changes):
    with torch.inference_mode():
        return encoder(as_tensors(observation(**changes))).numpy()[0]


def moved(encoder, **changes):
    return float(np.abs(state(encoder, **changes) - state(encoder)).max())


CHANGES = {
    "another persona": {"persona": np.array([[4]], np.int32)},
    "another item read": {"read_items": np.array([[-1, -1, 10, 40]], np.int32)},
    "nothing read": {"read_items": np.full((1, 4), -1, np.int32), "read_minutes": np.zeros((1, 4), np.float32)},
    "read for longer": {"read_minutes": np.array([[0, 0, 2, 9]], np.float32)},
    "read long ago": {"read_age": np.array([[0, 0, 30, 20]], np.float32)},
    "another item passed over": {"shown": np.array([[-1, 10, 11, 12, 13, 40]], np.int32)},
    "opened, not passed over": {"clicked": np.array([[0, 1, 1, 0, 1, 0]], np.int8)},
    "passed over long ago": {"age": np.array([[0, 30, 30, 30, 1, 20]], np.float32)},
    "another hour": {"clock": np.array([[99.0, 2.0, 1.0, 3.0]], np.float32)},
    "another session": {"clock": np.array([[31.0, 9.0, 1.0, 3.0]], np.float32)},
    "another step": {"clock": np.array([[31.0, 2.0, 9.0, 3.0]], np.float32)},
    "more minutes": {"clock": np.array([[31.0, 2.0, 1.0, 30.0]], np.float32)},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_tells_of_the_user_moves_the_state(encoder, change):
    assert moved(encoder, **change) > 1e-3


def reordered(order, names):
    return {name: observation()[name][:, order] for name in names}


SAME = {
    "order of impressions": reordered([0, 3, 1, 2, 5, 4], ("shown", "clicked", "engagement", "age")),
    "order of reads": reordered([3, 0, 2, 1], ("read_items", "read_minutes", "read_age")),
    "an impression that was opened": {"shown": np.array([[-1, 40, 11, 12, 13, 14]], np.int32)},
    "age of what never happened": {"age": np.array([[77, 30, 30, 30, 1, 1]], np.float32)},
    "age of what was never read": {"read_age": np.array([[77, 5, 30, 1]], np.float32)},
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_whatever_tells_nothing_leaves_the_state(encoder, change):
    assert moved(encoder, **change) < 1e-5


@pytest.mark.parametrize(
    "changes",
    [
        lambda age: {"read_items": np.array([[-1, -1, 10, 40]], np.int32), "read_age": np.array([[0, 0, 30, age]])},
        lambda age: {
            "shown": np.array([[-1, 10, 11, 12, 13, 40]], np.int32),
            "age": np.array([[0, 30, 30, 30, 1, age]]),
        },
    ],
    ids=["reads", "impressions"],
)
def test_old_events_fade(encoder, changes):
    """Which item it was matters less the longer ago it was, and at last not at all."""
    differences = []
    for age in (1.0, 24.0, 24.0 * 7, 24.0 * 60):
        now = {name: value.astype(observation()[name].dtype) for name, value in changes(age).items()}
        before = {name: value for name, value in now.items() if "age" in name}
        differences.append(float(np.abs(state(encoder, **now) - state(encoder, **before)).max()))
    assert differences[0] > differences[1] > differences[2] > differences[3]
    assert differences[3] < 1e-5


def test_a_users_state_does_not_depend_on_who_else_is_there(encoder):
    many = {name: np.concatenate([value, np.roll(value, 1, axis=1), value]) for name, value in observation().items()}
    with torch.inference_mode():
        states = encoder(as_tensors({**many, "persona": np.array([[3], [7], [3]], np.int32)})).numpy()
    np.testing.assert_allclose(states[[0, 2]], [state(encoder)] * 2, atol=1e-5)
    assert np.abs(states[1] - states[0]).max() > 1e-3


def test_learning_reaches_half_lives_and_projections(encoder):
    encoder(as_tensors(observation())).square().sum().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad.abs().sum() > 0, name
