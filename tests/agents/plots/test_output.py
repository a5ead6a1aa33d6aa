"""Formats and styles: vector formats hold text as text, in TrueType letters."""

import re

import pytest

from driftrec.agents.plots import plots
from driftrec.agents.plots.output import Output


@pytest.fixture
def bare(results):
    """A comparison whose only plot is that of the means, for speed."""
    return plots.Results(
        results.episodes, results.steps.assign(engagement=1.0, alive=1.0), results.journeys[:0], results.summary
    )


def written(tmp_path, bare, form, style):
    """The file."""
    files = {file.name: file for file in plots.save_all(tmp_path, bare, output=Output(form, style))}
    return files[f"engagement_per_policy.{form}"].read_bytes()


@pytest.mark.parametrize("style", ["screen", "paper"])
def test_pdf_has_truetype_letters(tmp_path, bare, style):
    content = written(tmp_path, bare, "pdf", style)
    fonts = re.findall(rb"/BaseFont /\w+\+([\w-]+)", content)
    assert {name.decode() for name in fonts} == {"DejaVuSans" if style == "screen" else "STIXGeneral-Regular"}
    assert b"/Subtype /CIDFontType2" in content  # TrueType outlines
    assert b"/Type3" not in content


def test_svg_has_text_as_text_and_is_the_same_every_time(tmp_path, bare):
    content = written(tmp_path, bare, "svg", "paper")
    assert re.search(rb"<text [^>]*>planner \*</text>", content)
    assert b"STIXGeneral" in content
    assert written(tmp_path, bare, "svg", "paper") == content


def test_paper_has_more_dots_and_leaves_no_trace_in_the_next_plot(tmp_path, bare):
    screen, paper = (written(tmp_path, bare, "png", style) for style in ("screen", "paper"))
    sizes = [int.from_bytes(content[16:20]) for content in (screen, paper)]  # width of the header chunk
    assert sizes[1] / sizes[0] == pytest.approx(300 / 130, rel=0.01)
    assert written(tmp_path, bare, "png", "screen") == screen


def test_a_plot_that_is_left_out_goes_in_its_own_format_only(tmp_path, bare):
    for form in ("png", "svg"):
        (tmp_path / f"retention.{form}").write_text("old")
    written(tmp_path, bare, "svg", "screen")
    assert [file.name for file in sorted(tmp_path.glob("retention.*"))] == ["retention.png"]
