"""Formats, columns, encodings and bad rows of files of items."""

import csv
import gzip
import json
from decimal import Decimal

import pandas as pd
import pytest

from driftrec.agents.catalogues.read_items import read_items
from tests.agents.catalogues.item_files import KEYS, PLAIN, parquet, write

ROWS = [("7", "Good, Bad & Ugly", "Western"), ("8", "Ünder", "War")]
OBJECTS = [dict(zip(KEYS, row, strict=True)) for row in ROWS]
TABLE = "\n".join(["id{0}title{0}topic", *("{0}".join(row) for row in ROWS)]) + "\n"


@pytest.mark.parametrize(
    ("name", "data", "note"),
    [
        ("semicolons.csv", TABLE.format(";").encode(), "separated by semicolons"),
        ("tabs.tsv", TABLE.format("\t").encode(), "separated by tabs"),
        ("bars.csv", TABLE.format("|").encode(), "separated by bars"),
        ("colons.dat", TABLE.format("::").encode(), "separated by double colons"),
        ("excel.csv", ("sep=;\r\n" + TABLE.format(";")).encode(), "separated by semicolons"),
        ("excel.txt", TABLE.format("\t").encode("utf-16"), "as utf-16, separated by tabs"),
        ("items.csv.gz", gzip.compress(TABLE.format(";").encode(), mtime=0), "gzipped, separated by semicolons"),
        ("items.jsonl", "\n".join(map(json.dumps, OBJECTS)).encode(), "as JSON lines"),
        ("items.json", json.dumps(OBJECTS).encode(), "as JSON"),
        ("items.parquet", parquet(ROWS), "as Parquet"),
    ],
)
def test_every_format_gives_the_same_items_and_says_how_it_was_read(tmp_path, name, data, note):
    (tmp_path / name).write_bytes(data)
    items = read_items(tmp_path / name)
    assert list(zip(items.ids, items.titles, items.topics, strict=True)) == ROWS
    assert items.notes == (f"Read {name} {note}.",)


def test_columns_by_name_and_by_number(tmp_path):
    named = write(tmp_path, b"isbn,label,kind\n1,A,Fun\n2,B,War\n")
    assert read_items(named, columns={"id": "isbn", "title": "Label"}).titles == ("A", "B")
    with pytest.raises(ValueError, match=r"no column 'lable', which --columns names\. Did you mean 'label'"):
        read_items(named, columns={"id": "isbn", "title": "lable"})
    with pytest.raises(ValueError, match=r"--columns names 'tittle'\. Did you mean 'title'"):
        read_items(named, columns={"tittle": "label"})
    movies = write(tmp_path, b"1::Toy Story, the film (1995)::Animation|Comedy\n2::Heat (1995)::Action\n")
    items = read_items(movies, columns={"id": "1", "title": "2", "genres": "3"})
    assert items.titles == ("Toy Story, the film (1995)", "Heat (1995)")
    assert items.topics == ("Animation", "Action")


NUMBERED = {"id": "1", "title": "2", "genres": "3"}


@pytest.mark.parametrize(
    ("data", "titles"),
    [
        ("1::Toy Story::Animation|Children's|Comedy\n2::Good, Bad, Ugly::War\n", ("Toy Story", "Good, Bad, Ugly")),
        ("1;Good, Bad, Ugly;War\n2;Postman, Il, a;War\n", ("Good, Bad, Ugly", "Postman, Il, a")),
        ("1;Good, Bad, Ugly;War\n2;Heat;War\n", ("Good, Bad, Ugly", "Heat")),
        ("1|Heat|War\n2|Postman, Il, a, b|War\n", ("Heat", "Postman, Il, a, b")),
        ('1,"Good, Bad",A|B|C\n2,x;y;z,A|B|C|D\n', ("Good, Bad", "x;y;z")),
        ('1\t"Wheel" of\tWar\n2\tHeat\tWar\n', ('"Wheel" of', "Heat")),
        ("sep=|\n1|A;x;y|War\n2|B;x;y|War\n", ("A;x;y", "B;x;y")),
    ],
)
def test_the_separator_of_a_file_without_a_header(tmp_path, data, titles):
    items = read_items(write(tmp_path, data.encode()), columns=NUMBERED)
    assert (items.ids, items.titles) == (("1", "2"), titles)


def test_a_row_with_more_values_than_others_is_bad_without_a_header_too(tmp_path):
    path = write(tmp_path, b"1,Good, Bad and Ugly,War\n2,Heat,War\n3,Alien,Horror\n")
    with pytest.raises(ValueError, match=r"line 1: item '1' has 4 values for 3 columns"):
        read_items(path, columns=NUMBERED)
    assert read_items(path, columns=NUMBERED, bad_rows="skip").topics == ("War", "Horror")


def test_numbers_name_no_columns_of_json(tmp_path):
    with pytest.raises(ValueError, match=r"no column '1', which --columns names\. Known: id, title"):
        read_items(write(tmp_path, b'[{"id": 1, "title": "A"}]'), columns={"id": "1", "title": "2"})


def test_values_of_json_and_parquet_as_text(tmp_path):
    lines = '{"id": 1, "title": "A\u2028B", "text": null}\n{"id": 2.0, "title": "C", "text": NaN}\n'
    items = read_items(write(tmp_path, lines.encode()))
    assert (items.ids, items.titles, items.texts) == (("1", "2.0"), ("A B", "C"), ("", ""))
    table = {"id": [Decimal(5), Decimal(6)], "title": [b"A", "é".encode()], "text": [["x", "y"], None]}
    pd.DataFrame(table).to_parquet(tmp_path / "items.parquet")
    items = read_items(tmp_path / "items.parquet")
    assert (items.ids, items.titles, items.texts) == (("5", "6"), ("A", "é"), ("x y", ""))


def test_the_hint_at_an_encoding_does_not_corrupt(tmp_path):
    data = b"id,title\n1,A\n2,the \x93quiet\x94 river\n"
    with pytest.raises(ValueError, match=r"byte 19 .*it looks like --encoding windows-1252"):
        read_items(write(tmp_path, data))
    assert read_items(write(tmp_path, data), encoding="windows-1252").titles[1] == "the “quiet” river"
    notes = read_items(write(tmp_path, data), encoding="latin-1").notes
    assert "control characters in 1 title, the first in line 3" in notes[1]


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (
            "id,title\n1,Größe\n2,Café\n".encode() + b"3,\xe9t\n",
            "line 4 .*Most of the file is UTF-8, .*mend this place",
        ),
        ("id,title\n1,、あいう\n".encode("shift_jis"), "for example --encoding gb18030, shift_jis or"),
        ("id,title\n1,Привет\n".encode("cp1251"), "If the language is Western European"),
        ("id,title\n1,A\n".encode("utf-16-le"), "--encoding utf-16-le"),
        ("id,title\n1,A\n".encode("utf-16-be"), "--encoding utf-16-be"),
        (b"PK\x03\x04\x14\x00\x93\x94", "a zip archive or an Excel workbook; unpack it, or save the sheet as CSV"),
        (b"BZh91AY\xff", "compressed by bzip2"),
    ],
)
def test_no_hint_where_another_encoding_would_garble(tmp_path, data, hint):
    with pytest.raises(ValueError, match=hint):
        read_items(write(tmp_path, data))


@pytest.mark.parametrize(
    ("rows", "notes"),
    [
        ('1,A,a\n2,"Stone,b\n3,Island,c\n4,Diary",d\n', ["line breaks in titles (line 3)"]),
        ('1,A,a\n2,Stone,"b\n3,Island,c\n4,Diary,d"\n', ["lines that look like rows within values (line 3)"]),
        ('a1,A,a\na2,Stone,"Two lines,\n1999, and so,\nto speak, prose"\n', []),
        ('1,"A\n",a\n', []),
    ],
)
def test_a_quote_that_a_later_row_closes_is_warned_of(tmp_path, rows, notes):
    items = read_items(write(tmp_path, f"id,title,text\n{rows}".encode()))
    why = "A quote that is not closed in its line takes in the rows below it."
    assert items.notes[1:] == tuple(f"Warning: {note}. {why}" for note in notes)


def test_all_bad_rows_are_listed_or_left_out(tmp_path):
    path = write(tmp_path, b"id,title\n1,A\n,B\n3,\n1,D\n5,E,F\n6,G\n")
    with pytest.raises(
        ValueError, match=r"(?s)^4 bad rows.*line 3: the id.*line 4: item '3'.*line 2 and in line 5.*line 6"
    ):
        read_items(path)
    items = read_items(path, bad_rows="skip")
    assert items.ids == ("1", "6")
    assert len(items.bad) == 4
    with pytest.raises(ValueError, match=r"and 30 more\.$"):
        read_items(write(tmp_path, b"id,title\n1,A\n" + b",B\n" * 50))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b'id,title\n1,A\n2,"B" x\n3,C\n', "line 3: not valid CSV"),
        (b'{"id": 1, "title": "A"}\n{"id": 2,\n{"id": 3, "title": "C"}\n', "line 2: not valid JSON"),
        (b'[{"id": 1, "title": "A"}, 2, {"id": 3, "title": "C"}]', "object 2: 2 is no object"),
    ],
)
def test_a_row_that_cannot_be_read_is_a_bad_row(tmp_path, data, fault):
    items = read_items(write(tmp_path, data), bad_rows="skip")
    assert items.ids == ("1", "3")
    assert [fault in line for line in items.bad] == [True]


def test_rows_below_an_open_quote_are_never_skipped(tmp_path):
    with pytest.raises(ValueError, match="line 3: not valid CSV"):
        read_items(write(tmp_path, b'id,title\n1,A\n2,"B\n3,C\n'), bad_rows="skip")


def test_a_value_of_any_length(tmp_path):
    before = csv.field_size_limit()
    assert len(read_items(write(tmp_path, b"id,title,text\n1,A," + b"x" * 200_000 + b"\n")).texts[0]) == 200_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(PLAIN, mtime=0)[:-9], "is gzipped and damaged"),
        (b"PAR1 nothing", "is Parquet and damaged"),
        (b'{"id": 1, "title": "A"}\n{"id": 2\n', "line 2: not valid JSON"),
        (b'{\n "items": [{"id": 1}]\n}\n', r"line 1: not valid JSON .*Give one object a line, or a list"),
        (b'[{"id": 1, "title": "A"}, 2]', "object 2: 2 is no object"),
        (b'[{"id": 1, "title": "A"}', "not valid JSON"),
    ],
)
def test_damaged_files_are_named(tmp_path, data, message):
    with pytest.raises(ValueError, match=message):
        read_items(write(tmp_path, data))
