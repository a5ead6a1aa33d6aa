"""How engagement rose over a training, by environment steps and by time."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from driftrec.agents.evaluation.curves import MEASURE, checked_curve, split_runs
from driftrec.agents.evaluation.drawing import label_right
from driftrec.agents.evaluation.palette import styles
from driftrec.agents.evaluation.tables import MINUTES, in_unit

STAGES = {
    "myopic": ("myopic", "o"),
    "farsighted": ("farsighted", "o"),
    "refitted": ("farsighted", "s"),
    "fitted": ("myopic", "^"),
    "ppo": ("ppo", "o"),
}
"""Policy whose colour a stage has, and its marker; other stages look like ppo."""


def training_curve(curve: pd.DataFrame, reference: Mapping[str, float] | None = None, unit: str = MINUTES) -> Figure:
    """Engagement of every measurement of a training, one line a run, and what other policies reach.

    A star marks each run's best measurement of PPO, whose weights the checkpoint holds. The scale begins at 0, so that
    noise does not look like a trend.

    Args:
        curve: Training log with ``stage``, ``env_steps``, ``seconds``, ``mean_episode_engagement`` (minutes) and, for
            several runs, ``run`` or ``training_seed``.
        reference: Mean engagement an episode of other policies, drawn as horizontal lines.
        unit: What engagement is counted in.

    Raises:
        ValueError: If the log is empty or lacks a column.
    """
    levels = dict(reference or {})
    runs = split_runs(checked_curve(curve))
    figure = Figure(figsize=(9.4, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, x in ((left, "env_steps"), (right, "seconds")):
        _panel(axes, runs, x, levels)
    left.set_ylim(0, 1.1 * max(curve[MEASURE].max(), *levels.values(), 1.0))
    left.xaxis.set_major_formatter(EngFormatter(sep=""))
    left.set_xlabel("environment steps, logging and tuning included")
    right.set_xlabel("seconds, measuring left out")
    left.set_ylabel(in_unit("engagement per episode", unit))
    left.legend(loc="lower right", fontsize=8.5, framealpha=1, edgecolor="none")
    if levels:
        label_right(right, levels, styles(levels))
    count = "one run" if len(runs) == 1 else f"{len(runs)} runs"
    figure.suptitle(f"Training, measured on validation users ({count}; star: the checkpoint kept)", fontsize=12)
    return figure


def _panel(axes: Axes, runs: Mapping[str, pd.DataFrame], x: str, levels: Mapping[str, float]) -> None:
    """Runs and levels against the column ``x``."""
    style = styles([*dict.fromkeys(look for look, _ in STAGES.values()), *levels])
    axes.grid(color="0.9", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    for name, level in levels.items():
        axes.axhline(level, color=style[name].colour, linestyle=style[name].dash, linewidth=1.2)
    told: set[str] = set()
    for run in runs.values():
        axes.plot(run[x], run[MEASURE], color="0.6", linewidth=1.0)
        for stage, rows in run.groupby("stage", sort=False):
            look, marker = STAGES.get(str(stage), STAGES["ppo"])
            label = None if str(stage) in told else str(stage)
            axes.plot(rows[x], rows[MEASURE], marker, color=style[look].colour, markersize=4.5, label=label)
            told.add(str(stage))
        kept = run[run.stage == "ppo"].nlargest(1, MEASURE)
        axes.scatter(kept[x], kept[MEASURE], marker="*", s=150, color=style["ppo"].colour, zorder=4)
