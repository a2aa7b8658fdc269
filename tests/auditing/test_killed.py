"""A run that is killed at any moment goes on from its checkpoint to the very bytes of one that was not, alone or on a pool."""

import os
import random
import signal
import subprocess
import sys
import time

import smoothsym as ss
from smoothsym.auditing.exhaustive.checkpoint import load

ASKED = {"dtype": "float16", "alpha": 1.0, "exhaustive": True, "batched": True}
RUN = f"""
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import numpy as np
import smoothsym as ss
from smoothsym.auditing.exhaustive import spread

def slow(x):
    time.sleep(0.02)
    return np.log1p(np.exp(x))

def told(done, total):
    print(done, flush=True)

if __name__ == "__main__":
    spread.KEPT = 0.0
    pool = ProcessPoolExecutor(2, get_context("spawn")) if sys.argv[2] == "pool" else None
    found = ss.audit("killed:slow", "softplus", executor=pool, checkpoint=sys.argv[1], progress=told, **{ASKED})
    print("json", found.to_json(), flush=True)
"""


def start(folder, how):
    """A process that audits, in a session of its own."""
    paths = os.pathsep.join([str(folder), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, str(folder / "killed.py"), str(folder / "kept"), how],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_killed_run_ends_in_the_bytes_of_one_that_was_not(tmp_path, monkeypatch):
    (tmp_path / "killed.py").write_text(RUN)
    monkeypatch.syspath_prepend(str(tmp_path))
    whole = ss.audit("killed:slow", "softplus", **ASKED)
    assert whole.verdict == "falls short" and whole.exhaustive and len(whole.findings) > 0
    draw, before = random.Random(6), 0
    for how in ("serial", "pool", "serial"):
        with start(tmp_path, how) as running:
            for _ in range(draw.randint(2, 3)):
                assert int(running.stdout.readline()) > before
            time.sleep(draw.uniform(0, 0.1))
            os.killpg(running.pid, signal.SIGKILL)
        _, done = load(tmp_path / "kept")
        rows = sum(stop - first for first, stop, _ in done.ranges)
        assert before < rows < 1 << 16
        before = rows
    with start(tmp_path, "serial") as running:
        said = running.stdout.read().splitlines()
    assert int(said[0]) > before and said[-1] == f"json {whole.to_json()}"
