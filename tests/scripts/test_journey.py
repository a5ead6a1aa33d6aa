"""``driftrec journey``: words, tables and a picture of one user."""

import pandas as pd
import pytest

BORED = ("--world", "driftrec/Sardine-SlateTopK-Bored-v0", "--options", '{"embeddings": "generated"}')


@pytest.mark.parametrize("parquet", [False, True])
def test_a_journey_holds_words_tables_and_a_picture(driftrec, tmp_path, parquet):
    flags = ("--parquet",) if parquet else ()
    done = driftrec("journey", *BORED, "--horizon", "5", "--seed", "1", "--user", "3", "--out", "out", *flags)
    assert done.status == 0, done.err
    folder, suffix = tmp_path / "out", ".parquet" if parquet else ".csv"
    names = {"config.json", "journey.png", "journey-1.txt", "journey-2.txt", f"impressions{suffix}", f"hidden{suffix}"}
    assert {path.name for path in folder.iterdir()} == names
    assert (folder / "journey-2.txt").read_text().startswith("Policy myopic-oracle\nStep 0 of 5")
    assert "Step 3 of 5" in done.out
    table = (pd.read_parquet if parquet else pd.read_csv)(folder / f"impressions{suffix}")
    assert table.groupby("policy").step.nunique().to_dict() == {"myopic-oracle": 5, "random": 5}


def test_the_user_is_that_of_a_comparison(driftrec, tmp_path):
    shared = (*BORED, "--horizon", "4", "--seed", "1", "--policies", "random", "myopic-oracle")
    driftrec("journey", *shared, "--user", "2", "--out", "one")
    driftrec("compare", *shared, "--users", "3", "--log", "all.csv", "--out", "all")
    one, everybody = pd.read_csv(tmp_path / "one" / "impressions.csv"), pd.read_csv(tmp_path / "all.csv")
    columns = ["user", "user_seed", "step", "position", "item", "clicked", "engagement"]
    mine, others = one[one.policy == "myopic-oracle"], everybody[everybody.policy == "myopic-oracle"]
    of_user = [others[others.user == user][columns].reset_index(drop=True) for user in range(3)]
    pd.testing.assert_frame_equal(mine[columns].reset_index(drop=True), of_user[2])
    assert not of_user[1].equals(of_user[2])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--user", "-1"), "--user is -1; users are counted from 0, and 10,000,000 are enough."),
        (("--user", "99999999999"), "--user is 99999999999; users are counted from 0,"),
        (("--policies",), "--policies names none; name one, such as random."),
        (("--planner-effort", "0", "2"), "--planner-effort is (0, 2);"),
        (("--policies", "randm"), "Did you mean 'random'?"),
    ],
)
def test_mistakes_are_told_before_any_folder_is_made(driftrec, tmp_path, words, message):
    done = driftrec("journey", *BORED, *words)
    assert done.status == 2
    assert message in done.err
    assert not list(tmp_path.iterdir())
