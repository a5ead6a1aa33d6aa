"""A comparison, and its plots for a paper: PDF, text as text, a serif typeface."""

from pathlib import Path

from driftrec.agents.comparison.comparison import compare
from driftrec.agents.comparison.entries import build_entries
from driftrec.agents.evaluation.summary import read_results, write_results
from driftrec.agents.plots.output import Output
from driftrec.agents.plots.plots import save_all
from driftrec.agents.setup import WorldArgs, set_up


def main(folder: str = "paper", users: int = 500, horizon: int = 100) -> list[Path]:
    setup = set_up(WorldArgs("driftrec/Sardine-SlateTopK-Bored-v0", horizon=horizon))
    entries = build_entries(setup, ["random", "best next step=myopic-oracle"], seed=0)
    write_results(folder, compare(setup, entries, users=users, seed=0, baseline="random"))
    results = read_results(folder)  # another day, plots are made of the tables alone
    return save_all(folder, results, output=Output("pdf", "paper"))


if __name__ == "__main__":
    print(*main(), sep="\n")
