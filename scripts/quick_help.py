"""Help without waiting: while a verb's flags are read to be explained, large libraries are stood in for.

Torch, pandas and others take seconds to load, and no word of a help text needs them: what they are to a module that is
merely imported, a base class or a name in a signature, an empty class is as well. The process ends with the help; what
was imported meanwhile is forgotten all the same, so that nothing later meets a stand-in.
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

LARGE_LIBRARIES = (
    "torch",
    "transformers",
    "stable_baselines3",
    "safetensors",
    "huggingface_hub",
    "pandas",
    "pyarrow",
    "scipy",
    "sklearn",
    "joblib",
    "matplotlib",
    "jinja2",
    "tqdm",
)
"""What is stood in for, where it is not loaded yet."""


def asks_for_help(words: Sequence[str]) -> bool:
    """Whether ``words`` ask for help alone, of what is ours: a world of the user's own, or a file, may need more."""
    return any(word in ("-h", "--help") for word in words) and not any(
        ":" in word or word.startswith("--from") for word in words
    )


@contextmanager
def stood_in() -> Iterator[None]:
    """Within ``with``, modules are imported without ``LARGE_LIBRARIES``; afterwards those modules are forgotten.

    Nothing is collected meanwhile: an eighth of the time goes into looking for what could be, which is little.
    """
    before, finder, collects = set(sys.modules), _Finder(), gc.isenabled()
    sys.meta_path.insert(0, finder)
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
        sys.meta_path.remove(finder)
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in finder.absent or name.startswith(("driftrec.agents", "driftrec.scripts")):
                del sys.modules[name]


class _Finder(MetaPathFinder, Loader):
    """Finds a stand-in wherever a large library, or a part of it, is asked for."""

    def __init__(self) -> None:
        self.absent = {name for name in LARGE_LIBRARIES if name not in sys.modules}

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """A package, so that its parts are asked for here too."""
        if fullname.partition(".")[0] not in self.absent:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A stand-in."""
        return _Library(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """It has nothing to run."""


class _Library(ModuleType):
    """Has whatever it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Empty(name, (), {})


class _Empty(type):
    """A class that may be derived from, called as a decorator or a factory, and asked for parts."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Empty(name, (), {})

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return _Empty(cls.__name__, (), {})

    def __getitem__(cls, key: Any) -> Any:
        return cls
