"""``--device`` of every verb that has networks reaches what makes them; what cannot be used is refused in words."""

import importlib
import json

import pytest
import torch

from driftrec.scripts.cli import VERBS

WITHOUT = {"fit", "report", "plot", "probe", "config", "gap", "verify", "bench", "results", "completion"}
"""No networks, or small ones of a log that stay on the CPU, or they measure the CPU."""

SAID = "The device 'warp' cannot be used here ("

WORDS = {
    "demo": (),
    "train": ("--settings.validation-users", "4"),
    "train-baseline": ("sb3-ppo",),
    "compare": ("--policies", "random", "content"),
    "journey": (),
    "estimate": ("--log", "log.csv", "--policies", "random"),
    "tune": ("popular",),
    "score": ("random",),
    "rounds": (),
    "encode": (),
}


def has_device(verb):
    script = importlib.import_module(f"driftrec.scripts.{verb.replace('-', '_')}")
    return "device" in script.Args.__dataclass_fields__


def test_the_verbs_are_known():
    assert {verb for verb in VERBS if not has_device(verb)} == WITHOUT
    assert {*WORDS, "recommend"} == {verb for verb in VERBS if has_device(verb)}


@pytest.mark.parametrize("verb", WORDS)
def test_a_device_that_is_not_there_is_refused(driftrec, verb, tmp_path):
    (tmp_path / "log.csv").write_text("user,item,time\n", encoding="utf-8")
    done = driftrec(verb, *WORDS[verb], "--device", "warp")
    assert done.status == 2
    assert done.err.startswith(f"driftrec {verb}: {SAID}"), done.err
    assert {path.name for path in tmp_path.iterdir()} <= {"log.csv", "runs"}


def test_tuning_trainings_is_refused_too(driftrec):
    assert SAID in driftrec("tune", "train", "--device", "warp").err


@pytest.mark.parametrize("verb", ["compare", "rounds"])
def test_ray_computes_on_cpus(driftrec, verb):
    done = driftrec(verb, "--engine", "ray", "--device", "cuda")
    assert done.status == 2
    assert "--engine ray computes on CPUs, and --device is cuda; leave one of them out." in done.err


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="auto is another device")
def test_a_device_changes_nothing_else(project, driftrec, training, tmp_path):
    """The same bytes on the same device, however it is called; it is no part of what a run is."""
    for out, device in (("one", ()), ("other", ("--device", "auto"))):
        done = driftrec("train", *project.world, *training, "--seed", "5", "--out", out, *device)
        assert done.status == 0, done.err
    one, other = (tmp_path / out for out in ("one", "other"))
    assert json.loads((other / "config.json").read_text(encoding="utf-8"))["device"] == "auto"
    assert (one / "checkpoint.safetensors").read_bytes() == (other / "checkpoint.safetensors").read_bytes()
    done = driftrec("recommend", "--run", "one", "--log", "log.csv", "--user", "u", "--device", "warp")
    assert SAID in done.err
