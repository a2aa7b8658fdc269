"""Programs of ours that are wrong in one operation each: what becomes of them in an audit with the default budget.

    python tests/benchmarks/mutations.py [--step 1] [--start 0] [--all]

What became of each is said in tests/auditing/outcomes.py; those that are "missed" or "unexplained" are printed. `--step` takes each so
manieth mutant, from `--start` on.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "auditing"))

import outcomes

WHAT = ("caught", "over the bound", "caught late", "equivalent", "harmless", "alike", "missed", "unexplained")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--all", action="store_true", help="print every mutant, and not only what is left")
    asked = parser.parse_args()
    counts: dict[str, Counter[str]] = {}
    start = time.process_time()
    for kernel, said, mutant in outcomes.all_mutants()[asked.start :: asked.step]:
        found = outcomes.outcome(kernel, said, mutant)
        counts.setdefault(f"{kernel.op.name} {kernel.name}", Counter())[found.what] += 1
        if asked.all or not found.settled:
            print(found, flush=True)
    print(f"\n{'program':<28}" + "".join(f"{what:>16}" for what in WHAT))
    total = sum(counts.values(), Counter())
    for name, row in [*counts.items(), ("all", total)]:
        print(f"{name:<28}" + "".join(f"{row[what]:>16}" for what in WHAT))
    seconds = time.process_time() - start
    print(f"{sum(total.values())} mutants, {seconds / max(sum(total.values()), 1):.2f} s of a processor each")
    return int(bool(total["missed"] + total["unexplained"]))


if __name__ == "__main__":
    sys.exit(main())
