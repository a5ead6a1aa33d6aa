"""What a shop has: a catalogue with prices."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import Catalogue, check_dtype, check_finite, digest


@dataclass(frozen=True)
class Goods(Catalogue):
    """A catalogue whose things have prices.

    ``minutes``, which learners read as what an item brings at most, hold the price here; 1 for editorials.

    Attributes:
        price: In euros, float32, (items,); 0 for an editorial, which is read and not sold.

    Raises:
        ValueError: As of ``Catalogue``, or if a price is below 0 or missing, or nothing is for sale.
    """

    price: NDArray[np.float32]  # (items,)

    def __post_init__(self) -> None:
        if len(self.price) != len(self.ids):
            raise ValueError(f"Column 'price' has {len(self.price)} rows for {len(self.ids)} item ids.")
        check_dtype("price", self.price, np.float32)
        check_finite("price", self.price, self.ids)
        below = np.flatnonzero(self.price < 0)
        if below.size:
            i = int(below[0])
            what = f"Item {self.ids[i]!r} costs {self.price[i]:g}"
            raise ValueError(f"{what}; prices are above 0, or 0 for an editorial.")
        if not self.price.any():
            raise ValueError("Every price is 0, so nothing is for sale; give offers a price above 0.")
        super().__post_init__()

    def fingerprint(self) -> str:
        """SHA-256 over all that ``Catalogue`` tells and the prices."""
        return digest([super().fingerprint()], [self.price])


def priced(catalogue: Catalogue, price: NDArray[np.float32]) -> Goods:
    """``catalogue`` with prices; errors as of ``Goods``."""
    told = {field.name: getattr(catalogue, field.name) for field in fields(catalogue)}
    told["minutes"] = np.where(price > 0, price, np.float32(1))
    return Goods(**told, price=price)
