"""Names of devices: those that can be used, and what is said of others."""

import re
import subprocess
import sys

import pytest
import torch

from driftrec.agents.engines.devices import AUTO, usable

NO_GPU = "Torch not compiled with CUDA|Found no NVIDIA driver|No CUDA GPUs are available"
"""What builds of torch say without a GPU: that for the CPU, that for CUDA without a driver, and with one."""
NOT_HERE = [
    ("cuda", NO_GPU),
    ("cuda:7", NO_GPU),
    ("warp", "Expected one of cpu, cuda"),
    ("cpu:x", "Invalid device string"),
    ("", "Device string must not be empty"),
    ("meta", "cannot be called on meta tensors"),
]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize(("name", "cause"), NOT_HERE)
def test_what_cannot_be_used_is_told_with_what_can(name, cause):
    with pytest.raises(ValueError, match=r"There is: cpu\. Give --device one of these, or auto\.$") as told:
        usable(name)
    assert str(told.value).startswith(f"The device {name!r} cannot be used here (")
    assert re.search(cause, str(told.value))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_auto_is_the_cpu():
    assert usable(AUTO) == "cpu"


def test_with_a_gpu_auto_is_it(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert usable(AUTO) == "cuda"


@pytest.mark.parametrize("name", ["cpu", "cpu:0"])
def test_the_cpu_is_always_there(name):
    assert usable(name) == name


def test_the_cpu_is_named_without_torch():
    code = (
        "import sys; from driftrec.agents.engines.devices import usable; usable('cpu'); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
