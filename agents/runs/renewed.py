"""A run that serves a catalogue which it was not trained on: items that came later, without those that are gone."""

from __future__ import annotations

from pathlib import Path

import torch

from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.runs.checkpoint import read_config, rewritten
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.worlds.kits import kit_of

OF_ITEMS = ("ranker.own", "ranker.future", "ranker.items.", "ranker.belief.item_own")
"""Weights of a run in a world of texts that may have a row for each item."""


def renewed(run: str, catalogue: str, folder: Path, device: str = "cpu") -> Setup:
    """The world of a run with another catalogue, and in ``folder`` the run's checkpoint as one made for it.

    What it learned of single items, weights with a row for each, goes with the item's id; an item that it never met has
    the mean of all. What it makes of texts and features stays, on the scale of the items of the training; items that
    are gone are withheld. See ``driftrec.agents.worlds.later``.

    Args:
        run: Folder.
        catalogue: A later form of the catalogue that it was trained with, written by ``driftrec encode``.
        folder: Where the checkpoint goes.
        device: Where networks compute.

    Raises:
        FileNotFoundError: If there is no checkpoint, no such catalogue, or what the training read is gone.
        ValueError: If the run's world has no texts, the text encoder is another, no item is known, or fewer are left
            than a slate has positions.
    """
    trained = set_up(WorldArgs(**read_config(run)["world"]), device=device)
    later = kit_of(trained).later(trained, load_setting(catalogue), folder / "world")
    if later.setup.setting is None:  # a world of features, of which no weight is of a single item
        rewritten(run, later.setup, folder, lambda name, value: value)
        return later.setup
    known, at = torch.from_numpy(later.rows >= 0), torch.from_numpy(later.rows.clip(0))
    items = trained.world.num_items

    def change(name: str, value: torch.Tensor) -> torch.Tensor:
        if not name.startswith(OF_ITEMS) or not value.ndim or len(value) != items:
            return value
        usual = value.mean(dim=0, keepdim=True).expand(len(at), *value.shape[1:])
        return torch.where(known.reshape(-1, *[1] * (value.ndim - 1)), value[at], usual).contiguous()

    rewritten(run, later.setup, folder, change)
    return later.setup
