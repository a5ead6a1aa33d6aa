"""How engagement rose over a training, by environment steps and by time."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from driftrec.agents.evaluation.curves import MEASURE, checked_curve, split_runs
from driftrec.agents.evaluation.tables import in_unit
from driftrec.agents.known import BASELINE_KINDS, KNOWN
from driftrec.agents.plots.drawing import label_right, legend_below, plain_panel
from driftrec.agents.plots.looks import ORACLE, Look, looks_of, plain

STAGES = {
    "myopic": ("myopic", "o"),
    "farsighted": ("farsighted", "o"),
    "refitted": ("farsighted", "s"),
    "fitted": ("myopic", "^"),
}
"""Policy whose colour a stage has, and its marker; other stages look like the policy of their name, or ppo."""

BEST_KEPT = ("ppo", *BASELINE_KINDS)
"""Stages of whose measurements the best is the checkpoint."""


def training_curve(
    curve: pd.DataFrame, unit: str, reference: Mapping[str, float] | None = None, oracles: Collection[str] = ()
) -> Figure:
    """Engagement of every measurement of a training, one line a run, and what other policies reach.

    A star marks the best measurement of each run's last stage, whose weights the checkpoint holds. The scale begins at
    0, so that noise does not look like a trend.

    Args:
        curve: Training log with ``stage``, ``env_steps``, ``seconds``, ``mean_episode_engagement`` and, for several
            runs, ``run`` or ``training_seed``.
        unit: What engagement is counted in.
        reference: Mean engagement an episode of other policies, drawn as horizontal lines.
        oracles: Those of ``reference`` that are told the truth.

    Raises:
        ValueError: If the log is empty or lacks a column.
    """
    levels = dict(reference or {})
    runs = split_runs(checked_curve(curve))
    stages = dict.fromkeys(str(stage) for run in runs.values() for stage in run.stage)
    look = looks_of([*map(_policy, stages), *levels], oracles)
    figure = Figure(figsize=(9.4, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, x in ((left, "env_steps"), (right, "seconds")):
        _panel(axes, runs, x, levels, look)
    left.set_ylim(0, 1.1 * max(curve[MEASURE].max(), *levels.values(), 1.0))
    left.xaxis.set_major_formatter(EngFormatter(sep=""))
    left.set_xlabel("environment steps, logging and tuning included")
    right.set_xlabel("seconds, measuring left out")
    left.set_ylabel(plain(in_unit("engagement per episode", unit), longest=60))
    marks = [next(line for line in left.lines if line.get_gid() == stage) for stage in stages]
    legend_below(figure, [plain(stage) for stage in stages], marks)
    if levels:
        label_right(figure, right, levels, look)
    count = "one run" if len(runs) == 1 else f"{len(runs)} runs"
    note = f"\n{ORACLE}" if oracles else ""
    figure.suptitle(f"Training, measured on validation users ({count}; star: the checkpoint kept){note}", fontsize=12)
    return figure


def _policy(stage: str) -> str:
    """The policy whose colour a stage has."""
    return STAGES[stage][0] if stage in STAGES else stage if stage in KNOWN else "ppo"


def _panel(
    axes: Axes, runs: Mapping[str, pd.DataFrame], x: str, levels: Mapping[str, float], look: Mapping[str, Look]
) -> None:
    """Runs and levels against the column ``x``."""
    plain_panel(axes)
    for name, level in levels.items():
        axes.axhline(level, color=look[name].colour, linestyle=look[name].dash, linewidth=1.2)
    for run in runs.values():
        axes.plot(run[x], run[MEASURE], color="0.6", linewidth=1.0)
        for stage, rows in run.groupby("stage", sort=False):
            colour = look[_policy(str(stage))].colour
            marker = STAGES[str(stage)][1] if stage in STAGES else "o"
            axes.plot(rows[x], rows[MEASURE], marker, color=colour, markersize=4.5, gid=str(stage))
        kept = run[run.stage.isin(BEST_KEPT)].nlargest(1, MEASURE)
        colours = [look[_policy(stage)].colour for stage in kept.stage]
        axes.scatter(kept[x], kept[MEASURE], marker="*", s=150, color=colours, zorder=4)
