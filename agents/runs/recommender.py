"""A trained policy for users of a log: what it shows them next."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from driftrec.agents.logbook.log_files import Columns
from driftrec.agents.logbook.log_reader import Log, read_log
from driftrec.agents.policy import Policy
from driftrec.agents.runs.checkpoint import read_config
from driftrec.agents.runs.load import load_ppo
from driftrec.agents.runs.renewed import renewed
from driftrec.agents.runs.user_log import observations_of
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.worlds.kits import item_ids


@dataclass(frozen=True)
class Recommender:
    """A trained policy, made ready to serve the users of logs.

    Attributes:
        setup: The world that it was trained in, with the catalogue that it serves.
        policy: Serves.
    """

    setup: Setup
    policy: Policy

    def read(self, file: Path, columns: Columns | None = None) -> Log:
        """A log of its items; errors as of ``read_log``."""
        return read_log(file, columns, item_ids(self.setup))

    def recommend(self, log: Log, user: str, away: float = 0.0) -> list[str]:
        """Ids of what it shows next, from the top; arguments and errors as of ``observations_of``.

        It sees the whole life, request by request: what it works out of responses it carries from one to the next.
        """
        self.policy.reset(1, seed=0)
        *_, slates = (self.policy.act(observation) for observation in observations_of(self.setup, log, user, away))
        ids = item_ids(self.setup)
        return [ids[item] for item in slates[0]]


def load_recommender(run: str, catalogue: str | None = None, device: str = "cpu") -> Recommender:
    """The policy that ``driftrec train`` left in a run folder, in the world that it was trained in.

    Args:
        run: Folder.
        catalogue: A later form of the catalogue that it was trained with, written by ``driftrec encode``: new items are
            judged by their texts, and nothing is trained again.
        device: Where networks compute, see ``driftrec.agents.engines.devices.usable``.

    Raises:
        FileNotFoundError: If there is no checkpoint or no such catalogue.
        ValueError: If the run is of another kind, or the catalogue is no later form of its own, see ``renewed``.
    """
    if catalogue is None:
        setup = set_up(WorldArgs(**read_config(run)["world"]), device=device)
        return Recommender(setup, load_ppo(setup, run, greedy=True))
    with tempfile.TemporaryDirectory() as folder:
        setup = renewed(run, catalogue, Path(folder), device)
        return Recommender(setup, load_ppo(setup, folder, greedy=True))
