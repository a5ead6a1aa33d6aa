"""Where curves of a training go besides its table: TensorBoard, Weights & Biases. Neither is needed to train.

A recorder is called with the environment steps taken and values by name (``Record``), and closed at the end. What a
training that is gone on with measures again takes the place of what was measured before.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from driftrec.agents.evaluation.curves import Record
from driftrec.agents.runs.folders import CONFIG_FILE
from driftrec.simulators.extras import install

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

Track = Literal["wandb", "wandb-offline"]
"""Trackers by name; the second keeps everything in the run folder, for ``wandb sync``."""

PROJECT = "driftrec"
STEPS = "env_steps"
"""What wandb's curves are drawn over."""


class Recorder(Protocol):
    """Takes curves."""

    def __call__(self, steps: int, values: Mapping[str, float]) -> None:
        """Take values at so many environment steps."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


Make = Callable[[Path], Recorder]
"""Begins a recorder in a run folder, or goes on with the one there."""


def makers(tensorboard: bool, track: Track | None) -> list[Make]:
    """What makes the recorders that are asked for; imports what they need, so that a missing extra is told at once.

    Raises:
        ImportError: If one is not installed; says how to get it.
    """
    made: list[Make] = []
    if tensorboard:
        _need("torch.utils.tensorboard", "--tensorboard", "tensorboard")
        made.append(TensorBoard)
    if track is not None:
        _need("wandb", f"--track {track}", "track")
        made.append(lambda folder: Wandb(folder, offline=track == "wandb-offline"))
    return made


def _need(module: str, flag: str, extra: str) -> None:
    """Import ``module`` or say how to get it."""
    try:
        __import__(module)
    except ImportError as error:
        raise ImportError(f"{flag} needs what is not installed ({error}); get it with: {install(extra)}") from error


@contextmanager
def recording(made: Sequence[Make], folder: Path) -> Iterator[Record]:
    """One for all of ``made``, in the run folder ``folder``; they are closed at the end, whatever happens."""
    with ExitStack() as stack:
        recorders = []
        for make in made:
            recorders.append(make(folder))
            stack.callback(recorders[-1].close)

        def record(steps: int, values: Mapping[str, float]) -> None:
            for recorder in recorders:
                recorder(steps, values)

        yield record


class TensorBoard:
    """Event files in ``folder/tensorboard``; see ``Recorder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "tensorboard"
        self._writer: SummaryWriter | None = None

    def __call__(self, steps: int, values: Mapping[str, float]) -> None:
        """Write them; the first, after what was there before, hides all of it from its step on."""
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self._folder), purge_step=steps)
        for name, value in values.items():
            self._writer.add_scalar(name, value, steps)
        self._writer.flush()  # a killed process leaves them

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._writer is not None:
            self._writer.close()


class Wandb:
    """A run of Weights & Biases whose id and files lie in the run folder; see ``Recorder``.

    Args:
        folder: Run folder, with its configuration.
        offline: Send nothing; otherwise as ``WANDB_MODE`` and the login say.

    Raises:
        ValueError: If wandb refuses, such as without a login.
    """

    ID_FILE = "wandb-id.txt"

    def __init__(self, folder: Path, offline: bool) -> None:
        import wandb

        told: dict[str, Any] = {"project": PROJECT, "name": folder.name, "dir": str(folder), "resume": "allow"}
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        mode: dict[str, Any] = {"mode": "offline"} if offline else {}
        file = folder / self.ID_FILE
        ours = file.read_text(encoding="utf-8") if file.exists() else uuid.uuid4().hex[:12]
        try:
            self._run = wandb.init(id=ours, config=config, **told, **mode)
        except wandb.Error as error:
            cause = " ".join(str(error).split())
            raise ValueError(
                f"wandb cannot begin: {cause}. Log in with: wandb login; or --track wandb-offline."
            ) from error
        file.write_text(ours, encoding="utf-8")
        self._run.define_metric("*", step_metric=STEPS)

    def __call__(self, steps: int, values: Mapping[str, float]) -> None:
        """Log them over ``STEPS``."""
        self._run.log({**values, STEPS: steps})

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()
