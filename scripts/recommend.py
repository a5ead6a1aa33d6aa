"""Say what a trained policy shows a user of your log next (docs/logs.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.logbook.log_files import parse_columns
from driftrec.agents.runs.recommender import load_recommender


@dataclass(frozen=True)
class Args:
    """Say what a trained policy shows a user of your log next."""

    run: Path
    """Run folder of `driftrec train`."""
    log: Path
    """The user's log, .parquet or .csv, or a MovieLens folder; its items are those of the run's world."""
    user: str
    """Name of the user in the log."""
    columns: str = ""
    """The log's own names of columns, such as user=userId,item=movieId,time=timestamp,engagement=rating; of engagement
    several with their weights, such as engagement=minutes+20*purchase."""
    catalogue: str | None = None
    """A later form of the run's catalogue, written by `driftrec encode`: nothing is trained again."""
    away: float = 0.0
    """Hours since the user's last slate; beyond half an hour a new session has begun."""
    device: str = "cpu"
    """Where networks compute: cpu; cuda, the first GPU; cuda:1 and so on; or auto, a GPU where there is one."""


def main(args: Args) -> None:
    """Print what was mended in the log, and the slate: an id and, where one is known, a title a line, from the top.

    Raises:
        FileNotFoundError: If there is no run, log or catalogue.
        ValueError: If the log is not as it must be, does not hold the user, or is of another world.
    """
    recommender = load_recommender(str(args.run), args.catalogue, args.device)
    log = recommender.read(args.log, parse_columns(args.columns))
    for note in log.notes:
        print(f"Note: {note}.")
    catalogue = recommender.setup.world.catalogue
    if catalogue is None and args.catalogue is not None:  # of a world of features
        catalogue = load_setting(args.catalogue).catalogue
    titles = {} if catalogue is None else dict(zip(map(str, catalogue.ids), catalogue.titles, strict=True))
    for item in recommender.recommend(log, args.user, args.away):
        print(f"{item}\t{titles.get(item, '')}".rstrip())


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("recommend")
