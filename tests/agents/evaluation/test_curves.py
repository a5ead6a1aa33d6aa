import numpy as np
import pandas as pd
import pytest

from driftrec.agents.evaluation.curves import CURVE_FILE, align_curves, read_curves, split_runs


def run(seed, steps, engagement):
    return pd.DataFrame({"training_seed": seed, "env_steps": steps, "mean_episode_engagement": engagement})


def test_runs_of_10_12_and_15_points_end_with_the_shortest():
    runs = [run(seed, 100 * np.arange(1, n + 1), np.full(n, 10.0 * seed)) for seed, n in enumerate((10, 12, 15))]
    aligned = align_curves(pd.concat(runs), points=19)
    assert aligned.env_steps.iloc[[0, -1]].tolist() == [100, 1000]
    assert aligned["mean"].tolist() == [10.0] * 19
    assert (aligned.low == 0).all()
    assert (aligned.high == 20).all()
    assert (aligned.runs == 3).all()


def test_a_run_counts_only_between_its_own_points():
    early, late = run(0, [0, 100], [0.0, 10.0]), run(1, [50, 100], [7.0, 7.0])
    aligned = align_curves(pd.concat([late, early]), points=5)
    assert aligned.env_steps.tolist() == [0, 25, 50, 75, 100]
    assert aligned.runs.tolist() == [1, 1, 2, 2, 2]
    assert aligned["mean"].tolist() == [0.0, 2.5, 6.0, 7.25, 8.5]


def test_lines_without_an_episode_are_left_out():
    aligned = align_curves(run(0, [0, 10, 20], [np.nan, 1.0, 3.0]), points=3)
    assert aligned.env_steps.tolist() == [10, 15, 20]
    assert aligned["mean"].tolist() == [1.0, 2.0, 3.0]


def test_a_log_without_seeds_is_one_run():
    log = run(0, [0, 10], [1.0, 3.0]).drop(columns="training_seed")
    assert list(split_runs(log)) == ["0"]
    assert align_curves(log, points=2).runs.tolist() == [1, 1]


@pytest.mark.parametrize(
    "log",
    [
        run(0, [0], [1.0]).drop(columns="mean_episode_engagement"),
        run(0, [], []),
        run(0, [0, 10], [np.nan, np.nan]),
    ],
)
def test_logs_with_nothing_to_draw(log):
    with pytest.raises(ValueError, match=r"training curve .*mean_episode_engagement"):
        align_curves(log)


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
    assert align_curves(curve, points=2)["mean"].tolist() == [2.0, 4.0]
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
