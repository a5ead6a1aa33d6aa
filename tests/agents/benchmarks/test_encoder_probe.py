"""Encoders judged on the logs of others: what comes out, again the same, and what is refused."""

import json
import re

import pytest

from driftrec.agents.benchmarks.encoder_probe import (
    ENCODED,
    ProbeLogs,
    encoder_table,
    encoders_of,
    probe_encoders,
    write_encoders,
)
from driftrec.agents.setup import WorldArgs, set_up

SIZE = ProbeLogs(users=16, steps=6, epochs=1)


def probed(setup, *names, seed=0):
    return probe_encoders(setup, names, SIZE, seed=seed, report=lambda line: None)


@pytest.fixture(scope="module")
def scores(make_setup):
    return probed(make_setup(), *encoders_of(make_setup()))


def test_every_encoder_is_judged_beside_the_first(scores, tmp_path):
    assert [each.name for each in scores] == [name for name in ENCODED if name != "belief"]
    assert scores[0].better == (0.0, 0.0)
    for each in scores:
        assert set(each.log_loss) == set(each.minutes) == {"random", "own"}
        assert each.better[0] == pytest.approx(scores[0].log_loss["own"] - each.log_loss["own"], abs=1e-5)
        assert 0.0 < each.log_loss["random"] < 3.0
        assert each.rate > 0
    assert scores[1].weights > scores[0].weights
    write_encoders(scores, {"world": "here"}, tmp_path / "new")
    told = json.loads((tmp_path / "new" / "encoders.json").read_text())
    assert [each["name"] for each in told["encoders"]] == [each.name for each in scores]
    table = (tmp_path / "new" / "encoders.md").read_text()
    assert table == encoder_table(scores)
    assert "| told-fading * |" in table


def test_the_same_logs_whoever_else_is_judged(scores, make_setup):
    (again,) = probed(make_setup(), "recurrent")
    assert again.log_loss == scores[1].log_loss
    assert again.minutes == scores[1].minutes


@pytest.mark.parametrize(
    ("world", "name", "message"),
    [
        ("driftrec/News-v0", "fadin", "Encoder 'fadin' is unknown. Did you mean 'fading'?"),
        ("driftrec/Sardine-SlateTopK-Bored-v0", "fading", "Bored-v0 has no texts"),
        ("driftrec/News-v0", "belief", "Encoder 'belief' is of feeds and of Shop, whose users tire of topics"),
    ],
)
def test_refusals(world, name, message, make_setup):
    setup = make_setup() if world.endswith("News-v0") else set_up(WorldArgs(world))
    with pytest.raises(ValueError, match=re.escape(message)):
        probed(setup, name)


def test_beliefs_are_judged_in_feeds():
    (found,) = probed(set_up(WorldArgs("driftrec/Video-v0")), "belief")
    assert 0.0 < found.log_loss["own"] < 7.0


def test_logs_of_nobody_are_refused():
    with pytest.raises(ValueError, match=r"ProbeLogs.users is 1; it must be between 2"):
        ProbeLogs(users=1)
