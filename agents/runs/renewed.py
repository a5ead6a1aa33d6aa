"""A run that serves a catalogue which it was not trained on: items that came later, without those that are gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from driftrec.agents.runs.checkpoint import rewritten
from driftrec.agents.runs.load import read_config
from driftrec.agents.setup import Setup, WorldArgs, set_up

OF_SETTING = ("catalogue", "audience", "text encoder")


def renewed(run: str, setup: Setup, folder: Path) -> Path:
    """Write the checkpoint of a run again, as one made for the catalogue of ``setup``.

    What it learned of single items, weights with a row for each, goes with the item's id; an item that it never met has
    the mean of all. What it makes of texts stays, so that a new item is judged by its text.

    Args:
        run: Folder.
        setup: A world of texts with the same audience and text encoder.
        folder: Where the file goes.

    Returns:
        ``folder``.

    Raises:
        FileNotFoundError: If there is no checkpoint, or the catalogue that it was trained with is gone.
        ValueError: If the world has no texts, the audience or the encoder is another, or no item is left.
    """
    if setup.setting is None:
        raise ValueError(f"{setup.args.world} has no texts, by which {run} could know new items. Train anew.")
    old = set_up(WorldArgs(**read_config(run)["world"])).setting
    if old is None:
        raise ValueError(f"{run} was trained in a world without texts. Train anew.")
    then, now = old.fingerprints(), setup.setting.fingerprints()
    for what in OF_SETTING[1:]:
        if then[what] != now[what]:
            raise ValueError(f"{run} was trained with another {what}; only items may be new. Train anew.")
    place = {item: number for number, item in enumerate(old.catalogue.ids)}
    rows = np.array([place.get(item, -1) for item in setup.setting.catalogue.ids])
    if (rows < 0).all():
        raise ValueError(f"{run} knows none of the catalogue's items. Give a later form of its catalogue.")
    known, at = torch.from_numpy(rows >= 0), torch.from_numpy(rows.clip(0))

    def change(name: str, value: torch.Tensor) -> torch.Tensor:
        if not (value.is_floating_point() and value.ndim and len(value) == len(place)):
            return value
        usual = value.mean(dim=0, keepdim=True).expand(len(rows), *value.shape[1:])
        kept = known.reshape(-1, *[1] * (value.ndim - 1))
        return torch.where(kept, value[at], usual).contiguous()

    return rewritten(run, setup, folder, change)
