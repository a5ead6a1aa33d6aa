"""A dozen made-up items, and a language model as fast as it is ignorant, for tests of the way from a file to a run."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same cases in every run, on any machine, however slow; files may be written anew within one test.
settings.register_profile(
    "driftrec",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("driftrec")

ROWS = """id,title,text,topic
a1,Goats eat the town hall lawn,Three goats got loose on Monday.,Animals
a2,Parrot orders groceries,It knew the password.,Animals
a3,"Otter, retired, seeks pond",,Animals
s1,Local team wins in the rain,A late goal decided it.,Sports
s2,Runner finishes marathon backwards,,Sports
s3,Chess club buys a second board,,Sports
f1,Soup of the year named,Leek won by a spoon.,Food
f2,Bakery sells out of rye,,Food
f3,How to rescue a burnt cake,,Food
m1,Choir learns a new song,,Music
m2,Violin found in attic,,Music
x1,Something else happened,,
"""


@pytest.fixture(scope="session")
def rows() -> str:
    """The dozen items as the text of a CSV file."""
    return ROWS


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """The dozen items as a file."""
    path = tmp_path / "items.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


@pytest.fixture
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder that these tests share and that is not the user's."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("DRIFTREC_CACHE", str(folder))
    return folder


def save_tiny_model(path: Path) -> None:
    """Write a random one-layer model with the built-in model's tokenizer."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    from driftrec.agents.text.text_encoder import TextEncoder

    torch.manual_seed(0)
    config = BertConfig(hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24)
    BertModel(config).save_pretrained(path)
    AutoTokenizer.from_pretrained(TextEncoder().folder).save_pretrained(path)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the model that ``save_tiny_model`` makes."""
    path = tmp_path_factory.mktemp("tiny")
    save_tiny_model(path)
    return path


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that every user may look into, unlike pytest's."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def as_nobody() -> Callable[..., AbstractContextManager[None]]:
    """Inside of ``with``, a path has other permissions, by default none, and we are not root, who may do all."""

    @contextmanager
    def locked(path: Path, mode: int = 0) -> Iterator[None]:
        before, user = stat.S_IMODE(path.stat().st_mode), os.geteuid()
        path.chmod(mode)
        if user == 0:
            os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(user)
            path.chmod(before)

    return locked
