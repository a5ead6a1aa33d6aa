"""The folder of a deployment: what is in it is there whole, so that a kill at any moment loses no more than a round.

config.json                 the plan, and what the world's texts are
versions/NAME/              checkpoint.safetensors, made.json: who made it, from what, at what cost
arms/ARM/round-0003/        record.json, served.csv, log.parquet, users.npz, what refits learn from
rounds.csv                  one row a round and arm, made of the records
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from driftrec.agents.rounds.arms import Arm
from driftrec.agents.rounds.plan import Deployment, Plan, plan_from
from driftrec.agents.runs.folders import CONFIG_FILE
from driftrec.simulators.files import PART, parsed_object, write_files

FORMAT = 1
RECORD, SERVED, LOG, MADE = "record.json", "served.csv", "log.parquet", "made.json"
USERS, SLATES = "users.npz", "slates.safetensors"


class RoundsFolder:
    """Paths and records of a deployment.

    Args:
        root: The run folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def version(self, name: str) -> Path:
        """Folder of a version, a run folder of kind "ppo"."""
        return self.root / "versions" / name

    def round(self, arm: Arm, number: int) -> Path:
        """Folder of an arm's round."""
        return self.root / "arms" / arm.folder / f"round-{number:04d}"

    def record(self, arm: Arm, number: int) -> dict[str, Any]:
        """What became of an arm's round.

        Raises:
            ValueError: If it is damaged, or is of another arm or round.
        """
        file = self.round(arm, number) / RECORD
        try:
            found = parsed_object(file.read_bytes())
            whose = found["arm"], found["round"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file} is damaged ({error!r}); remove its folder, and resume.") from error
        if whose != (arm.name, number):
            raise ValueError(f"{file} is of arm {whose[0]!r}, round {whose[1]}; remove its folder, and resume.")
        return found

    def kept(self, arm: Arm, number: int, name: str) -> Path:
        """A file of an arm's round.

        Raises:
            ValueError: If it is not there.
        """
        file = self.round(arm, number) / name
        if not file.is_file():
            raise ValueError(f"{file} is missing; remove its folder, and resume: the round is played again.")
        return file

    def served_by(self, arm: Arm, number: int, name: str) -> Path:
        """The version of that name, which serves in an arm's round.

        Raises:
            ValueError: If it is not there.
        """
        version = self.version(name)
        if not (version / MADE).is_file():
            raise ValueError(
                f"{version} is missing or not whole, which serves in round {number} of arm {arm.name!r}. Remove it "
                f"and, in {self.round(arm, number).parent}, the round of its number, and resume: both are made again."
            )
        return version

    def done(self, arm: Arm, number: int) -> bool:
        """Whether an arm's round is over."""
        return self.round(arm, number).is_dir()


@contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A folder to write to that takes the place of ``folder``, which is not there, when all is written."""
    part = folder.with_name(folder.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    yield part
    part.replace(folder)


@contextmanager
def naming_damage(file: Path) -> Iterator[None]:
    """What damage to a round's ``file`` raises inside ``with``, as ValueError that names it and the remedy."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:  # numpy, zipfile and safetensors raise many kinds
        raise ValueError(f"{file} is damaged ({error!r}); remove its folder, and resume.") from error


def write_json(file: Path, told: Mapping[str, Any]) -> None:
    """Write a file of strict JSON, whole or not at all."""
    write_files({file: (json.dumps(told, indent=1, allow_nan=False) + "\n").encode()})


def stamp(place: Deployment) -> dict[str, Any]:
    """What a run folder's configuration holds, for ``resumed``."""
    return {
        "kind": "rounds",
        "format": FORMAT,
        "plan": place.plan.as_json(),
        "fingerprints": place.setup.fingerprints(),
    }


def resumed(root: Path) -> tuple[Plan, Mapping[str, str]]:
    """The plan of a run folder, and the fingerprints of its world.

    Raises:
        FileNotFoundError: If it holds no deployment.
        ValueError: If it is of another kind or version.
    """
    file = root / CONFIG_FILE
    if not file.is_file():
        raise FileNotFoundError(f"{root} holds no deployment: it has no {CONFIG_FILE}. Begin one with: driftrec rounds")
    try:
        told = parsed_object(file.read_bytes())
    except ValueError as error:
        raise ValueError(f"{file} is damaged ({error}); begin anew with: driftrec rounds") from error
    if told.get("kind") != "rounds":
        raise ValueError(f"{root} holds a run of another kind; give a folder of driftrec rounds.")
    if told.get("format") != FORMAT:
        raise ValueError(
            f"{root} is of version {told.get('format')!r} of such folders, and this is version {FORMAT}. Go on with "
            "the version of driftrec that began it, or begin anew."
        )
    try:
        return plan_from(told["plan"]), dict(told["fingerprints"])
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise ValueError(f"{file} is damaged ({error}); begin anew with: driftrec rounds") from error


def check_same(root: Path, then: Mapping[str, str], place: Deployment) -> None:
    """Raise ValueError unless the world is the one that the deployment in ``root`` began in."""
    for what, now in place.setup.fingerprints().items():
        if then.get(what) != now:
            raise ValueError(
                f"{root} was begun in another world: its {what} differs (fingerprint {str(then.get(what))[:12]}, here "
                f"{now[:12]}). Give what it was begun with, or begin anew."
            )
