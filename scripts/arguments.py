"""The arguments of a verb: flags win over a file of ``--from``, and that over defaults, in settings the world's own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import tyro

from driftrec.scripts.keys import keys_of, kinds_of, with_settings
from driftrec.scripts.take_flag import take_flag
from driftrec.scripts.threads import ABOUT
from driftrec.scripts.toml_file import read, words_of

MOVED = {
    "--recipe": "--settings.*",
    "--validation-users": "--settings.validation-users",
    "--settings.myopic.": "--settings.fit.",
    "--slateq.": "--settings.slateq.",
    "--sb3-ppo.": "--settings.",
    "--sb3-sac.": "--settings.",
}
"""Flags that old commands still hold, and what they are called now; those that end in a dot are groups."""

OF_FILES = "--from FILE.toml sets the same from a file; driftrec config prints one to start from."


def parse(verb: str, args: type, words: Sequence[str], about: str | None = None) -> Any:
    """The arguments of a verb, an instance of ``args``.

    Args:
        verb: Which.
        args: The ``Args`` of its script.
        words: What stands behind the verb.
        about: What its help begins with.

    Raises:
        ValueError: If a flag has moved, the file holds what it should not, or the world or the kind of run is unknown.
        OSError: If the file cannot be read.
        SystemExit: After help, and after words that do not fit, which tyro explains.
    """
    file, words = take_flag(words, "--from")
    told = {} if file is None else read(Path(file))
    own = _own_word(words, kinds_of(args))
    if hasattr(args, "settings"):
        _refuse_moved(words)
        world = take_flag(words, "--world")[0] or told.get("world", args.world)  # type: ignore[attr-defined]
        args = with_settings(args, str(world), own or told.get("kind", getattr(args, "kind", None)))
    given = {} if file is None else words_of(Path(file), told, list(keys_of(args)))
    flags = [word for key, said in given.items() if not key.positional for word in said]
    if own is None:
        words = [*(word for key, said in given.items() if key.positional for word in said), *words]
    first = list(takewhile(lambda word: not word.startswith("-"), words))
    return tyro.cli(
        args,
        prog=f"driftrec {verb}",
        description=f"{about or ''}\n\n{OF_FILES} {ABOUT}",
        args=[*first, *flags, *words[len(first) :]],  # of a flag that is given twice the later one counts
    )


def _refuse_moved(words: Sequence[str]) -> None:
    """Raise ValueError for a flag that is called otherwise now, with what it is called."""
    for word in words:
        flag = word.partition("=")[0].replace("_", "-")
        for old, new in MOVED.items():
            if flag == old or (old.endswith(".") and flag.startswith(old)):
                raise ValueError(
                    f"{flag} is now {flag.replace(old, new)}; --help lists all, with the world's defaults."
                )


def _own_word(words: Sequence[str], choices: Sequence[str]) -> str | None:
    """The word that belongs to no flag: the first, or one of ``choices`` later on; None where it is not given."""
    if words and not words[0].startswith("-"):
        return words[0]
    return next((word for before, word in pairwise(words) if word in choices and not before.startswith("-")), None)
