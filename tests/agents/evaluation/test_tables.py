import re

import pytest

from driftrec.agents.evaluation.tables import BLOCKS, by_engagement, markdown, marked, sample_size, text_table


def test_policies_fall_by_engagement(summary):
    assert by_engagement(summary) == ["planner", "ppo", "content", "random"]


def test_markdown_tables_have_equal_columns_and_all_policies(summary):
    text = markdown(summary)
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    assert len(tables) == len(BLOCKS)
    for table, block in zip(tables, BLOCKS, strict=True):
        rows = table.strip().split("\n")
        assert {row.count("|") for row in rows} == {len(block) + 2}
        assert [row.split("|")[1].strip() for row in rows] == [
            "policy",
            "---",
            "planner *",
            "ppo",
            "content",
            "random",
        ]


def test_cells_hold_mean_and_interval(summary):
    value = summary["policies"]["ppo"]["engagement"]
    gap = summary["policies"]["random"]["versus_baseline"]
    text = markdown(summary)
    assert f"| ppo | {value['mean']:.1f} [{value['low']:.1f}, {value['high']:.1f}] |" in text
    assert f"{gap['difference']:+.1f} [{gap['low']:+.1f}, {gap['high']:+.1f}] |" in text


def test_legend_states_method_users_seeds_and_every_column(summary):
    text = markdown(summary)
    for needed in ("30 users", "(0, 1, 2)", "evaluation seed 11", "95% interval", "2000 resamples"):
        assert needed in text
    legend = text[text.rindex("|") :]
    for block in BLOCKS:
        for column in block:
            assert f"- {column.title.format(unit='min')}: " in legend
    assert "random as 0 and planner as 1" in legend


def test_another_unit_than_minutes_is_said_in_every_title(summary):
    text = markdown({**summary, "unit": "clicks"})
    assert "| engagement (clicks) |" in text
    assert "vs baseline (clicks)" in text
    assert "(min)" not in text
    assert "| engagement (min) |" in markdown(summary)


def test_a_unit_called_engagement_is_not_said_twice(summary):
    summary["unit"] = "engagement"
    for text in (text_table(summary), markdown(summary)):
        assert "engagement (engagement)" not in text
        assert "vs baseline (engagement)" in text
    assert "| policy | engagement | normalised |" in markdown(summary)


@pytest.mark.parametrize(
    ("key", "value", "cell"),
    [
        ("interest_drift", {"mean": -2e-8, "low": -3e-4, "high": 4e-3}, "0.000 [0.000, 0.004]"),
        ("interest_drift", {"mean": -6e-4, "low": -2e-3, "high": -1e-8}, "-0.001 [-0.002, 0.000]"),
        ("versus_baseline", {"difference": -0.04, "low": -0.3, "high": 0.04}, "+0.0 [-0.3, +0.0]"),
        ("normalised", {"mean": -1e-4, "low": -0.1, "high": 0.1}, "0.000 [-0.100, 0.100]"),
    ],
)
def test_what_rounds_to_zero_has_no_minus(summary, key, value, cell):
    summary["policies"]["ppo"][key] = value
    assert f"| {cell} |" in markdown(summary)


def test_text_table_is_aligned_and_fits_a_terminal(summary):
    text = text_table(summary)
    blocks = text.split("\n\n")
    assert len(blocks) == len(BLOCKS) + 1
    for block in blocks[:-1]:
        assert len({len(line) for line in block.split("\n")}) == 1
    assert max(map(len, text.split("\n"))) <= 120


def test_absent_normalised_is_a_dash(summary):
    for policy in summary["policies"].values():
        policy["normalised"] = None
    assert re.search(r"\| ppo \| [^|]+ \| - \|", markdown(summary))


def test_the_terminal_is_told_the_baseline_and_what_a_dash_means(summary):
    assert text_table(summary).splitlines()[-2:] == [
        "normalised: engagement with random as 0 and planner as 1; - where one is missing or planner not clearly ahead",
        "vs baseline (min): engagement minus that of content, user by user",
    ]


def test_a_pipe_in_a_name_does_not_break_the_table(summary):
    summary["policies"]["a|b"] = summary["policies"].pop("ppo")
    assert "| a\\|b |" in markdown(summary)


def test_mark_only_where_told_apart_is_false(summary):
    for told_apart, wanted in ((True, "content"), (None, "content"), (False, "content ~")):
        summary["policies"]["content"]["distinguishable_from_random"] = told_apart
        assert marked("content", summary) == wanted
    assert marked("random", summary) == "random"  # no news that it is like itself


def test_an_oracle_is_marked_and_the_mark_explained(summary):
    assert marked("planner", summary) == "planner *"
    summary["policies"]["planner"]["distinguishable_from_random"] = False
    assert marked("planner", summary) == "planner * ~"
    for text in (text_table(summary), markdown(summary)):
        assert "planner * ~" in text
        assert "*: told the hidden truth of every user" in text


def test_sample_size(summary):
    assert sample_size(summary) == "30 users, 3 training seeds"
    summary["policies"]["content"]["training_seeds"] = [5]
    assert sample_size(summary) == "30 users, 1 or 3 training seeds"
    del summary["policies"]["ppo"]
    assert sample_size(summary) == "30 users, 1 training seed"


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ({"content": [0], "ppo": [1]}, "1 training seed each (0, 1)"),
        ({"content": [0, 1], "ppo": [1, 2]}, "2 training seeds each (0, 1, 2)"),
        ({"content": [1], "ppo": [1]}, "1 training seed (1)"),
        ({"content": [0, 1], "ppo": [0, 1]}, "2 training seeds (0, 1)"),
        ({"content": [0, 1, 2], "ppo": [0, 1, 2, 3, 4]}, "3 or 5 training seeds (0, 1, 2, 3, 4)"),
    ],
)
def test_training_seeds_are_counted_by_policy(summary, seeds, words):
    for name, own in seeds.items():
        summary["policies"][name]["training_seeds"] = own
    summary["seeds"]["training"] = sorted({seed for own in seeds.values() for seed in own})
    assert f"30 users, {words}, evaluation seed 11" in text_table(summary)


def test_no_training_seed_is_told_where_nothing_was_trained(summary):
    del summary["policies"]["ppo"]
    summary["seeds"]["training"] = []
    assert sample_size(summary) == "30 users"
    for text in (text_table(summary), markdown(summary)):
        assert "30 users, evaluation seed 11" in text
        assert "training seed" not in text.replace("users and training seeds", "")


def test_columns_that_mean_nothing_in_a_world_are_left_out(summary):
    for policy in summary["policies"].values():
        policy["sessions"] = {"mean": 1.0, "low": 1.0 - 1e-15, "high": 1.0}
        policy["interest_drift"] = policy["slate_diversity"] = None
    text = markdown(summary)
    for title in ("sessions", "session (min)", "drift", "diversity"):
        assert f"| {title} |" not in text
        assert f"- {title}: " not in text
    assert "| policy | click rate | churn |" in text
    assert "| policy | coverage |" in text
    assert "sessions" not in text_table(summary)
    summary["policies"]["ppo"]["sessions"] = {"mean": 1.0, "low": 1.0, "high": 1.2}
    assert "| policy | sessions | session (min) | click rate | churn |" in markdown(summary)


def test_a_block_without_columns_is_left_out(summary):
    for policy in summary["policies"].values():
        policy["interest_drift"] = policy["slate_diversity"] = policy["catalogue_coverage"] = None
    assert len(re.findall(r"^\| policy", markdown(summary), flags=re.MULTILINE)) == len(BLOCKS) - 1
