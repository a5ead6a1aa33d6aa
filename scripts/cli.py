"""The console command: ``driftrec VERB``, a verb a script."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from types import FrameType

from driftrec.simulators.settings import nearest

VERBS = {
    "demo": "the whole job: encode, train, compare, plot",
    "train": "train a PPO slate policy",
    "train-baseline": "train SlateQ, or PPO or SAC of stable-baselines3 with MlpPolicy",
    "compare": "compare policies on the same users",
    "journey": "one user under several policies, step by step",
    "fit": "fit a world to a log",
    "recommend": "what a trained policy shows a user of your log",
    "estimate": "what policies would have earned, from the log of another",
    "tune": "tune a baseline's parameters by simulation",
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
    "results": "make results/news, published, scenarios or encoders anew; takes hours",
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
        print(f"driftrec {version('driftrec')}")
        raise SystemExit(0)
    verb = sys.argv[1]
    if verb not in VERBS:
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
    from driftrec.agents.policy import PolicyError
    from driftrec.scripts.arguments import parse

    script = importlib.import_module(f"driftrec.scripts.{verb.replace('-', '_')}")
    try:
        script.main(parse(verb, script.Args, sys.argv[2:], script.__doc__))
    except BrokenPipeError:  # an OSError, but nobody's mistake
        raise
    except (ValueError, TypeError, OSError, ImportError, PolicyError) as error:
        print(f"driftrec {verb}: {error}", file=sys.stderr)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
