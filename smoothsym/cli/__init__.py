"""The command line: one word a question; exit status 0 where all holds, 1 where something falls short, 2 where the question is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from smoothsym.cli.inputs import protected
from smoothsym.cli.parser import parse

INTERRUPTED = 130
CLOSED = 141
"""The exit status of what a closed pipe ends, 128 + SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; an error is one line on standard error, and never a traceback."""
    try:
        status = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered has nowhere to go; the interpreter would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED


def _run(argv: list[str]) -> int:
    try:
        args = parse(protected(argv))
    except SystemExit as end:  # argparse, after --help or --version
        return int(end.code or 0)
    except ValueError as error:
        return _wrong(str(error))
    try:
        return int(args.run(args))
    except BrokenPipeError:
        raise
    except (ValueError, TypeError, OSError, ImportError) as error:
        return _wrong(str(error))
    except Exception as error:
        return _wrong(f"{type(error).__name__}: {error}; this is a fault of smoothsym: please report it")


def _wrong(reason: str) -> int:
    print(f"smoothsym: error: {' '.join(reason.split())}", file=sys.stderr)
    return 2
