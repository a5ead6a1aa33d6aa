"""docs/faq.md: its examples print what stands beside them, and its answers are those of the code."""

import re
from pathlib import Path

import pytest

from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.scripts.encode import Args
from tests.printed import CODE, said

PAGE = (Path(__file__).parents[1] / "docs" / "faq.md").read_text(encoding="utf-8")
EXAMPLES = CODE.findall(PAGE)


@pytest.fixture(scope="module")
def names():
    """What the examples before have left: they follow one another."""
    return {}


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: str(EXAMPLES.index(block)))
def test_an_example_prints_what_stands_beside_it(block, names, capsys):
    # Checked to fail: one letter of a message changed.
    exec(block, names)
    assert said(block)
    assert capsys.readouterr().out.splitlines() == said(block)


def test_texts_are_cut_where_the_page_says():
    (told,) = re.findall(r"After `--max-length` tokens, (\d+) by default", PAGE)
    assert int(told) == Args().max_length == TextEncoder().max_length


def test_every_question_has_an_answer():
    questions = re.findall(r"^\*\*(.*?)\*\*(.*)", PAGE, re.MULTILINE)
    assert len(questions) >= 25
    assert all(answer.strip() for _, answer in questions)
