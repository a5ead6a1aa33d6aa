import numpy as np
import pandas as pd
import pytest

from driftrec.agents.evaluation.curves import COLUMNS, CURVE_FILE, checked_curve, read_curves, split_runs


def run(seed, steps, engagement):
    told = {"training_seed": seed, "stage": "ppo", "env_steps": steps, "seconds": steps}
    return pd.DataFrame({**told, "mean_episode_engagement": engagement})


def test_lines_without_a_measurement_are_left_out():
    assert checked_curve(run(0, [0, 10, 20], [np.nan, 1.0, 3.0])).env_steps.tolist() == [10, 20]


def test_a_log_without_seeds_is_one_run():
    log = run(0, [0, 10], [1.0, 3.0]).drop(columns="training_seed")
    assert list(split_runs(log)) == ["0"]


@pytest.mark.parametrize(
    ("log", "message"),
    [
        *(
            (run(0, [0], [1.0]).drop(columns=name), rf"training curve lacks the columns \['{name}'\]")
            for name in COLUMNS
        ),
        (run(0, [], []), "training curve holds no mean_episode_engagement"),
        (run(0, [0, 10], [np.nan, np.nan]), "training curve holds no mean_episode_engagement"),
    ],
)
def test_logs_with_nothing_to_draw(log, message):
    with pytest.raises(ValueError, match=message):
        checked_curve(log)


def write(folder, log):
    folder.mkdir()
    log.to_csv(folder / CURVE_FILE, index=False)
    return folder


def test_runs_of_one_training_seed_stay_two_runs(tmp_path):
    one, other = (
        write(tmp_path / "a", run(0, [10, 20], [1.0, 2.0])),
        write(tmp_path / "b", run(0, [10, 20], [3.0, 6.0])),
    )
    curve = read_curves([one, other, str(one)])  # the first run is named twice and drawn once
    assert len(curve) == 4
    assert [log.mean_episode_engagement.tolist() for log in split_runs(curve).values()] == [[1.0, 2.0], [3.0, 6.0]]
    assert set(curve.training_seed) == {0}


def test_a_merged_curve_is_read_back_as_it_was(tmp_path):
    runs = [write(tmp_path / name, run(seed, [10], [float(seed)])) for seed, name in enumerate("ab")]
    curve = read_curves(runs)
    merged = write(tmp_path / "comparison", curve)
    pd.testing.assert_frame_equal(read_curves([merged]), curve)


def test_runs_without_a_curve_or_an_episode_are_left_out(tmp_path):
    (tmp_path / "none").mkdir()
    empty = write(tmp_path / "empty", pd.DataFrame({"training_seed": []}))
    early = write(tmp_path / "early", run(1, [10], [np.nan]))
    good = write(tmp_path / "good", run(2, [10, 20], [np.nan, 4.0]))
    nothing = [tmp_path / "none", tmp_path / "nowhere", empty, early]
    assert read_curves(nothing) is None
    assert read_curves([]) is None
    assert set(read_curves([*nothing, good]).training_seed) == {2}
