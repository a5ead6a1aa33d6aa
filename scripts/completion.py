"""Print what lets a shell complete verbs and flags.

bash: driftrec completion bash > ~/.local/share/bash-completion/completions/driftrec. zsh: driftrec completion zsh >
a file named _driftrec in a folder of $fpath.
"""

from __future__ import annotations

import importlib
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, make_dataclass
from io import StringIO
from typing import Annotated, Any, Literal

import tyro

import driftrec.scripts  # noqa: F401 (says how threads wait, before torch loads)
from driftrec.scripts.cli import VERBS
from driftrec.scripts.keys import with_settings
from driftrec.scripts.quick_help import stood_in


@dataclass(frozen=True)
class Args:
    """Print what lets a shell complete verbs and flags."""

    shell: tyro.conf.Positional[Literal["bash", "zsh"]] = "bash"
    """Whose; write it first."""


_SPECIFICATION = "COMPLETION_SPEC"
"""What a line of tyro's begins with that holds all flags and their explanations."""

EVERY_VERB = (
    ("settings_file", Annotated[str | None, tyro.conf.arg(name="from", help="TOML file of settings.")], None),
    ("threads", Annotated[int | None, tyro.conf.arg(help="Threads to compute with.")], None),
)
"""Flags that are not among those of a script."""


def main(args: Args) -> None:
    """Print it."""
    words, printed = ["--tyro-write-completion", args.shell, "-"], StringIO()
    with stood_in(), redirect_stdout(printed), suppress(SystemExit):
        verbs: dict[str, Any] = {verb: _flags(verb) for verb in VERBS}
        tyro.extras.subcommand_cli_from_dict(verbs, prog="driftrec", args=words)
    for line in printed.getvalue().splitlines():
        # Second lines of an explanation would be offered as words.
        print(line.replace("\\n", " ") if line.startswith(_SPECIFICATION) else line)


def _flags(verb: str) -> type:
    """What a verb takes, with the settings of news."""
    script = importlib.import_module(f"driftrec.scripts.{verb.replace('-', '_')}")
    own = script.Args
    if hasattr(own, "settings"):
        own = with_settings(own, own.world, getattr(own, "kind", None))
    flags = make_dataclass("Args", EVERY_VERB, bases=(own,), frozen=True, kw_only=True)
    flags.__doc__ = VERBS[verb]
    return flags


if __name__ == "__main__":
    from driftrec.scripts.cli import run

    run("completion")
