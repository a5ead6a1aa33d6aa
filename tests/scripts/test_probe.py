"""driftrec probe: what it prints and writes, and what it refuses."""

import json

import pytest

from driftrec.agents.text import packaged_models


def test_the_table_is_printed_and_written(driftrec, tmp_path):
    words = ("--world", "driftrec/Video-v0", "--items", "60", "--timed", "0", "--out", str(tmp_path / "out"))
    done = driftrec("probe", *words, "--representations", "hashing", "ids")
    assert done.status == 0, done.err
    assert (tmp_path / "out" / "probe.md").read_text() in done.out
    told = json.loads((tmp_path / "out" / "probe.json").read_text())
    assert (told["world"], told["items"], told["seed"]) == ("driftrec/Video-v0", 60, 0)
    assert [each["name"] for each in told["probes"]] == ["hashing", "ids"]


def test_encoders_are_compared_instead(driftrec, tmp_path):
    size = ("--users", "8", "--steps", "2", "--epochs", "1", "--out", str(tmp_path / "out"))
    done = driftrec("probe", "--encoders", "fading", "recurrent", *size)
    assert done.status == 0, done.err
    assert (tmp_path / "out" / "encoders.md").read_text() in done.out
    told = json.loads((tmp_path / "out" / "encoders.json").read_text())
    assert (told["users"], told["steps"], [each["name"] for each in told["encoders"]]) == (
        8,
        2,
        ["fading", "recurrent"],
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--representations", "hashed"), "Representation 'hashed' is unknown. Did you mean 'hashing'?"),
        (("--encoders", "recurent"), "Encoder 'recurent' is unknown. Did you mean 'recurrent'?"),
        (("--items", "20"), "--items is 20; probes on fewer than 50"),
        (("--world", "driftrec/Sardine-SlateTopK-Bored-v0"), "has no texts to represent"),
    ],
)
def test_refusals(driftrec, words, said):
    done = driftrec("probe", *words)
    assert done.status == 2
    assert said in done.err


def test_a_model_that_is_missing_is_an_error_only_when_asked_for(driftrec, monkeypatch):
    gone = packaged_models.PACKAGED["smollm2"]._replace(package="no_such_package")
    monkeypatch.setitem(packaged_models.PACKAGED, "smollm2", gone)
    done = driftrec("probe", "--representations", "smollm2-last")
    assert done.status == 2
    assert "pip install 'driftrec[llm]'" in done.err
