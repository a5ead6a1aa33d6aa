"""What results/ ships with its tables is drawn again by one command, and packed by one."""

from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "results" / "news-demo"


def names(folder, kind):
    return {file.name for file in folder.glob(f"*.{kind}")}


@pytest.mark.slow  # draws six pictures
def test_the_demo_is_drawn_again_from_what_is_shipped(driftrec, tmp_path):
    done = driftrec("plot", DEMO, "--out", tmp_path / "again", "--pack")
    assert done.status == 0, done.err
    assert names(tmp_path / "again", "png") == names(DEMO, "png")
    assert names(tmp_path / "again", "parquet") == names(DEMO, "parquet")
    for kept in ("summary.json", "summary.md", "config.json", "curve.csv"):
        assert (tmp_path / "again" / kept).read_bytes() == (DEMO / kept).read_bytes()


@pytest.mark.parametrize("words", [(), ("--out", DEMO)])
def test_packing_needs_another_folder(driftrec, words):
    done = driftrec("plot", DEMO, *words, "--pack")
    assert done.status == 2
    assert "--pack puts tables beside the plots of another folder; name it with --out." in done.err
