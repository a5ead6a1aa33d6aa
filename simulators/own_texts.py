"""A catalogue and an audience from texts and directions alone, the other columns filled in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.vectors import unit


def catalogue_of(
    titles: Sequence[str], latent: ArrayLike, texts: Sequence[str] = (), topics: Sequence[str] = ()
) -> Catalogue:
    """Items by their titles; all are as good and as long as the others.

    Args:
        titles: Of the items, which are their ids too.
        latent: Where each lies in interest space, of any length but 0, (items, dims).
        texts: A sentence or two an item; none when omitted.
        topics: Topic of each item; one for all when omitted.

    Raises:
        ValueError: As of ``Catalogue``.
    """
    n = len(titles)
    names, topic = np.unique(np.array(topics or ["all"] * n), return_inverse=True)
    return Catalogue(
        ids=tuple(titles),
        titles=tuple(titles),
        texts=tuple(texts) or ("",) * n,
        topic_names=tuple(names.tolist()),
        subtopics=("",) * n,
        topic=topic.astype(np.int64),
        latent=unit(np.array(latent, np.float32)),
        quality=np.zeros(n, np.float32),
        allure=np.zeros(n, np.float32),
        minutes=np.ones(n, np.float32),
    )


def personas_of(texts: Sequence[str], interest: ArrayLike) -> Personas:
    """The kinds of people by what they say of themselves.

    Args:
        texts: A self-description each.
        interest: What each likes in interest space, of any length but 0, (personas, dims).

    Raises:
        ValueError: As of ``Personas``.
    """
    return Personas(tuple(texts), unit(np.array(interest, np.float32)))
