"""Trainings and comparisons come out as they were recorded: to the bit on the machine that recorded them.

On other processors and library versions sums differ in their last bits, and training carries that on. Tried with the
kernels of older processors: no engagement moved, and norms by less than 1e-5 but for one of 4 % (the average user of
interest exploration, found by a line search). The bounds there are 2 % and 7 %. Another seed, tried too, moves both by
10 % or more.
"""

import json

import pytest

from tests.scripts.golden.cases import NUMBERS, WORLDS, machine, numbers, one_thread, prepare

pytestmark = pytest.mark.slow

RECORDED = json.loads(NUMBERS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("golden")


@pytest.fixture
def run(driftrec, folder, monkeypatch):
    monkeypatch.setenv("DRIFTREC_CACHE", str(folder / "cache"))  # a text's last bits depend on what it is encoded with

    def call(words):
        done = driftrec(*words, folder=folder)
        assert done.status == 0, done.err

    return call


@pytest.mark.parametrize("name", WORLDS)
def test_numbers_are_those_recorded(name, run, folder, monkeypatch):
    monkeypatch.chdir(folder)
    with one_thread():
        if not (folder / "my-items").exists():
            prepare(run)
        found = numbers(name, run)
    recorded = RECORDED["worlds"][name]
    if machine() == RECORDED["machine"]:
        assert found == recorded
        return
    assert found["engagement"] == pytest.approx(recorded["engagement"], rel=0.02)
    for one, kept in recorded["tensors"].items():
        assert found["tensors"][one]["norms"] == pytest.approx(kept["norms"], rel=0.07, abs=0.07)
