"""Trained policies on disk: one safetensors file with the weights and, as JSON metadata, all they depend on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from driftrec.agents.known import RANKED_KINDS
from driftrec.agents.runs.folders import CONFIG_FILE, versions
from driftrec.agents.setup import Setup
from driftrec.agents.snapshots.snapshot_folder import FOLDER
from driftrec.simulators.catalogue import digest
from driftrec.simulators.files import check_readable, parsed_object, write_files

FORMAT = 3
FILE = "checkpoint.safetensors"
KEY = "driftrec"
"""Where the metadata stand, all under one key: safetensors writes several in no fixed order."""

CHECKSUM = "sha256"
"""Of weights and metadata, among these; files of earlier versions have none."""

_TOLD = ("config", "versions", "fingerprints")


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint.

    Attributes:
        weights: By module name and parameter name, joined by a dot.
        config: What the training script stored: world, settings, seed.
        versions: Of Python and the libraries that wrote it.
    """

    weights: dict[str, torch.Tensor]
    config: dict[str, Any]
    versions: dict[str, str]

    def load_into(self, name: str, module: nn.Module) -> None:
        """Put the weights saved under ``name`` into ``module``.

        Raises:
            ValueError: If they do not fit, such as those of another slate size or of an earlier version.
        """
        prefix = f"{name}."
        state = {key.removeprefix(prefix): value for key, value in self.weights.items() if key.startswith(prefix)}
        try:
            module.load_state_dict(state)
        except RuntimeError as error:
            raise ValueError(
                f"The checkpoint's weights {name!r} do not fit: it is of another slate size, or of an earlier version. "
                f"Make one anew with: {self._command()}"
            ) from error

    def _command(self) -> str:
        """What made the checkpoint, but for settings."""
        kind = str(self.config.get("kind", "ppo")).removeprefix("published-")
        verb = "train" if kind == "ppo" else f"train-baseline {kind}"
        world = dict(self.config.get("world", {})).get("world")
        words = ["driftrec", verb, *(["--world", str(world)] if world else [])]
        return " ".join([*words, *(["--ranker RUN"] if kind in RANKED_KINDS else [])])


def save_checkpoint(path: Path, modules: Mapping[str, nn.Module], config: Mapping[str, Any], setup: Setup) -> None:
    """Write a checkpoint, the same bytes for the same content, of whatever device; frozen tables are left out."""
    weights = {
        f"{name}.{key}": value.cpu().contiguous().clone()
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }
    told = {"format": FORMAT, "config": config, "versions": versions(), "fingerprints": setup.fingerprints()}
    content = _content(weights, told)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_files({path: content})


def load_checkpoint(path: str | Path, setup: Setup) -> Checkpoint:
    """Read a checkpoint file, or the one in a run folder, and check that it was made for ``setup``.

    Raises:
        FileNotFoundError: If there is none.
        PermissionError: If it may not be read.
        ValueError: If the file is no checkpoint, was cut off or altered, holds weights that are not finite, or was made
            with another catalogue or text encoder.
    """
    weights, metadata = _read(path)
    made_with, now = metadata["fingerprints"], setup.fingerprints()
    if made_with.keys() != now.keys():
        world = metadata["config"].get("world", {}).get("world", "a world without a name")
        raise ValueError(f"The checkpoint {path} was trained in {world}, another kind of world. Give --world {world}.")
    for what, fingerprint in now.items():
        if made_with[what] != fingerprint:
            raise ValueError(
                f"What the checkpoint {path} was trained with differs in {what} (fingerprint "
                f"{str(made_with[what])[:12]}, "
                f"here {fingerprint[:12]}). Give what it was trained with, or train anew."
            )
    return Checkpoint(weights, metadata["config"], metadata["versions"])


def made_strange(path: str | Path, setup: Setup, folder: Path) -> Path:
    """Write the checkpoint of a run again, as one made for the items and people of ``setup``, who are strangers to it.

    What it learned of single items, weights with a row for each, becomes the mean over all; so does what it learned of
    single people, by names with "persona" in them and those of ``TopicMemory``. What it makes of texts stays.

    Args:
        path: Of the run.
        setup: A world of texts, with as many items and people.
        folder: Where the file goes.

    Returns:
        ``folder``; errors as of ``load_checkpoint``, but for fingerprints.

    Raises:
        ValueError: If the world has no texts.
    """
    if setup.setting is None:
        raise ValueError(f"{setup.args.world} has no texts, by which {path} could know what it has not met.")
    items, people = setup.setting.catalogue.num_items, setup.setting.personas.num_personas

    def change(name: str, value: torch.Tensor) -> torch.Tensor:
        rows = len(value) if value.ndim else 0
        of_people = rows == people and ("persona" in name or name.endswith("by_topic.own"))
        if value.is_floating_point() and (rows == items or of_people):
            return value.mean(dim=0, keepdim=True).expand_as(value).contiguous()
        return value

    return rewritten(path, setup, folder, change)


def rewritten(
    path: str | Path, setup: Setup, folder: Path, change: Callable[[str, torch.Tensor], torch.Tensor]
) -> Path:
    """Write a checkpoint again with other weights, as one made for ``setup``; returns ``folder``.

    Args:
        path: Of the run.
        setup: Whose fingerprints it gets.
        folder: Where the file goes.
        change: Gives the new weights by the name and the old ones.
    """
    weights, metadata = _read(path)
    changed = {name: change(name, value) for name, value in weights.items()}
    folder.mkdir(parents=True, exist_ok=True)
    write_files({folder / FILE: _content(changed, {**metadata, "fingerprints": setup.fingerprints()})})
    return folder


def read_config(path: str | Path) -> dict[str, Any]:
    """The configuration stored in a checkpoint, without its weights; errors as of ``load_checkpoint``."""
    return _read(path)[1]["config"]


def _remedy(file: Path) -> str:
    """What can be done where a checkpoint is spoilt."""
    run = file.parent
    if (run / FOLDER).is_dir():
        return f"driftrec train --resume {run} makes it again from the last good snapshot."
    if (run / CONFIG_FILE).is_file():
        return f"The command that made it is in {run / CONFIG_FILE}; the same seed makes it again."
    return "Make one with: driftrec train"


def _content(weights: Mapping[str, torch.Tensor], told: Mapping[str, Any]) -> bytes:
    """A checkpoint file, its checksum inside."""
    told = {name: value for name, value in told.items() if name != CHECKSUM}
    return save(dict(weights), {KEY: json.dumps({**told, CHECKSUM: _checksum(weights, told)}, sort_keys=True)})


def _checksum(weights: Mapping[str, torch.Tensor], told: Mapping[str, Any]) -> str:
    """SHA-256 of all that a checkpoint holds but itself; of ``told`` as it comes back from JSON."""
    names = sorted(weights)
    plain = json.loads(json.dumps({name: value for name, value in told.items() if name != CHECKSUM}))
    return digest([json.dumps(plain, sort_keys=True), *names], [weights[name].numpy() for name in names])


def _read(path: str | Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Weights and metadata."""
    file = Path(path) / FILE if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"There is no checkpoint at {file}. Make one with: driftrec train")
    check_readable(file)
    try:
        with safe_open(file, framework="pt") as opened:
            metadata = parsed_object((opened.metadata() or {}).get(KEY, "{}"))
            weights = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{file} is not a checkpoint: {str(error).rstrip('.')}. {_remedy(file)}") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(
            f"{file} is not a checkpoint of format {FORMAT} (it says {metadata.get('format')!r}). "
            "Make one with: driftrec train"
        )
    if not all(isinstance(metadata.get(name), dict) for name in _TOLD):
        raise ValueError(f"{file} is not a checkpoint: it does not tell {', '.join(_TOLD)}.")
    if metadata.get(CHECKSUM, "") not in ("", _checksum(weights, metadata)):
        raise ValueError(f"{file} is not as it was written: it was cut off or altered (SHA-256). {_remedy(file)}")
    for name, values in weights.items():
        if not torch.isfinite(values).all():
            raise ValueError(f"{file} holds NaN or infinity in {name!r}; weights must be finite. Train anew.")
    return weights, metadata
