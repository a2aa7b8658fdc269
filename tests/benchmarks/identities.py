"""How long each identity takes to prove for every n, beside SymPy's simplify at n = 4 alone.

    python tests/benchmarks/identities.py [--limit SECONDS] [WORDS OF A NAME ...]

The second column is the time until simplify turned left - right into 0 at n = 4, free indices at 1 and 2; "no" is where it ended
with something else, "-" where it was stopped after --limit seconds (default 5; 0 leaves SymPy out).
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sympy import Expr, Indexed, Sum, Symbol, simplify

sys.path.insert(0, str(Path(__file__).parents[1] / "symbolic"))

from operator_sheets import TRUE

import smoothsym as ss
from smoothsym.laws import Identity
from smoothsym.symbolic import moments
from smoothsym.words import i, k, m, n

N = 4


def identities() -> Iterator[tuple[str, Expr, Expr, str]]:
    """Those that operators of the catalogue state, and those that belong to none of them."""
    for op in ss.operators.values():
        for law in (law for law in op.laws if isinstance(law, Identity)):
            yield f"{op.name}: {law.statement(op)}", *law.written_out(op), op.domain
    for name, (left, right, domain) in TRUE.items():
        yield name, left, right, domain


def written_out(e: Expr, domain: str) -> Expr:
    """The expression at n = 4, in symbols x1, ..., x4."""
    e = e.subs({n: N, m: N, i: 1, k: 2}).replace(lambda part: isinstance(part, Sum), lambda part: part.doit())
    positive = True if domain == "positive" else None
    return e.xreplace(
        {q: Symbol(f"{q.base}{q.indices[0]}", real=True, positive=positive or q.is_positive) for q in e.atoms(Indexed)}
    )


def by_simplify(left: Expr, right: Expr, domain: str, limit: int) -> str:
    def stop(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit)
    start = time.process_time()
    try:
        zero = simplify(written_out(left, domain) - written_out(right, domain)) == 0
    except TimeoutError:
        return "-"
    except Exception as problem:  # SymPy may fail in any way, and that is a result
        return type(problem).__name__
    finally:
        signal.alarm(0)
    return f"{time.process_time() - start:9.3f}" if zero else "no"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*")
    parser.add_argument("--limit", type=int, default=5, help="seconds for SymPy, an identity; 0 leaves it out")
    options = parser.parse_args()
    missing = 0
    slowest = (0.0, "")
    print(f"{'identity':58} {'every n':>9} {'simplify':>9}   (CPU seconds)")
    for name, left, right, domain in identities():
        if not all(word in name for word in options.words):
            continue
        moments._normal.cache_clear()
        start = time.process_time()
        proved = moments.equal(left, right, domain)
        seconds = time.process_time() - start
        slowest = max(slowest, (seconds, name))
        missing += not proved
        peer = by_simplify(left, right, domain, options.limit) if options.limit else ""
        print(f"{name[:58]:58} {seconds if proved else float('nan'):9.3f} {peer:>9}", flush=True)
    print(f"{missing} not proved; the slowest took {slowest[0]:.3f} s: {slowest[1]}")
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
