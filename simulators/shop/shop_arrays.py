"""The arrays that mechanisms of the shop take and give besides those of ``driftrec.simulators.arrays``.

Further axes: "items" and "categories", of the catalogue; "slots", things on the mind.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.arrays import LAST, Array
from driftrec.simulators.vectors import Float

ItemDeviation = Annotated[Float, Array("items")]
"""Log-odds, or in standard deviations, an item."""

ItemPrice = Annotated[Float, Array("items", low=1)]
"""Price of an offer in euros; a world's editorials have 0."""

ItemShare = Annotated[Float, Array("items", low=0, high=1)]
"""In [0, 1], an item."""

SlateFlag = Annotated[NDArray[np.bool_], Array("slate_size users", np.bool_, low=0, high=1)]
"""Yes or no, an item shown."""

SameCategory = Annotated[NDArray[np.bool_], Array("slate_size slate_size users", np.bool_, low=0, high=1)]
"""Whether two positions are of one category."""

CategoryCosine = Annotated[Float, Array("categories users", low=-1, high=1)]
"""Cosine of every user's taste with every category."""

CategoryShare = Annotated[Float, Array("categories users", low=0, high=1)]
"""In [0, 1], of every user and category."""

CategoryDraw = Annotated[Float, Array("categories users", low=0, high=LAST)]
"""Uniform in [0, 1), the same."""

CategoryDeviation = Annotated[Float, Array("categories users")]
"""Log-odds or a normal draw, the same."""

CategoryAmount = Annotated[Float, Array("categories users", low=0)]
""">= 0, the same."""

CategoryNeed = Annotated[Float, Array("categories users", high=1)]
"""Need, at most 1, the same."""

CategoryFlag = Annotated[NDArray[np.bool_], Array("categories users", np.bool_, low=0, high=1)]
"""Yes or no, the same."""

CategoryCount = Annotated[NDArray[np.int64], Array("categories users", np.int64, low=0, below="slate_size")]
"""Things of a page, the same."""

GrowingShare = Annotated[Float, Array("categories users", low=0, high=1, use="change")]
"""In [0, 1], the same, changed in place."""

GrowingAmount = Annotated[Float, Array("categories users", low=0, use="change")]
""">= 0, the same, changed in place."""

GrowingNeed = Annotated[Float, Array("categories users", high=1, use="change")]
"""Need, at most 1, the same, changed in place."""

CategorySwitch = Annotated[NDArray[np.bool_], Array("categories users", np.bool_, low=0, high=1, use="change")]
"""On or off, the same, changed in place."""

SlotDeviation = Annotated[Float, Array("slots users")]
"""Log-odds, of every user and thing on the mind."""

SlotRate = Annotated[Float, Array("slots users", low=0, use="change")]
"""Purchases a day, the same, changed in place."""
