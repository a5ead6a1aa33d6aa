"""Reading items: every file is read right or refused with its line."""

from dataclasses import replace

import pytest

from driftrec.agents.catalogues.read_items import read_items
from tests.agents.catalogues.item_files import PLAIN, WANTED, write


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + PLAIN.replace(b"\n", b"\r\n").rstrip(),
        PLAIN.replace(b"\n", b"\r"),
        PLAIN.rstrip(b"\n"),
        PLAIN + b"\n,,,\n\n",
        PLAIN.replace(b"item_id,title", b" movieId , TITLE"),
        PLAIN.replace(b"Red film", b'"Red film"'),
        b"year,title,topic,id,text\n1995,Red film,Drama,1,\"Long, and loud\"\n1996,Blue song,Music,2\n",
    ],
)  # fmt: skip
def test_forms_of_one_table(tmp_path, data):
    assert replace(read_items(write(tmp_path, data)), ignored=(), notes=()) == WANTED


def test_utf8_with_mark_under_the_plain_name(tmp_path):
    assert replace(read_items(write(tmp_path, b"\xef\xbb\xbf" + PLAIN), encoding="utf-8"), notes=()) == WANTED


@pytest.mark.parametrize(
    ("header", "ignored"),
    [
        (b"id,title", ()),
        (b"id,title,kind,minutes", ("kind", "minutes")),
        (b"year,id,title,Text,genres,movieId,", ("year", "movieId")),  # of two ids the first name known is taken
    ],
)
def test_columns_that_are_not_read_are_named(tmp_path, header, ignored):
    row = b",".join(b"%d" % i for i in range(header.count(b",") + 1))
    assert read_items(write(tmp_path, header + b"\n" + row + b"\n")).ignored == ignored


def test_genres_give_topic_and_text(tmp_path):
    path = write(
        tmp_path,
        b"movieId,title,genres\n1,A (1995),Comedy|Drama\n2,B,(no genres listed)\n3,C,Film-Noir | War\n",
    )
    items = read_items(path)
    assert items.topics == ("Comedy", "", "Film-Noir")
    assert items.texts == ("Genres: Comedy, Drama.", "", "Genres: Film-Noir, War.")


def test_own_topic_and_text_win_over_genres(tmp_path):
    items = read_items(write(tmp_path, b"id,title,genres,topic,text\n1,A,Comedy,Fun,\n"))
    assert (items.topics, items.texts) == (("Fun",), ("",))


def test_titles_that_look_like_missing_values_stay(tmp_path):
    items = read_items(write(tmp_path, b'id,title\n007,NA\n8,null\n9,"She said ""no"""\n'))
    assert items.ids == ("007", "8", "9")
    assert items.titles == ("NA", "null", 'She said "no"')


def test_one_title_under_two_ids(tmp_path):
    assert read_items(write(tmp_path, b"id,title\n1,A\n2,A\n")).titles == ("A", "A")


def test_latin_1(tmp_path):
    path = write(tmp_path, "id,title\n1,Ab\n2,Café\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"byte 19 \(0xe9\) in line 3 is not valid utf-8-sig.*--encoding latin-1"):
        read_items(path)
    assert read_items(path, encoding="latin-1").titles == ("Ab", "Café")


def test_offset_counts_the_byte_order_mark(tmp_path):
    with pytest.raises(ValueError, match=r"byte 14 \(0xe9\) in line 2"):
        read_items(write(tmp_path, b"\xef\xbb\xbfid,title\n1,\xe9\n"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"id,title\n7,A\n8,\"B\nb\"\n7,C\n", r"id '7' is in line 2 and in line 5"),
        (b"id,title\n1,A\n2,  \n", r"line 3: item '2' has no title"),
        (b"id,title\n1,A\n2\n", r"line 3: item '2' has no title"),
        (b"id,title\n,A\n", r"line 2: the id is missing"),
        (b"1,Toy Story,Fun\n2,Jumanji,Fun\n3,Heat,War\n", r"no column id and no .*'Toy Story'.*missing"),
        (b"id,label\n1,A\n", r"no column title.*--columns id=COLUMN.*holds \['id', 'label'\]"),
        (b"id,title,Title\n1,A,B\n", r"column 'title' occurs twice"),
        (b"id,title\n", r"holds no items"),
        (b"", r"no column id and no column title.*holds \[\]"),
        (b"id,title\n1,Good, Bad and Ugly\n", r"line 2: item '1' has 3 values for 2 columns"),
        (b'id,title\n1,A\n2,"B\n3,C\n', r"line 3: not valid CSV"),
    ],
)  # fmt: skip
def test_bad_files(tmp_path, data, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_items(write(tmp_path, data))
    assert "items.csv" in str(caught.value)


def test_bad_paths_and_encoding(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no items file .*nothing\.csv"):
        read_items(tmp_path / "nothing.csv")
    with pytest.raises(ValueError, match="is a folder; give the file"):
        read_items(tmp_path)
    with pytest.raises(ValueError, match="encoding 'utf-9' is not known"):
        read_items(write(tmp_path, PLAIN), encoding="utf-9")
