"""The tables of a made-up comparison, as the tests of evaluation have them, with a story of hostile texts."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.evaluation.summary import write_results
from tests.agents.evaluation.conftest import (  # noqa: F401
    ITEMS,
    POLICIES,
    episodes,
    journeys,
    results,
    shown,
    steps,
    summary,
)

HOSTILE = "</script><script>alert(1)</script><b title='\"'>&amp;"
"""A title that would break a page which takes it for HTML."""

SLATES = {"random": 4, "content": 25, "ppo": 20, "planner": 25}
"""Length of the user's life under each policy."""


def life(policy, slates):
    """Two impressions a slate, the first opened."""
    rows = [
        {
            "policy": policy,
            "user": 3,
            "time": 13.0 * slate,
            "session": 1 + slate // 5,
            "step": slate,
            "position": position,
            "item": str((slate + position) % 7),
            "clicked": position == 0,
            "engagement": 1.5 * (position == 0),
            "topic": "topic 1",
            "title": HOSTILE if (slate + position) % 7 == 0 else f"title {(slate + position) % 7}",
        }
        for slate in range(slates)
        for position in range(2)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def whole(results):  # noqa: F811
    """The results with stories and exposure."""
    stories = pd.concat([life(*of) for of in SLATES.items()], ignore_index=True)
    exposure = pd.concat(
        [
            pd.DataFrame({"item": np.arange(9), "impressions": 10 + np.arange(9), "users": 3}).assign(
                policy=name, training_seed=pd.array([seed] * 9, dtype="Int64")
            )
            for name, (_, seeds) in POLICIES.items()
            for seed in (range(seeds) if seeds else [None])
        ],
        ignore_index=True,
    )
    told = {**results.summary, "items": ITEMS, "world": f"test {HOSTILE}"}
    return replace(results, summary=told, stories=stories, exposure=exposure)


@pytest.fixture
def run(whole, tmp_path):
    """Its folder."""
    folder = tmp_path / "0001-compare"
    write_results(folder, whole)
    (folder / "config.json").write_text(json.dumps({"seed": 11, "command": f"driftrec {HOSTILE}"}))
    return folder


@pytest.fixture
def browser():
    """A headless Chromium; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is of the extra browser")

    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no chromium on the PATH, nor named by the variable CHROMIUM")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()
