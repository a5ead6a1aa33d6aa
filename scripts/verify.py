"""Whether our published worlds do what the originals do: their figures and ours, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.agents.evaluation.tables import markdown_table
from driftrec.agents.runs.folders import check_empty, drawn, run_folder, versions, write_config
from driftrec.agents.verification.verification import Part, figure_name, measurable, measured_worlds, verify
from driftrec.agents.verification.verification_original import lives, same_users
from driftrec.simulators.files import write_text
from driftrec.simulators.published.sardine_config import PUBLISHED


@dataclass(frozen=True)
class Args:
    """Whether our published worlds do what the originals do; exit status 1 if not."""

    worlds: tuple[str, ...] = measured_worlds()
    """Worlds whose figures are measured; yours as package.module:Name, if its kit has figures."""
    episodes: int = 2000
    """Episodes of ours a figure; where theirs comes from more, as many as that."""
    seed: int = 0
    """Seed of users and policies; with another a row may lie beyond its bound by chance."""
    original: bool = False
    """Let SARDINE's original run beside ours too: the same users, and tests of many users' lives. Needs the extra
    peers and some ten minutes."""
    users: int = 20
    """Users that live in the original and in ours."""
    original_episodes: int = 1000
    """Episodes on either side of a test."""
    out: Path | None = None
    """Folder for verify.md, the tables and config.json, new or empty; none when omitted."""


def main(args: Args) -> None:
    """Measure, print, write; exit status 1 if anything is beyond its bound.

    Raises:
        ValueError: If a number is too low, or a world unknown or unfit.
        ModuleNotFoundError: If sardine-rec is needed and not installed.
        FileExistsError: If the folder holds anything.
    """
    args = replace(args, worlds=tuple(map(figure_name, args.worlds)))
    worlds, left = _check(args)
    parts = _parts(replace(args, worlds=tuple(worlds)))
    page = "\n\n".join(f"## {part.title}\n\n{part.about}\n\n{markdown_table(part.text())}" for part in parts)
    for part in parts:
        print(f"\n{part.title}\n\n{part.text().to_string(index=False)}\n\n{part.about}")
    if left:
        print(f"\n{left}")
    if args.out is not None:
        told = ("# Published worlds: the originals and ours", page, left)
        _write(args, parts, "\n\n".join(filter(None, told)) + "\n")
    if not all(part.agrees for part in parts):
        raise SystemExit(1)


def _check(args: Args) -> tuple[list[str], str]:
    """Find every mistake before any work, and which worlds can be measured; errors as of ``main``."""
    for name, least in (("episodes", 2), ("users", 1), ("original_episodes", 2)):
        if getattr(args, name) < least:
            flag = name.replace("_", "-")
            raise ValueError(f"--{flag} is {getattr(args, name)}; it must be at least {least}.")
    drawn(args.seed)
    check_empty(args.out)
    worlds, left = measurable(args.worlds)
    if args.original and not _of_sardine(args.worlds):
        raise ValueError("--original runs SARDINE's worlds, and --worlds names none of them.")
    if args.original and left:
        raise ModuleNotFoundError(left)
    return worlds, left


def _parts(args: Args) -> list[Part]:
    def report(line: str) -> None:
        print(line, flush=True)

    parts = [verify(args.worlds, args.episodes, args.seed, report)]
    if args.original:
        names = _of_sardine(args.worlds)
        parts.append(same_users(names, args.users, args.seed, report))
        parts.append(lives(names, args.original_episodes, args.seed, report))
    return parts


def _of_sardine(worlds: Sequence[str]) -> list[str]:
    """SARDINE's among ``worlds``, by the names within SARDINE."""
    return [name for name in PUBLISHED if f"Sardine-{name}" in worlds]


def _write(args: Args, parts: Sequence[Part], page: str) -> None:
    with run_folder(args.out, "verify") as folder:
        write_config(folder, {**asdict(args), "peers": versions(("sardine-rec",))})
        for part in parts:
            write_text(folder / f"{part.name}.csv", part.frame.to_csv(index=False))
        write_text(folder / "verify.md", page)
    print(f"Written to {folder}.")


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("verify")
