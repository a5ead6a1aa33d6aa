"""Checkpoints: what they hold, what they need to be loaded, and what is refused."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.runs.checkpoint import CHECKSUM, FILE, load_checkpoint, read_config, save_checkpoint
from driftrec.agents.runs.folders import LIBRARIES
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from driftrec.simulators.catalogue import Catalogue, Personas

CONFIG = {"world": {"slate_size": 3}, "seed": 7, "settings": {"a": [1, 2.5, "text", None]}}


class Part(nn.Module):
    """A layer and a frozen table that a checkpoint leaves out."""

    def __init__(self, width=3):
        super().__init__()
        self.layer = nn.Linear(4, width)
        self.register_buffer("table", torch.ones(1000, 50), persistent=False)


@pytest.fixture
def setting():
    unit = np.eye(3, dtype=np.float32)
    numbers = np.ones(3, np.float32)
    texts = ("a", "b", "c")
    catalogue = Catalogue(
        texts, texts, texts, ("t",), ("",) * 3, np.zeros(3, np.int64), unit, numbers, numbers, numbers
    )
    return Setting(catalogue, Personas(texts, unit), unit, unit, "encoder 1")


@pytest.fixture
def saved(tmp_path, setting):
    torch.manual_seed(0)
    parts = {"first": Part(), "second": Part()}
    save_checkpoint(tmp_path / "run" / FILE, parts, CONFIG, setting)
    return parts, tmp_path / "run"


@pytest.mark.parametrize("name", ["", FILE])
def test_weights_come_back_from_folder_and_file(saved, setting, name):
    parts, run = saved
    checkpoint = load_checkpoint(run / name, setting)
    for part in parts:
        fresh = Part()
        assert not torch.equal(fresh.layer.weight, parts[part].layer.weight)
        checkpoint.load_into(part, fresh)
        assert torch.equal(fresh.layer.weight, parts[part].layer.weight)
        assert torch.equal(fresh.layer.bias, parts[part].layer.bias)


def test_config_and_versions_are_inside(saved, setting):
    _, run = saved
    checkpoint = load_checkpoint(run, setting)
    assert checkpoint.config == read_config(run) == CONFIG
    assert set(checkpoint.versions) == {"python", *LIBRARIES}
    told = checkpoint.versions["torch"]
    assert told.count(".") == 2
    assert torch.__version__.startswith(told)  # builds for CUDA say +cu130 there, and not in their package


def test_the_same_content_gives_the_same_bytes(saved, setting, tmp_path):
    parts, run = saved
    for attempt in range(8):
        shuffled = dict(reversed(CONFIG.items())) if attempt % 2 else CONFIG
        save_checkpoint(tmp_path / "again" / FILE, parts, shuffled, setting)
        assert (tmp_path / "again" / FILE).read_bytes() == (run / FILE).read_bytes()


def test_frozen_tables_are_left_out(saved):
    _, run = saved
    assert (run / FILE).stat().st_size < 5_000
    assert set(load_file(run / FILE)) == {f"{p}.layer.{w}" for p in ("first", "second") for w in ("weight", "bias")}


def test_later_training_does_not_reach_what_was_saved(saved, setting):
    parts, run = saved
    before = load_checkpoint(run, setting).weights["first.layer.weight"].clone()
    with torch.no_grad():
        parts["first"].layer.weight.zero_()
    assert torch.equal(load_checkpoint(run, setting).weights["first.layer.weight"], before)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("catalogue", lambda s: replace(s, catalogue=replace(s.catalogue, titles=("a", "b", "d")))),
        ("audience", lambda s: replace(s, personas=replace(s.personas, texts=("a", "b", "d")))),
        ("text encoder", lambda s: replace(s, encoder_fingerprint="encoder 2")),
    ],
)
def test_what_it_was_trained_with_must_be_the_same(saved, setting, what, change):
    _, run = saved
    with pytest.raises(ValueError, match=f"was trained with differs in {what} .*fingerprint .*Give what") as caught:
        load_checkpoint(run, change(setting))
    assert str(run) in str(caught.value)


def test_weights_of_another_shape_are_refused(saved, setting):
    checkpoint = load_checkpoint(saved[1], setting)
    with pytest.raises(
        ValueError, match=r"weights 'first' do not fit: .*another slate size.*anew with: driftrec train$"
    ):
        checkpoint.load_into("first", Part(width=5))
    with pytest.raises(ValueError, match="weights 'third' do not fit"):
        checkpoint.load_into("third", Part())


def test_there_is_none(tmp_path, setting):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError, match=r"There is no checkpoint at .* driftrec train"):
            load_checkpoint(path, setting)


def rewritten(run, **metadata):
    """The same weights with other metadata."""
    save_file(load_file(run / FILE), run / FILE, metadata)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda run: (run / FILE).write_text("not weights"), "is not a checkpoint: "),
        (lambda run: (run / FILE).write_bytes((run / FILE).read_bytes()[:-9]), "is not a checkpoint: "),
        (
            lambda run: rewritten(run, driftrec=json.dumps({"format": 0})),
            r"is not a checkpoint of format 3 \(it says 0\)",
        ),
        (lambda run: rewritten(run, driftrec="{"), "is not a checkpoint: Expecting"),
        (lambda run: rewritten(run, other="x"), r"is not a checkpoint of format 3 \(it says None\)"),
    ],
)
def test_other_files_are_refused(saved, setting, spoil, message):
    _, run = saved
    spoil(run)
    for read in (lambda: load_checkpoint(run, setting), lambda: read_config(run)):
        with pytest.raises(ValueError, match=message) as caught:
            read()
        assert FILE in str(caught.value)


def flip_a_weight(run):
    content = bytearray((run / FILE).read_bytes())
    content[-3] ^= 1
    (run / FILE).write_bytes(content)


def change_the_seed(run):
    content = (run / FILE).read_bytes()
    assert content.count(b'\\"seed\\": 7') == 1
    (run / FILE).write_bytes(content.replace(b'\\"seed\\": 7', b'\\"seed\\": 8'))


@pytest.mark.parametrize("alter", [flip_a_weight, change_the_seed])
def test_an_altered_checkpoint_is_refused_by_name_with_what_is_left(saved, setting, alter):
    _, run = saved
    alter(run)
    altered = rf"{FILE} is not as it was written: it was cut off or altered \(SHA-256\)\. "
    with pytest.raises(ValueError, match=altered + "Make one with: driftrec train"):
        load_checkpoint(run, setting)
    (run / "config.json").touch()
    with pytest.raises(ValueError, match=altered + rf"The command that made it is in {run}/config\.json"):
        load_checkpoint(run, setting)
    (run / FOLDER).mkdir()
    with pytest.raises(ValueError, match=altered + rf"driftrec train --resume {run} makes it again from the last good"):
        load_checkpoint(run, setting)


def test_a_checkpoint_of_before_there_were_checksums_is_read(saved, setting):
    _, run = saved
    with safe_open(run / FILE, framework="pt") as opened:
        told = json.loads(opened.metadata()["driftrec"])
    del told[CHECKSUM]
    rewritten(run, driftrec=json.dumps(told))
    assert load_checkpoint(run, setting).config == CONFIG


def test_a_config_that_is_no_json_is_refused_before_a_file_is_made(tmp_path, setting):
    with pytest.raises(TypeError, match="JSON"):
        save_checkpoint(tmp_path / "run" / FILE, {"first": Part()}, {"world": tmp_path}, setting)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused_by_name(saved, setting, number):
    parts, run = saved
    with torch.no_grad():
        parts["second"].layer.weight[1, 2] = float(number)
    save_checkpoint(run / FILE, parts, CONFIG, setting)
    with pytest.raises(ValueError, match=rf"{FILE} holds NaN or infinity in 'second\.layer\.weight'.*Train anew"):
        load_checkpoint(run, setting)


def test_a_checkpoint_that_may_not_be_read_is_told_as_that(open_folder, as_nobody, setting):
    save_checkpoint(open_folder / FILE, {"first": Part()}, CONFIG, setting)
    with as_nobody(open_folder / FILE), pytest.raises(PermissionError, match=f"Permission denied: .*{FILE}"):
        load_checkpoint(open_folder, setting)


def test_a_checkpoint_has_the_permissions_that_the_umask_gives(tmp_path, setting):
    before = os.umask(0o002)
    try:
        save_checkpoint(tmp_path / FILE, {"first": Part()}, CONFIG, setting)
    finally:
        os.umask(before)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o664
