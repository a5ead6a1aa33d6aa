"""A search in a file: killed at any moment it goes on to the same trials; damage, another search, a full disk."""

import time

import numpy as np
import pytest

from driftrec.agents.comparison import tuning
from driftrec.agents.comparison.tuning import search
from driftrec.agents.runs.kept_study import STUDY_FILE, kept_study, proposer
from tests.agents.runs.killed import killed_after

TRIALS = 14
"""Ten are drawn, and four follow from those before."""

OF = {"name": "epsilon-content", "seed": 3}


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(8, slate_size=3, history=10, horizon=3)


@pytest.fixture(scope="module")
def whole(setup):
    """The trials that nothing cut short, and their seconds."""
    list(search(setup, OF["name"], seed=3, trials=2, users=5))  # the first takes longer
    begun = time.perf_counter()
    trials = list(search(setup, OF["name"], seed=3, trials=TRIALS, users=5))
    return trials, time.perf_counter() - begun


def searched(setup, folder, trials=TRIALS):
    with kept_study(folder / STUDY_FILE, OF) as study:
        return list(search(setup, OF["name"], seed=3, trials=trials, users=5, study=study))


def test_a_search_killed_at_random_moments_ends_with_the_same_trials(setup, whole, tmp_path, one_thread):
    trials, seconds = whole
    rng, cut_short = np.random.default_rng(0), 0
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        for _ in range(2):
            cut_short += killed_after(rng.uniform(0.3, 1.5) * seconds, lambda folder=folder: searched(setup, folder))
        assert searched(setup, folder) == trials
    assert cut_short > 1


@pytest.mark.parametrize("done", [1, 5, 12, TRIALS])
def test_finished_trials_are_not_done_again(setup, whole, tmp_path, monkeypatch, done):
    assert searched(setup, tmp_path, trials=done) == whole[0][:done]
    measure, measured = tuning._engagement, []
    monkeypatch.setattr(tuning, "_engagement", lambda *told: measured.append(1) or measure(*told))
    assert searched(setup, tmp_path) == whole[0]
    assert len(measured) == TRIALS - done


def test_a_trial_that_was_cut_short_is_done_again(setup, whole, tmp_path, monkeypatch):
    measure, left = tuning._engagement, [12]

    def press(*told):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return measure(*told)

    with monkeypatch.context() as patch:
        patch.setattr(tuning, "_engagement", press)
        with pytest.raises(KeyboardInterrupt):
            searched(setup, tmp_path)
    assert searched(setup, tmp_path) == whole[0]


def test_a_study_of_another_search_is_refused(setup, tmp_path):
    searched(setup, tmp_path, trials=1)
    message = r"study\.sqlite is of another search: seed 3, not 4 as here\. Give what it was begun with"
    with pytest.raises(ValueError, match=message), kept_study(tmp_path / STUDY_FILE, {**OF, "seed": 4}):
        pytest.fail("it was taken")


def test_a_damaged_study_is_refused_by_name(setup, tmp_path):
    searched(setup, tmp_path, trials=1)
    file = tmp_path / STUDY_FILE
    content = file.read_bytes()
    for spoilt in (b"no database" * 100, content[: len(content) // 2], content[:4096] + bytes(len(content) - 4096)):
        file.write_bytes(spoilt)
        with pytest.raises(ValueError, match=r"study\.sqlite is damaged .*remove it, and the search begins anew"):
            searched(setup, tmp_path, trials=2)


def test_a_full_disk_keeps_the_trials_before_it(setup, tmp_path):
    """SQLite's own limit of a file's size says the same as a full disk."""
    found = []

    def fill():
        with kept_study(tmp_path / STUDY_FILE, OF) as study:
            for trial in search(setup, OF["name"], seed=3, trials=60, users=1, study=study):
                found.append(trial)
                with study._storage._backend.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA max_page_count = 1")  # those that there are, and no more

    message = rf"study\.sqlite cannot be written .*full.*go on: driftrec tune --resume {tmp_path}"
    with pytest.raises(OSError, match=message):
        fill()
    with kept_study(tmp_path / STUDY_FILE, OF) as study:
        assert list(search(setup, OF["name"], seed=3, trials=len(found), users=1, study=study)) == found


def test_what_is_proposed_depends_on_seed_and_number():
    drawn = {proposer(seed, number)._rng.rng.random() for seed in (1, 2) for number in (3, 4)}
    assert len(drawn) == 4
