"""Moods, prices and dates of a user's table: folders that their worlds take, and what is told of bad ones."""

import gymnasium as gym
import numpy as np
import pytest

import driftrec.envs  # noqa: F401 (registers)
from driftrec.agents.catalogues.catalogue_folder import build_catalogue_folder
from driftrec.agents.catalogues.read_items import read_items
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.envs.shop import PRICES_FILE

pytestmark = pytest.mark.usefixtures("own_cache")

COLUMNS = {"mood": "feel", "price": "euros", "date": "day"}


def table(
    path,
    moods=("Lively", "calm", " wistful "),
    prices=("9.5", "0", "12"),
    dates=("2025-03-01", "2025-03-02T08:30"),
    header="id,title,topic,feel,euros,day",
):
    rows = [
        f'"{i},{i}",{title},Topic {i % 2},{moods[i % len(moods)]},{prices[i % len(prices)]},{dates[i % len(dates)]}'
        for i, title in enumerate(["Lamp", "Rug", "How to choose", "Vase", "Clock", "Bowl", "Cup", "Bed", "Tap", "Pan"])
    ]
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


@pytest.fixture
def encoded(tmp_path, tiny_model):
    """Writes a table and the folder made of it; returns the folder and what was said."""

    def make(columns=COLUMNS, **told):
        said = []
        csv, out = table(tmp_path / "items.csv", **told), tmp_path / "folder"
        build_catalogue_folder(csv, out, TextEncoder(tiny_model), 7, columns=columns, report=said.append)
        return out, said

    return make


@pytest.mark.parametrize("world", ["Video", "Music", "NewsStream", "Shop"])
def test_every_scenario_serves_a_table_with_moods_prices_and_dates(encoded, world):
    folder, said = encoded()
    assert not [line for line in said if "Warning" in line and any(word in line for word in ("mood", "price", "date"))]
    offer = {"num_candidates": 6} if world == "NewsStream" else {}
    envs = gym.make_vec(f"driftrec/{world}-v0", 16, "vector_entry_point", catalogue=str(folder), slate_size=5, **offer)
    envs.reset(seed=0)
    slates = np.random.default_rng(0).integers(6, size=(20, 16, 5))
    assert sum(envs.step(slate)[1].sum() for slate in slates) > 0


@pytest.mark.parametrize("world", ["driftrec/Video-v0", "driftrec/Music-v0", "driftrec/Shop-v0"])
def test_agents_take_its_embeddings_in_every_scenario(encoded, world):
    folder, _ = encoded()
    setting = set_up(WorldArgs(world, catalogue=str(folder), slate_size=5)).setting
    assert setting.item_embeddings.shape == (10, 24)
    assert setting.context(5).titles[0] == "Lamp"


def test_moods_and_prices_are_those_of_the_table(encoded):
    folder, _ = encoded()
    songs = gym.make("driftrec/Music-v0", catalogue=str(folder)).unwrapped.world.catalogue
    assert songs.subtopics[:3] == ("lively", "calm", "wistful")
    assert (folder / PRICES_FILE).read_text(encoding="utf-8").splitlines()[:3] == ["id,price", '"0,0",9.5', '"1,1",0.0']
    goods = gym.make("driftrec/Shop-v0", catalogue=str(folder)).unwrapped.world.catalogue
    assert goods.price[:3].tolist() == [9.5, 0.0, 12.0]
    news = gym.make("driftrec/NewsStream-v0", catalogue=str(folder), num_candidates=8).unwrapped.world.catalogue
    assert news.hours[:3].tolist() == [0.0, 32.5, 0.0]


def test_columns_of_these_names_need_not_be_named(tmp_path):
    items = read_items(table(tmp_path / "items.csv", header="id,title,topic,Mood,PRICE,Published"))
    assert (items.moods[:2], items.prices[:2]) == (("lively", "calm"), (9.5, 0.0))
    assert items.dates[:2] == ("2025-03-01T00:00:00", "2025-03-02T08:30:00")


BAD_PRICES = {price: f"has the price '{price}'" for price in ("-1", "cheap", "inf")} | {"": "has no price"}


@pytest.mark.parametrize(("price", "told"), BAD_PRICES.items())
def test_a_bad_price_is_told_with_its_row(encoded, tmp_path, price, told):
    with pytest.raises(ValueError, match=f"line 3: item '1,1' {told}; give a number in euros, 0 for an editorial"):
        encoded(prices=("5", price, *("3",) * 8))
    items = read_items(tmp_path / "items.csv", columns=COLUMNS, bad_rows="skip")
    assert (len(items), len(items.prices), len(items.bad)) == (9, 9, 1)


@pytest.mark.parametrize(("date", "told"), [("soon", "has the date 'soon'"), ("", "has no date")])
def test_a_bad_date_is_told_with_its_row(encoded, date, told):
    dates = ("2025-03-01", date, *("2025-03-02",) * 8)
    with pytest.raises(ValueError, match=f"line 3: item '1,1' {told}; give one such as 2025-03-01T08:30"):
        encoded(dates=dates)
    folder, said = encoded({"mood": "feel"}, dates=dates, header="id,title,topic,feel,euros,date")
    assert any(told in line and "No dates are written for driftrec/NewsStream-v0" in line for line in said)
    with pytest.raises(FileNotFoundError, match=r"has no dates\.csv, which this world needs"):
        gym.make("driftrec/NewsStream-v0", catalogue=str(folder))


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        (("2025-03-01Z", "2025-03-02"), "5 of 10 dates have a time zone and the others none; write all in one"),
        (("0001-01-01", *("2025-03-02",) * 9), "the dates span more than 20 years, from line 2 (1) to line 3 (2025)"),
    ],
)
def test_dates_that_make_no_calendar_are_not_written(encoded, dates, told):
    folder, said = encoded(dates=tuple(date.replace("Z", "T00:00Z") for date in dates))
    assert any(told in line and "No dates are written" in line for line in said)
    assert not (folder / "dates.csv").exists()


def test_a_price_column_that_nobody_named_does_not_keep_a_table_from_other_worlds(encoded):
    folder, said = encoded({}, header="id,title,topic,mood,price,day", prices=("5", "$3"))
    warning = next(line for line in said if "price" in line and line.startswith("Warning"))
    assert "line 3: item '1,1' has the price '$3'" in warning
    assert "So 4 more. No prices are written for driftrec/Shop-v0" in warning
    with pytest.raises(FileNotFoundError, match=r"has no prices\.csv, which this world needs"):
        gym.make("driftrec/Shop-v0", catalogue=str(folder))
    gym.make("driftrec/Music-v0", catalogue=str(folder))


def test_an_unknown_mood_is_told_at_once_and_refused_at_the_door(encoded):
    folder, said = encoded(moods=("calm", "", "sad"))
    assert any("line 3: item '1,1' has no mood; Music knows lively, wistful, calm. So 5 more." in line for line in said)
    with pytest.raises(ValueError, match=r"Item '1,1' \(row 1\) has the subtopic ''.*--columns mood=COLUMN"):
        gym.make("driftrec/Music-v0", catalogue=str(folder))
    gym.make("driftrec/Video-v0", catalogue=str(folder))


def test_prices_written_by_hand_stay_and_are_told_of(encoded):
    folder, _ = encoded()
    before = (folder / PRICES_FILE).read_bytes()
    _, said = encoded({}, header="id,title,topic,feel,euros,day")
    assert (folder / PRICES_FILE).read_bytes() == before
    assert any("prices.csv was there before and stays" in line for line in said)
