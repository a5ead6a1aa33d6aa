"""A run that serves a catalogue which it was not trained on: items that came later, without those that are gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.runs.checkpoint import read_config, rewritten
from driftrec.agents.setup import Setup, WorldArgs, set_up

OF_ITEMS = ("ranker.own", "ranker.future", "ranker.items.")
"""Weights of a run that may have a row for each item."""


def renewed(run: str, catalogue: str, folder: Path, device: str = "cpu") -> Setup:
    """The world of a run with another catalogue, and in ``folder`` the run's checkpoint as one made for it.

    What it learned of single items, weights with a row for each, goes with the item's id; an item that it never met has
    the mean of all, and the topic of the item of old whose text is nearest. What it makes of texts stays, and so does
    the audience.

    Args:
        run: Folder.
        catalogue: A later form of the catalogue that it was trained with, written by ``driftrec encode``.
        folder: Where the checkpoint goes.
        device: Where networks compute.

    Raises:
        FileNotFoundError: If there is no checkpoint, no such catalogue, or that of the training is gone.
        ValueError: If the run's world has no texts, the text encoder is another, or no item is left, be it at all or of
            the last topic.
    """
    args = WorldArgs(**read_config(run)["world"])
    old = set_up(args, device=device).setting
    if old is None:
        raise ValueError(f"{run} was trained in {args.world}, without texts by which it could know items. Train anew.")
    setup = set_up(replace(args, catalogue=catalogue), device=device)
    new = setup.setting
    assert new is not None  # of the same world
    if old.encoder_fingerprint != new.encoder_fingerprint:
        raise ValueError(
            f"{catalogue} was encoded by another text encoder than {run} was trained with. Encode it anew."
        )
    place = {item: number for number, item in enumerate(old.catalogue.ids)}
    rows = np.array([place.get(item, -1) for item in new.catalogue.ids])
    if (rows < 0).all():
        raise ValueError(f"{run} knows none of the items of {catalogue}. Give a later form of its own catalogue.")
    setting = _people_of(old, new, rows)
    if setting.catalogue.topic.max() < old.catalogue.topic.max():
        last = old.catalogue.topic_names[int(old.catalogue.topic.max())]
        raise ValueError(f"{catalogue} has no item of {last!r}, the last topic of {run}. Keep one, or train anew.")
    setup = replace(setup, setting=setting)
    known, at = torch.from_numpy(rows >= 0), torch.from_numpy(rows.clip(0))

    def change(name: str, value: torch.Tensor) -> torch.Tensor:
        if not name.startswith(OF_ITEMS) or not value.ndim or len(value) != len(place):
            return value
        usual = value.mean(dim=0, keepdim=True).expand(len(rows), *value.shape[1:])
        return torch.where(known.reshape(-1, *[1] * (value.ndim - 1)), value[at], usual).contiguous()

    rewritten(run, setup, folder, change)
    return setup


def _people_of(old: Setting, new: Setting, rows: NDArray[np.int64]) -> Setting:
    """The new items with the topics and the people of old; ``rows`` are the items' old places, -1 of new ones."""
    nearest = (new.item_embeddings @ old.item_embeddings.T).argmax(axis=1)
    topic = old.catalogue.topic[np.where(rows >= 0, rows, nearest)]
    catalogue = replace(new.catalogue, topic=topic, topic_names=old.catalogue.topic_names)
    return replace(new, catalogue=catalogue, personas=old.personas, persona_embeddings=old.persona_embeddings)
