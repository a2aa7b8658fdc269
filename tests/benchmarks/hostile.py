"""Hostile inputs, a few thousand an operator: how many enclosures are right, wrong, or refused and why, by independent formulas in Arb.

    python tests/benchmarks/hostile.py [COUNT] [ENGINE]

Results near zero, alpha from 1e-300 to 1e300, entries to 1e308, subnormals, p from -1e6 to 1e17, rows of up to 100,000 entries.
Each input asks for the value, the gradient, the Hessian or the derivative by the parameter, to 25 digits; one entry of each is
judged. It is not where the terms of the judge cancel beyond every precision, most often because the value is 0. The exit status is
1 for a wrong one, or where 1% are refused.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent / "certify"))

from draws import hostile, outputs
from judging import Score, judge, long_row

import smoothsym as ss

LONG = (1000, 10_000, 100_000)


def main(count: int = 2000, engine: str = "mpmath") -> int:
    failed = False
    print(f"{count} inputs an operator, engine {engine}")
    print(
        f"{'operator':12}{'right':>8}{'wrong':>8}{'unjudged':>10}{'refused':>9}{'share':>8}{'ms each':>9}{'long rows':>11}"
    )
    for op in ss.operators.values():
        generator, score = Random(op.name), Score()
        for _ in range(count):
            x, a = hostile(op, generator)
            judge(score, op, x, a, generator.choice(outputs(op)), generator, engine)
        each, long = 1000 * score.seconds / count, "-"
        if op.arity is None:
            long = f"{sum(long_row(op, generator, size, engine) for size in LONG)} of {len(LONG)}"
        print(
            f"{op.name:12}{score.right:8}{len(score.wrong):8}{score.unjudged:10}{sum(score.refused.values()):9}"
            f"{score.share_refused:8.2%}{each:9.2f}{long:>11}",
            flush=True,
        )
        for reason, times in score.refused.most_common(5):
            print(f"    refused {times} times: {reason}")
        for case in score.wrong[:5]:
            print(f"    WRONG {case}")
        failed |= bool(score.wrong) or score.share_refused >= 0.01 or long not in ("-", f"{len(LONG)} of {len(LONG)}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*(kind(text) for kind, text in zip((int, str), sys.argv[1:], strict=False))))
