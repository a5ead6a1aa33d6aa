"""A synthetic catalogue and audience for tests of policies without a simulator; small language models."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.evaluation.play import play as play_world
from driftrec.agents.policy import Context, Observation, Policy, Slates
from driftrec.agents.setup import Setup, WorldArgs
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.envs.news import news_world
from driftrec.simulators.vectors import unit

HISTORY = 20


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """A child of a process with more threads would wait for those that it has not."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def unit_rows(generator: np.random.Generator, rows: int, dims: int) -> NDArray[np.float32]:
    """Random unit rows around a large common part, as sentence embeddings have it."""
    values = generator.normal(size=(rows, dims)) + 1.0
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def build_context(slate_size: int = 5, num_items: int = 60, num_personas: int = 10, dims: int = 24) -> Context:
    """Random embeddings, the same in every call."""
    generator = np.random.default_rng(0)
    return Context(
        slate_size=slate_size,
        item_embeddings=unit_rows(generator, num_items, dims),
        persona_embeddings=unit_rows(generator, num_personas, dims),
        item_minutes=generator.uniform(1.0, 9.0, num_items).astype(np.float32),
        titles=tuple(f"Item {i}" for i in range(num_items)),
    )


class Audience:
    """Users who click by a fixed rule: what a user does depends on the row, the step and the slate only."""

    def __init__(self, num_users: int, num_personas: int = 10) -> None:
        self.step_number = 0
        self._row = np.arange(num_users)[:, None]
        self._persona = (7 * self._row % num_personas).astype(np.int32)
        self._items = np.full((num_users, HISTORY), -1, np.int32)
        self._clicked = np.zeros((num_users, HISTORY), np.int8)
        self._engagement = np.zeros((num_users, HISTORY), np.float32)
        self._age = np.zeros((num_users, HISTORY), np.float32)

    def observe(self) -> Observation:
        """Read-only copies, so that a policy that writes to them fails."""
        clock = np.full((len(self._row), 4), self.step_number, np.float32)
        arrays: dict[str, NDArray] = {
            "persona": self._persona,
            "shown": self._items,
            "clicked": self._clicked,
            "engagement": self._engagement,
            "age": self._age,
            "read_items": np.where(self._clicked > 0, self._items, np.int32(-1)),
            "read_minutes": self._engagement,
            "read_age": np.where(self._clicked > 0, self._age, np.float32(0.0)),
            "clock": clock,
        }
        return {name: read_only(array) for name, array in arrays.items()}

    def step(self, slates: Slates) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Clicks and minutes of the slates, after which an hour passes."""
        clicks = (31 * self._row + 17 * slates + 5 * self.step_number) % 6 == 0
        minutes = (clicks * (1.0 + slates % 7)).astype(np.float32)
        self._items = np.hstack([self._items, slates])[:, -HISTORY:].astype(np.int32)
        self._clicked = np.hstack([self._clicked, clicks])[:, -HISTORY:].astype(np.int8)
        self._engagement = np.hstack([self._engagement, minutes])[:, -HISTORY:].astype(np.float32)
        age = np.hstack([self._age, np.zeros(slates.shape, np.float32)])[:, -HISTORY:] + 1.0
        self._age = np.where(self._items < 0, 0.0, age).astype(np.float32)
        self.step_number += 1
        return read_only(clicks), read_only(minutes)


def read_only(array: NDArray) -> NDArray:
    """A copy that cannot be written to."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def play_policy(
    policy: Policy, num_users: int = 50, steps: int = 5, seed: int = 3
) -> tuple[list[Observation], NDArray[np.int64]]:
    """Serve a fresh audience.

    Returns:
        The observations, and the slates, shape (steps, users, slate_size).
    """
    audience = Audience(num_users)
    policy.reset(num_users, seed)
    observations, shown = [], []
    for _ in range(steps):
        observation = audience.observe()
        slates = policy.act(observation)
        clicks, minutes = audience.step(slates)
        if hasattr(policy, "update"):
            policy.update(observation, read_only(slates), clicks, minutes)
        observations.append(observation)
        shown.append(slates)
    return observations, np.stack(shown)


def shown_slates(world: Any, policy: Policy, users: int, steps: int = 4) -> NDArray[np.int64]:
    """Slates that ``policy`` shows in ``world``, always to the same first users, (steps, users, slate_size)."""
    _, played = play_world(world, policy, np.arange(users, dtype=np.uint64), horizon=steps, seed=1)
    return np.stack([step.slates for step in played])


def build_setup(dims: int = 24, *, slate_size: int = 5, history: int = 50, horizon: int = 20) -> Setup:
    """The packaged news with made-up unit rows for embeddings, the same in every call."""
    world = news_world(slate_size=slate_size, history=history)
    generator = np.random.default_rng(0)
    items, people = (
        unit(generator.standard_normal((rows, dims)), floor=0.0).astype(np.float32)
        for rows in (world.num_items, world.personas.num_personas)
    )
    setting = Setting(world.catalogue, world.personas, items, people, "made up")
    return Setup(WorldArgs(slate_size=slate_size, history=history, horizon=horizon), world, horizon, setting)


@pytest.fixture(scope="session")
def make_setup() -> Callable[..., Setup]:
    """``build_setup``."""
    return build_setup


@pytest.fixture
def make_context() -> Callable[..., Context]:
    """``build_context``."""
    return build_context


@pytest.fixture
def audience() -> type[Audience]:
    """``Audience``."""
    return Audience


@pytest.fixture(scope="session")
def shown() -> Callable[..., NDArray[np.int64]]:
    """``shown_slates``."""
    return shown_slates


@pytest.fixture
def play() -> Callable[..., tuple[list[Observation], NDArray[np.int64]]]:
    """``play_policy``."""
    return play_policy


WORDS = ["<eos>", "<unk>", "red", "film", "blue", "song", "This", "means", "in", "one", "word", "a", "b", "c"]


def save_random_model(folder: Path, network_class: Any, config: Any, **special: str) -> Path:
    """A random model with a word-level tokenizer over WORDS; without a pad token unless ``special`` has one."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    torch.manual_seed(0)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    network_class(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<eos>", unk_token="<unk>", **special
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def words() -> list[str]:
    """The vocabulary of the random models, in the order of token ids."""
    return WORDS


@pytest.fixture(scope="session")
def save_tiny() -> Callable[..., Path]:
    """``save_random_model``."""
    return save_random_model


@pytest.fixture(scope="session")
def gpt2_config() -> Any:
    """A decoder of two small layers."""
    from transformers import GPT2Config

    return GPT2Config(
        vocab_size=len(WORDS),
        n_positions=64,
        n_embd=16,
        n_layer=2,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
    )


@pytest.fixture(scope="session")
def minilm() -> TextEncoder:
    """The built-in encoder."""
    return TextEncoder()


@pytest.fixture(scope="session")
def causal_folder(tmp_path_factory: pytest.TempPathFactory, gpt2_config: Any) -> Path:
    """A decoder on disk; not to be changed."""
    from transformers import GPT2Model

    return save_random_model(tmp_path_factory.mktemp("gpt2"), GPT2Model, gpt2_config)


@pytest.fixture(scope="session")
def causal(causal_folder: Path) -> TextEncoder:
    """An encoder on a decoder model."""
    return TextEncoder(causal_folder)
