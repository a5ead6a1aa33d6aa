"""The console command: ``driftrec VERB``, a verb a script."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType, ModuleType
from typing import Any

from driftrec.scripts.quick_help import asks_for_help, stood_in
from driftrec.scripts.take_flag import take_flag
from driftrec.scripts.threads import use_threads

VERBS = {
    "demo": "the whole job: encode, train, compare, plot",
    "train": "train a PPO slate policy",
    "train-baseline": "train SlateQ, or PPO or SAC of stable-baselines3 with MlpPolicy",
    "compare": "compare policies on the same users",
    "journey": "one user under several policies, step by step",
    "fit": "fit a world to a log",
    "recommend": "what a trained policy shows a user of your log",
    "estimate": "what policies would have earned, from the log of another",
    "tune": "tune a baseline's parameters, or our own training's, by simulation",
    "score": "what a policy is good at: a battery of small experiments",
    "report": "comparisons as one HTML file to show to others",
    "rounds": "serve, learn, serve again, while the world moves",
    "plot": "draw the plots of a comparison again",
    "encode": "encode a catalogue's texts",
    "probe": "what representations of texts say of the hidden truth, and encoders of users",
    "config": "print a file of settings to start from, for --from",
    "gap": "what the long term is worth: random, myopic oracle, planner",
    "verify": "published worlds: the figures of the originals and ours",
    "bench": "how fast and how large",
    "results": "make results/news, published, scenarios, encoders or rounds anew; takes hours",
    "completion": "print what lets a shell complete verbs and flags",
}


@contextmanager
def _quiet_once_nobody_reads() -> Iterator[None]:
    """End with exit status 1 and without a word once the reader of our output, such as ``head``, has had enough."""
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:  # as it is for daemons
                sys.stdout.flush()  # here, where it can be caught
    except BrokenPipeError:
        # What is left to write Python writes at its end, and would complain of the same.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


@_quiet_once_nobody_reads()
def main() -> None:
    """Run the script that the first argument names; users' errors end in one line and exit status 2."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        width = max(map(len, VERBS))
        print("usage: driftrec VERB [--help] ... | --version\n")
        print("\n".join(f"  {verb:<{width}}  {what}" for verb, what in VERBS.items()))
        raise SystemExit(0)
    if sys.argv[1] == "--version":
        from importlib.metadata import version

        print(f"driftrec {version('driftrec')}")
        raise SystemExit(0)
    verb = sys.argv[1]
    if verb not in VERBS:
        from driftrec.simulators.settings import nearest  # loads numpy, which the list of verbs need not wait for

        print(f"driftrec: verb {verb!r} is unknown. {nearest(verb, VERBS)}", file=sys.stderr)
        raise SystemExit(2)
    run(verb, sys.argv[2:])


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does, which keeps what was learned; a second one changes nothing."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only there Python takes signals
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@_quiet_once_nobody_reads()
def run(verb: str, words: Sequence[str] | None = None) -> None:
    """Parse the arguments of one script and call it.

    Args:
        verb: Which script.
        words: Its arguments; those of this process when omitted, as when the script runs as a file or a module.
    """
    # The same command in all three forms: run folders keep it, so that a run can be repeated.
    sys.argv = ["driftrec", verb, *(sys.argv[1:] if words is None else words)]
    try:
        with _terminated_as_interrupted():
            _run(verb)
    except KeyboardInterrupt as interrupt:
        said = f": {interrupt}" if str(interrupt) else ""
        print(f"driftrec {verb}: interrupted{said}.", file=sys.stderr)
        raise SystemExit(130) from None


def _run(verb: str) -> None:
    """``run`` without a word on interrupts."""
    try:
        threads, words = take_flag(sys.argv[2:], "--threads")
        if threads is not None:
            use_threads(threads)
        if asks_for_help(words):
            with suppress(Exception), stood_in():  # ends in SystemExit; whatever fails is told by doing it in full
                _parsed(verb, words)
        script, args = _parsed(verb, words)
        script.main(args)
    except BrokenPipeError:  # an OSError, but nobody's mistake
        raise
    except Exception as error:
        from driftrec.agents.policy import PolicyError

        if not isinstance(error, (ValueError, TypeError, OSError, ImportError, PolicyError)):
            raise
        print(f"driftrec {verb}: {error}", file=sys.stderr)
        raise SystemExit(2) from error


def _parsed(verb: str, words: Sequence[str]) -> tuple[ModuleType, Any]:
    """The script of a verb, and its arguments."""
    from driftrec.scripts.arguments import parse

    script = importlib.import_module(f"driftrec.scripts.{verb.replace('-', '_')}")
    return script, parse(verb, script.Args, words, script.__doc__)


if __name__ == "__main__":
    main()
