"""Reading items: every file is read right or refused with its line."""

import csv
import gzip
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from driftrec.agents.catalogues.read_items import ReadItems, read_items

PLAIN = b'item_id,title,text,topic\n1,Red film,"Long, and\nloud",Drama\n2,Blue song,,Music\n'
WANTED = ReadItems(("1", "2"), ("Red film", "Blue song"), ("Long, and loud", ""), ("Drama", "Music"))


KEYS = ("id", "title", "topic")


def parquet(rows):
    """Rows as a Parquet file."""
    file = io.BytesIO()
    pd.DataFrame(rows, columns=KEYS).to_parquet(file)
    return file.getvalue()


def write(folder: Path, data: bytes) -> Path:
    path = folder / "items.csv"
    path.write_bytes(data)
    return path


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
        ("items.csv.gz", gzip.compress(TABLE.format(";").encode()), "gzipped, separated by semicolons"),
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


@pytest.mark.parametrize(
    "genres",
    [
        """ "['Drama', 'War']" """.strip(),
        '"[""Drama"", ""War""]"',
        '"[{""id"": 1, ""name"": ""Drama""}, {""name"": ""War""}]"',
        "Drama|War",
        '"Drama, War"',
        "Drama; War",
        "Drama|War|Drama",
        """ "['Drama' 'War']" """.strip(),  # NumPy, by way of pandas
        """ "{'Drama', 'War'}" """.strip(),
        """ "('Drama', 'War')" """.strip(),
        """ "[['Drama'], ['War', 'Drama']]" """.strip(),
        """ "['Drama', nan, 'War']" """.strip(),
        '"[Drama, War]"',
        '"{Drama,War}"',
        '"{""Drama"": 12, ""War"": 3}"',
    ],
)
def test_lists_of_genres_are_split(tmp_path, genres):
    items = read_items(write(tmp_path, f"id,title,genres\n1,A,{genres}\n".encode()))
    assert (items.topics, items.texts) == (("Drama",), ("Genres: Drama, War.",))
    with_text = read_items(write(tmp_path, f"id,title,genres,text\n1,A,{genres},Long.\n".encode()))
    assert with_text.texts == ("Long. Genres: Drama, War.",)


def test_ten_genres_in_lists_are_ten_topics(tmp_path):
    names = [f"Genre {letter}" for letter in "ABCDEFGHIJ"]
    lists = [[names[i % 10], names[i // 10 % 10], names[i * 7 % 10]] for i in range(200)]
    rows = "".join(f'{i},Film {i},"{genres}"\n' for i, genres in enumerate(lists))
    items = read_items(write(tmp_path, f"id,title,genres\n{rows}".encode()))
    assert items.topics == tuple(genres[0] for genres in lists)
    assert len(items.notes) == 1


def test_a_list_of_topics_is_kept_whole(tmp_path):
    items = read_items(write(tmp_path, b'id,title,category,text\n1,A,"[""Drama"", ""War""]",Long.\n2,B,Fun,\n'))
    assert items.topics == ("Drama", "Fun")
    assert items.texts == ("Long. Genres: Drama, War.", "")


def test_brackets_that_are_no_list_stay(tmp_path):
    items = read_items(write(tmp_path, b'id,title,text,topic\n1,[1984],[1],(new)\n2,[REC],"{""a"": 1}",[1984]\n'))
    assert (items.titles, items.texts) == (("[1984]", "[REC]"), ("[1]", '{"a": 1}'))
    assert items.topics == ("(new)", "[1984]")


def test_a_topic_may_hold_a_comma(tmp_path):
    assert read_items(write(tmp_path, b'id,title,topic\n1,A,"Food, drink"\n')).topics == ("Food, drink",)


def test_many_topics_of_few_items_are_warned_of(tmp_path):
    rows = b"".join(b"%d,A,topic %d\n" % (i, i % 25) for i in range(50))
    assert "25 topics for 50 items" in read_items(write(tmp_path, b"id,title,topic\n" + rows)).notes[1]


def test_html_and_unseen_characters_are_taken_out(tmp_path):
    row = "1,Brass &amp; Sons\u200b&#39; I <3 you,<p>one</p>two<br />&lt;b&gt; e\u0301\ufeff"
    items = read_items(write(tmp_path, f"id,title,text\n{row}\n2,B,C\n".encode()))
    assert items.titles[0] == "Brass & Sons' I <3 you"
    assert items.texts[0] == "one two <b> é"
    assert items.notes[1] == "HTML was taken out of 1 item."


def test_words_within_html_stay_whole_and_other_angles_stay(tmp_path):
    row = '1,a<b c> Vec<T> <B>bo</b>ld &notit; AT&T;,"H<sub class=""x"">2</sub>O<br/>x"'
    items = read_items(write(tmp_path, f"id,title,text\n{row}\n2,Vec<T> &notit;,x\n".encode()))
    assert items.titles == ("a<b c> Vec<T> bold &notit; AT&T;", "Vec<T> &notit;")
    assert items.texts[0] == "H2O x"
    assert items.notes[1:] == ("HTML was taken out of 1 item.",)


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
        (gzip.compress(PLAIN)[:-9], "is gzipped and damaged"),
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
