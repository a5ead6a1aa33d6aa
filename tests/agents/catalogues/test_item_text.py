"""What stands in the cells of a file of items: lists of genres, HTML, characters that nobody sees."""

import pytest

from driftrec.agents.catalogues.read_items import read_items
from tests.agents.catalogues.item_files import write


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
