"""Model files of stable-baselines3 are read without running anything that they hold."""

import base64
import json
import pickle
import re
import zipfile

import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, PPO
from torch import nn

from driftrec.agents.stock.model_file import read_model
from driftrec.envs import NewsEnv, OneItem


class Own(nn.Module):
    """An activation of the user's."""

    def forward(self, given):
        return given


@pytest.fixture(scope="module")
def env():
    return OneItem(NewsEnv(slate_size=1, history=2))


@pytest.fixture(scope="module")
def saved(env, tmp_path_factory):
    """A model and its file."""
    path = tmp_path_factory.mktemp("model") / "model.zip"
    model = PPO("MultiInputPolicy", env, n_steps=2, batch_size=2, policy_kwargs={"net_arch": [4]}, device="cpu")
    model.save(path)
    return model, path


def rewritten(path, to, **changes):
    """The file with other parts; each is made of what it was, None leaves it out."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            change = changes.get(name.partition(".pth")[0], lambda data: data)
            if change is not None:
                new.writestr(name, change(old.read(name)))
    return str(to)


def changed(**changes):
    """A change of the JSON part."""
    return lambda data: json.dumps({**json.loads(data), **changes})


def test_weights_and_shapes_are_told(saved):
    model, path = saved
    told = read_model(str(path))
    assert (told.actions, told.action_shape, told.options) == ("Discrete", (), {"net_arch": [4]})
    assert told.fields == set(model.observation_space.spaces)
    for name, value in model.policy.state_dict().items():
        assert torch.equal(told.weights[name], value), name


class Bomb:
    """Whoever unpickles it leaves a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_nothing_in_the_file_is_run(saved, tmp_path):
    bomb = base64.b64encode(pickle.dumps(Bomb(tmp_path / "ran"))).decode()
    assert not (tmp_path / "ran").exists()

    def armed(data):
        parts = json.loads(data)
        found = [part for part in parts.values() if isinstance(part, dict) and ":serialized:" in part]
        assert len(found) > 3
        for part in found:
            part[":serialized:"] = bomb
        return json.dumps(parts)

    assert read_model(rewritten(saved[1], tmp_path / "armed.zip", data=armed)).actions == "Discrete"
    with pytest.raises(ValueError, match="is damaged"):
        read_model(rewritten(saved[1], tmp_path / "w.zip", policy=lambda data: pickle.dumps(Bomb(tmp_path / "ran"))))
    assert not (tmp_path / "ran").exists()
    pickle.loads(base64.b64decode(bomb))
    assert (tmp_path / "ran").exists()  # it would have been seen


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
def test_a_known_activation_is_known_by_its_name_and_optimisers_are_left_out(env, activation, tmp_path):
    model = A2C("MultiInputPolicy", env, policy_kwargs={"activation_fn": activation, "net_arch": [4]}, device="cpu")
    model.save(tmp_path / "model.zip")
    assert read_model(str(tmp_path / "model.zip")).options == {"activation_fn": activation, "net_arch": [4]}


def test_what_only_running_the_file_tells_is_refused(env, tmp_path):
    PPO("MultiInputPolicy", env, policy_kwargs={"activation_fn": Own}, device="cpu").save(tmp_path / "model.zip")
    with pytest.raises(
        ValueError, match=r"has activation_fn=<class '.*Own'>, which only running it tells. Serve it fr"
    ):
        read_model(str(tmp_path / "model.zip"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": None}, "is no file of stable-baselines3's model.save, or is damaged: .*data"),
        ({"policy": None}, "is damaged: .*policy.pth"),
        ({"data": lambda data: b"\xff\x00"}, "is damaged"),
        ({"data": lambda data: "[]"}, "is damaged"),
        ({"data": lambda data: data[:-9]}, "is damaged"),
        ({"policy": lambda data: data[: len(data) // 2]}, "is damaged"),
        ({"data": changed(action_space={":type:": "<class 'mine.Space'>"})}, "a space is <class 'mine.Space'>"),
        (
            {"data": changed(policy_class={"__module__": "mine"})},
            "The policy class of .* is mine's, which only running",
        ),
    ],
)
def test_damaged_files_are_refused_by_name(saved, changes, message, tmp_path):
    path = rewritten(saved[1], tmp_path / "other.zip", **changes)
    with pytest.raises(ValueError, match=rf"{re.escape(path)}.*|.*{message}") as caught:
        read_model(path)
    assert re.search(message, str(caught.value))
    assert path in str(caught.value)


def test_no_file_and_no_zip_are_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*none.zip; give what model.save\(path\) wrote"):
        read_model(str(tmp_path / "none.zip"))
    (tmp_path / "text.zip").write_text("hello")
    with pytest.raises(ValueError, match="is no file of stable-baselines3's"):
        read_model(str(tmp_path / "text.zip"))
    with pytest.raises(ValueError, match="is no file of stable-baselines3's"):
        read_model(str(tmp_path))


def test_mutated_bytes_end_in_a_value_error_or_in_tensors(saved, tmp_path):
    good, rng = bytearray(saved[1].read_bytes()), np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        data = good.copy()
        for place in rng.integers(len(data), size=rng.integers(1, 30)):
            data[place] = rng.integers(256)
        (tmp_path / "mutated.zip").write_bytes(data[: rng.integers(len(data) // 2, len(data) + 1)])
        try:
            read_model(str(tmp_path / "mutated.zip"))
        except ValueError:
            refused += 1
    assert refused > 100
