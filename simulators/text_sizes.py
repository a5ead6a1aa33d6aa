"""What a world of texts must fit: a slate the catalogue, and people the space that items live in."""

from __future__ import annotations

from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.sizes import size


def text_sizes(catalogue: Catalogue, personas: Personas, slate_size: int, history: int) -> tuple[int, int]:
    """Positions in a slate and impressions that the recommender sees, checked.

    Raises:
        TypeError: If a size is not whole.
        ValueError: If a size is out of range, or items and people do not live in one space.
    """
    fits = (
        f"at least 1 and at most the {catalogue.num_items} items of the catalogue. Choose a smaller slate or a "
        "larger catalogue"
    )
    sizes = size("slate_size", slate_size, fits, catalogue.num_items), size("history", history, "at least 1 impression")
    if catalogue.latent.shape[1] != personas.interest.shape[1]:
        raise ValueError(
            f"Items live in {catalogue.latent.shape[1]} dimensions and personas in {personas.interest.shape[1]}; "
            "make both with the same rule."
        )
    return sizes
