"""``driftrec score``: table, picture and score.json, the same for the same seed."""

import json
import re

import pytest

from driftrec.agents.scorecard.scorecard import read_score

BORED = ("--world", "driftrec/Sardine-SlateTopK-Bored-v0", "--options", '{"embeddings": "generated"}')


def test_a_score_is_a_table_a_picture_and_a_file(driftrec, tmp_path):
    words = ("score", "random", "best=myopic-oracle", *BORED, "--horizon", "40", "--users", "12", "--seed", "3")
    done = driftrec(*words, "--out", "one")
    assert done.status == 0, done.err
    folder = tmp_path / "one"
    assert {path.name for path in folder.iterdir()} == {
        *("config.json", "score.json", "score.md"),
        *("score.png", "jump.png", "personalisation.png"),
    }
    card = read_score(folder)
    names = [made["name"] for made in card["experiments"]]
    assert {"short term", "long term", "cold start", "following a jump", "personalisation"} <= set(names)
    assert "other drift" in card["left_out"]
    assert re.search(r"^short term +0\.00 \[0\.00, 0\.00\] +1\.00 \[1\.00, 1\.00\]$", done.out, re.MULTILINE)
    assert "other drift is left out: its kit knows no other drift (Changes.drift)" in done.out
    assert "| short term | 0.00 [0.00, 0.00] | 1.00 [1.00, 1.00] |" in (folder / "score.md").read_text()
    assert list(card["timed"]["policies"]) == ["random"]
    assert json.loads((folder / "config.json").read_text())["seed"] == 3

    driftrec(*words, "--no-latency", "--out", "again")
    again = read_score(tmp_path / "again")
    assert again == {name: value for name, value in card.items() if name != "timed"}


def test_a_policy_that_fails_everywhere_costs_the_status(driftrec, tmp_path):
    (tmp_path / "broken.py").write_text(
        "class Broken:\n"
        "    def __init__(self, context): ...\n"
        "    def reset(self, num_users, seed): ...\n"
        "    def act(self, observation): raise ZeroDivisionError('no')\n"
    )
    words = ("score", "random", "broken:Broken", *BORED, "--horizon", "5", "--users", "6", "--seed", "1")
    done = driftrec(*words, "--no-latency", "--out", "out")
    assert done.status == 1
    assert "broken:Broken failed in every experiment; the notes above say why." in done.err
    assert "broken:Broken has no short term: Policy 'broken:Broken' failed in act()" in done.out
    assert list(read_score(tmp_path / "out")["experiments"][0]["scores"]) == ["random"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "No policies to score; name some, such as content."),
        (("randm", *BORED), "Did you mean 'random'?"),
        (("random", "random", *BORED), "Two policies are called 'random'; name them apart: label=policy."),
        (("random", *BORED, "--experiments", "personalization"), "Did you mean 'personalisation'?"),
        (("random", "--users", "1"), "--users is 1; intervals need at least 2"),
        (("random", "--planner-effort", "0", "2"), "--planner-effort is (0, 2);"),
        (("random", "--seed", "-1"), "--seed is -1; it must not be negative"),
        (("ppo:nowhere",), "There is no checkpoint at nowhere"),
        (("random", "--world", "driftrec/Sardine-SlateTopK-Bord-v0"), "Did you mean"),
    ],
)
def test_mistakes_are_told_before_any_folder_is_made(driftrec, tmp_path, words, message):
    done = driftrec("score", *words)
    assert done.status == 2
    assert message in done.err
    assert not list(tmp_path.iterdir())
