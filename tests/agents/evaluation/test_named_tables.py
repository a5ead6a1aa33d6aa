"""Names of policies, topics and runs come back from CSV files as they were, whatever they look like."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from driftrec.agents.evaluation.curves import CURVE_FILE, MEASURE, read_curves, split_runs
from driftrec.agents.evaluation.summary import Results, read_results, write_results
from driftrec.agents.evaluation.tables import read_table, write_table

HOSTILE = [
    "0.10",
    "0.1",
    "007",
    "7",
    "7.0",
    "True",
    "NA",
    "nan",
    "None",
    "inf",
    "1e5",
    'a"b',
    "a,b",
    "a\nb",
    "a\rb",
    " x ",
]
NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1, unique=True
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES)
@example(names=HOSTILE)
def test_any_name_comes_back(tmp_path, names):
    table = pd.DataFrame({"policy": pd.array(names, dtype="str"), "engagement": [0.5 * i for i in range(len(names))]})
    write_table(table, tmp_path / "table.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.csv", {"policy": "str"}), table)


def test_policies_and_topics_of_a_comparison_stay_apart(tmp_path, episodes, steps, journeys, summary):
    renamed = dict(zip(["random", "content", "ppo", "planner"], HOSTILE, strict=False))
    tables = [table.replace({"policy": renamed}) for table in (episodes, steps, journeys)]
    tables[2] = tables[2].replace({"topic": {"topic 0": "7.0", "topic 1": "7", "topic 2": "NA"}})
    write_results(tmp_path, Results(*tables, summary))
    back = read_results(tmp_path)
    for got, want in zip((back.episodes, back.steps, back.journeys), tables, strict=True):
        assert got.policy.tolist() == want.policy.tolist()
    assert back.journeys.topic.tolist() == tables[2].topic.tolist()


@pytest.mark.parametrize("folder", ["007", "NA", "nan", "1.0", "True"])
def test_run_folders_of_any_name_are_told_apart(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    for name in (folder, "7"):
        (tmp_path / name).mkdir()
        rows = {"stage": ["ppo"], "env_steps": [1], "seconds": [0.5], MEASURE: [2.0], "training_seed": [1]}
        write_table(pd.DataFrame(rows), tmp_path / name / CURVE_FILE)
    curves = read_curves([folder, "7"])
    (tmp_path / "both").mkdir()
    write_table(curves, tmp_path / "both" / CURVE_FILE)
    assert set(split_runs(read_curves(["both"]))) == {folder, "7"}
