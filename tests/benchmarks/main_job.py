"""What the main job takes over everything installed: wall and processor seconds, memory of the largest process, and what costs most.

    python tests/benchmarks/main_job.py [--jobs N] [--json FILE]
    python tests/benchmarks/main_job.py --compare BEFORE AFTER

Processor seconds are those of all processes together, so that they tell something on a machine that others use, too. Two files of
--json are compared line by line: verdicts and kinds of findings that changed between two trees.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from smoothsym.auditing import main as job

TIMES = "SMOOTHSYM_MAIN_JOB_TIMES"
"""Where processes write down what each audit took."""


def timed(name, groups, how, guarded):
    """The family of the main job, which says what each of its audits took."""
    found = []
    with Path(os.environ[TIMES]).open("a") as out:
        for key, members in groups:
            for target in members:
                start = time.process_time()
                found += job.group(key, [target], how, guarded)
                print(time.process_time() - start, target.library, target.name, *key, sep="\t", file=out, flush=True)
    return found


def processor_seconds():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def measured(jobs):
    """(what was found, seconds by the clock, of processors, megabytes of the largest process, what each audit took)."""
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder, "times")
        os.environ[TIMES] = str(times)
        job.family, start, busy = timed, time.perf_counter(), processor_seconds()
        found = job.run(jobs=jobs)
        wall, busy = time.perf_counter() - start, processor_seconds() - busy
        lines = [line.split("\t") for line in times.read_text().splitlines()]
    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return found, wall, busy, largest / 1024, [(float(seconds), *rest) for seconds, *rest in lines]


def told(found):
    """The verdict and the kinds of findings of each line."""
    return {
        f"{target.name} | {audit.op} {audit.of} {audit.dtype}": [
            audit.verdict,
            sorted(f"{finding.kind}{' (falls)' * finding.falls}" for finding in audit.findings),
        ]
        for target, audit in found
    }


def compare(before, after):
    """Print the lines whose verdict or kinds differ; 1 where any does."""
    old, new = (json.loads(Path(path).read_text()) for path in (before, after))
    differ = 0
    for line in sorted({*old, *new}):
        one, two = old.get(line), new.get(line)
        if one != two:
            differ += 1
            lost, won = (sorted({*(a or [0, []])[1]} - {*(b or [0, []])[1]}) for a, b in ((one, two), (two, one)))
            print(f"{line}: {one and one[0]} -> {two and two[0]}; lost {lost}, new {won}")
    print(f"{differ} of {len({*old, *new})} lines differ")
    return 1 if differ else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default %(default)s)")
    parser.add_argument("--json", help="write the verdict and the kinds of findings of each line to a file")
    parser.add_argument("--compare", nargs=2, metavar="FILE", help="two such files")
    options = parser.parse_args()
    if options.compare:
        return compare(*options.compare)
    found, wall, busy, largest, times = measured(options.jobs)
    audits = sum(seconds for seconds, *_ in times)
    print(f"{len(found)} lines; load {os.getloadavg()[0]:.1f} at the end")
    print(
        f"{wall:.0f} s by the clock, {busy:.0f} s of processors ({audits:.0f} s in audits), {largest:.0f} MB the largest"
    )
    by_library = defaultdict(float)
    for seconds, library, *_ in times:
        by_library[library] += seconds
    print(", ".join(f"{name} {seconds:.0f} s" for name, seconds in sorted(by_library.items(), key=lambda q: -q[1])))
    for seconds, _, *line in sorted(times, reverse=True)[:10]:
        print(f"{seconds:6.2f} s  {' '.join(line)}")
    if options.json:
        Path(options.json).write_text(json.dumps(told(found), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
