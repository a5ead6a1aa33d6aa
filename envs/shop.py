"""The shop environments: which world they put behind gymnasium's interface, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.envs.catalogues import check_path, read_catalogue, read_column
from driftrec.envs.lanes import Lanes
from driftrec.envs.rendering import describe, moment
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.catalogue import Personas
from driftrec.simulators.settings import updated
from driftrec.simulators.shop.config import ShopConfig
from driftrec.simulators.shop.goods import Goods, priced
from driftrec.simulators.shop.world import ShopWorld

PRICES_FILE = "prices.csv"
"""Of a catalogue folder, written by ``driftrec encode`` of a table with prices: a header id,price and a line an item,
in euros, 0 for an editorial."""


class ShopEnv(RecommendationEnv):
    """A customer of a shop: needs ripen and recur, offers are considered, bought at once or later, and wear out.

    ## Description
    A step is a visit. The recommender shows a page of offers and editorials, read from the top; the customer looks at
    several or none, and buys some at once. Then come days without a visit, in which something looked at before may be
    bought, or a need served elsewhere; the customer may be lost for good. The equations are in
    ``docs/scenarios-shop.md``.

    ## Action space
    ``MultiDiscrete([items] * slate_size)``: positions in the catalogue. A repeat within a page is an empty position.

    ## Observation space
    A ``Dict`` of ``Box``; H = ``history`` impressions, newest last, R = ``config.memory`` things looked at last, in no
    fixed order, C categories.

    | key | shape | dtype | unit | range |
    |---|---|---|---|---|
    | persona | (1,) | int32 | row of the personas | 0 .. personas - 1 |
    | shown | (H,) | int32 | item shown, -1 = empty | -1 .. items - 1 |
    | clicked | (H,) | int8 | 1 if looked at | 0 .. 1 |
    | engagement | (H,) | float32 | reward at once: above 0 if bought | 0 .. highest price |
    | age | (H,) | float32 | days since shown, 0 where empty | 0 .. 1e6 |
    | read_items | (R,) | int32 | item looked at, -1 = empty | -1 .. items - 1 |
    | read_minutes | (R,) | float32 | reward of buying it, at once or later; 0 if not bought | 0 .. highest price |
    | read_age | (R,) | float32 | days since looked at, 0 where empty | 0 .. 1e6 |
    | clock | (4,) | float32 | days since first visit, visits, days since the last one, reward between | 0 .. 1e6 |
    | since_purchase | (C,) | float32 | days since the last purchase here, 1000 if none | 0 .. 1000 |
    | shown_lately | (C,) | float32 | wear of things shown, halved every ``config.wear.half_life`` days | 0 .. 1e6 |
    | views | (C,) | float32 | things looked at, halved in the same time | 0 .. 1e6 |

    ## Reward
    Euros spent on this page and until the next visit, or purchases with ``config={"counts": "purchases"}``.

    ## Starting state
    A persona, a taste around the persona's, needs at all stages, thresholds of wear and a habit of the customer's own.

    ## Episode end
    ``terminated`` when the customer is lost, ``truncated`` after ``horizon`` visits.

    ## Info
    Clicks and rewards by position, days away in hours ("gap"), and the truth: interest, need, consideration, muted,
    satisfaction.

    ## Version history
    v0: first version.

    Args:
        catalogue: Folder written by ``driftrec encode`` of a table with a column ``price``, a string; None for the
            packaged shop of 1,008 items.
        slate_size: Positions in a page, 1 to the number of items.
        history: Impressions in the observation, at least 1.
        horizon: Visits after which an episode is truncated; None for no limit.
        config: Changes to ``ShopConfig``, nested by mechanism, such as ``{"wear": {"annoyance": 0.1}}``.
        render_mode: "ansi" for ``render`` to tell the last visit in words; None for no rendering.

    Raises:
        TypeError: If ``catalogue`` is not a string, a size is not whole, or the render mode unknown.
        ValueError: If a setting is unknown or out of range, prices are missing, or no episode could ever end.
        FileNotFoundError: If ``catalogue`` is not a catalogue folder, or has no prices.
    """

    world: ShopWorld

    def __init__(
        self,
        catalogue: str | None = None,
        slate_size: int = 6,
        history: int = 60,
        horizon: int | None = 100,
        config: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
    ) -> None:
        goods, personas = read_goods(check_path(catalogue))
        changed = updated(ShopConfig(), {} if config is None else config)
        super().__init__(ShopWorld(goods, personas, slate_size, history, changed), horizon, render_mode)


class ShopVectorEnv(Lanes):
    """Many customers of ``ShopEnv`` side by side, in native array code.

    Settings as of ``ShopEnv``; see ``Lanes``.
    """

    single = ShopEnv


def shop_world(**settings: Any) -> ShopWorld:
    """The world behind ``driftrec/Shop-v0``; settings as of ``ShopEnv``."""
    return ShopEnv(horizon=1, **settings).world


def read_goods(catalogue: str | None) -> tuple[Goods, Personas]:
    """The packaged shop for None, or a catalogue folder with prices.

    Raises:
        FileNotFoundError: If it is not a catalogue folder, or has no prices.
        ValueError: If a folder is damaged, or its prices do not fit its items.
    """
    if catalogue is None:
        return packaged_goods()
    items, personas = read_catalogue(catalogue)
    return priced(items, read_prices(Path(catalogue), items.ids)), personas


def read_prices(folder: Path, ids: tuple[str, ...]) -> NDArray[np.float32]:
    """Prices of the items ``ids`` from a folder's ``prices.csv``, (items,); errors as of ``read_goods``."""
    remedy = (
        "Write a header id,price and a line an item, 0 for an editorial, or give driftrec encode a table with a price "
        "column."
    )
    return np.array(read_column(folder / PRICES_FILE, "price", ids, float, "a number", remedy), np.float32)


@lru_cache(maxsize=1)
def packaged_goods() -> tuple[Goods, Personas]:
    """The packaged shop: 1,008 items and 320 personas, made by a seeded generator, always the same."""
    from driftrec.simulators.shop.stock import generate_customers, generate_goods

    return generate_goods(), generate_customers()


@describe.register
def _(world: ShopWorld, seen: Mapping[str, Any], item: int) -> str:
    goods = world.catalogue
    price = f"{goods.price[item]:.2f} euros" if goods.price[item] else "editorial"
    return f"{goods.titles[item]} [{item}, {goods.topic_names[goods.topic[item]]}, {price}]"


@moment.register
def _(world: ShopWorld, seen: Mapping[str, Any]) -> str:
    days, visits, _, between = seen["clock"]
    spent = f", {between:.3g} {world.unit} since the last visit" if between else ""
    return f", day {days:.0f}, visit {visits:.0f}{spent}"
