"""The pretend device of ``pretend.cpp``: built, and made known to torch as "pretend"."""

import subprocess
import types
from functools import wraps
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.cpp_extension import include_paths, library_paths

SOURCE = Path(__file__).with_name("pretend.cpp")
NAME = "pretend"
KERNELS = torch.library.Library("aten", "IMPL")


def build(library: Path) -> None:
    """Compile it to ``library``; some ten seconds of processor time."""
    told = ["-shared", "-fPIC", "-std=c++20", "-O0", *(f"-isystem{path}" for path in include_paths()), str(SOURCE)]
    libraries = [*(f"-L{path}" for path in library_paths()), "-lc10", "-ltorch_cpu"]
    subprocess.run(["g++", *told, *libraries, "-o", str(library)], check=True)


def load(library: Path) -> None:
    """Make the device known; it cannot be taken back."""
    torch.ops.load_library(library)
    torch.utils.rename_privateuse1_backend(NAME)
    module: types.ModuleType = types.ModuleType(f"torch.{NAME}")
    told = {"is_available": lambda: True, "device_count": lambda: 1, "current_device": lambda: 0}
    vars(module).update(told, _is_in_bad_fork=lambda: False, manual_seed_all=lambda seed: None)
    torch._register_device_module(NAME, module)
    for key in ("PrivateUse1", "AutogradPrivateUse1"):
        KERNELS.impl("_thnn_fused_gru_cell", gru_cell, key)
    module_class: Any = torch.nn.Module
    module_class._apply = kept_parameters(module_class._apply)


def gru_cell(
    inputs: Tensor, hidden: Tensor, before: Tensor, input_bias: Tensor, hidden_bias: Tensor
) -> tuple[Tensor, Tensor]:
    """What devices have in one piece, and the CPU has not."""
    i_reset, i_update, i_new = (inputs + input_bias).chunk(3, 1)
    h_reset, h_update, h_new = (hidden + hidden_bias).chunk(3, 1)
    update = (i_update + h_update).sigmoid()
    new = (i_new + (i_reset + h_reset).sigmoid() * h_new).tanh()
    return new + update * (before - new), before.new_empty(0)


def kept_parameters(apply: Any) -> Any:
    """``nn.Module._apply`` by which parameters stay the objects that they are, as on their way to a GPU."""

    @wraps(apply)
    def swapping(*args: Any, **kwargs: Any) -> Any:
        before = torch.__future__.get_swap_module_params_on_conversion()
        torch.__future__.set_swap_module_params_on_conversion(True)
        try:
            return apply(*args, **kwargs)
        finally:
            torch.__future__.set_swap_module_params_on_conversion(before)

    return swapping
