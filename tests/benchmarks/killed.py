"""Runs are killed at random moments and go on from their checkpoints: do they end in the bytes of one that nobody killed?

    python tests/benchmarks/killed.py [--kills 20] [--seed 0] [--only data] [--where pool] [--scale 1]

Each kind of audit (cases, data, every float16, the main job) is run by itself and unbroken; then again with a checkpoint, in this
process, on a pool of two processes and on a Dask cluster of two, killed by SIGKILL after times that are drawn, until it has been
killed so often, and then to its end. It is killed while it writes, too, where that is when the time is up.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

KINDS = ("cases", "data", "every float", "main job")
WHERE = ("here", "pool", "dask")


def naive(x: Any) -> Any:
    return np.log(np.sum(np.exp(x)))


def softplus(x: Any) -> Any:
    return np.log1p(np.exp(x))


def run(kind: str, scale: float, **how: Any) -> str:
    """One audit, as JSON."""
    import smoothsym as ss
    from smoothsym.auditing import main as job
    from smoothsym.auditing.targets import targets

    if kind == "main job":
        only = [target for target in targets() if target.library in ("numpy", "math") and not target.control]
        found = job.run(only=only, budget=round(60 * scale), **how)
        return json.dumps([audit.to_dict() for _, audit in found])
    if kind == "every float":
        given = {"dtype": "float16", "exhaustive": True, "batched": True}
        return str(ss.audit("killed:softplus", "softplus", alpha=1.0, **given, **how).to_json())
    data = np.random.default_rng(1).normal(size=(round(30000 * scale), 8)) * 20
    given = {"data": data} if kind == "data" else {"budget": round(4000 * scale)}
    return str(ss.audit("killed:naive", ss.logsumexp, alpha=1.0, **given, **how).to_json())


def audited(kind: str, scale: float, where: str, path: str, address: str) -> None:
    """One audit in a process that may be killed; its result is printed."""
    from smoothsym.auditing.sharing.cluster import cluster
    from smoothsym.auditing.sharing.workers import workers

    pools = {"here": lambda: nullcontext(None), "pool": lambda: workers(2), "dask": lambda: cluster(address)}
    with pools[where]() as executor:
        alone = {} if executor is not None or kind != "main job" else {"jobs": 1}
        print(run(kind, scale, executor=executor, checkpoint=path, **alone), flush=True)


@contextmanager
def scheduler(where: str) -> Iterator[str]:
    """The address of a cluster, where one is wanted."""
    if where != "dask":
        yield ""
        return
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as running:
        yield running.scheduler_address


def reached(path: Path) -> tuple[int, int]:
    """How many shards a checkpoint has, those beyond a gap too; and in how many lines."""
    lines = [json.loads(text) for text in path.read_text().splitlines()] if path.exists() else []
    return sum(stop - start for start, stop in (line["shards"] for line in lines[1:])), len(lines)


def tried(kind: str, where: str, address: str, options: argparse.Namespace, whole: str) -> bool:
    """Kill a run again and again, let it end, and say whether its bytes are right."""
    rng = random.Random(f"{options.seed} {kind} {where}")
    here = Path(__file__)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent), *filter(None, sys.path)])}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kept"
        command = [sys.executable, str(here), "--audited", kind, str(options.scale), where, str(path), address]
        kills, gains, went_back, torn, ended, before = 0, 0, 0, 0, 0, 0
        while kills < options.kills:
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True) as running:
                seen = reached(path)[0]
                while running.poll() is None and reached(path)[0] == seen and rng.random() < 0.9998:
                    time.sleep(0.01)  # it starts, which takes most of its time
                time.sleep(rng.uniform(0, options.within))
                ended += running.poll() is not None
                with suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGKILL)
                running.communicate()
            torn += any(file.name != "kept" for file in Path(folder).iterdir())
            kills += 1
            now = reached(path)[0]
            gains += now > before
            went_back += now < before
            before = now
            if ended:
                path.unlink(missing_ok=True)
                ended, before = 0, 0
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
            found = running.communicate()[0].strip().splitlines()[-1]
        left = [file.name for file in Path(folder).iterdir() if file.name != "kept"]
    right = found == whole and not went_back and not left
    print(
        f"{kind} on {where}: {'the same bytes' if found == whole else 'OTHER BYTES'} after {kills} kills; after {gains} more was done, "
        f"after {went_back} less; {torn} came while it wrote; {len(left)} files are left beside",
        flush=True,
    )
    return right


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--within", type=float, default=0.7, help="seconds to the next kill, at most, from a first shard on"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="how large audits are")
    parser.add_argument("--only", choices=KINDS, default=None)
    parser.add_argument("--where", choices=WHERE, default=None)
    parser.add_argument("--audited", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.audited:
        kind, scale, where, path, address = options.audited
        audited(kind, float(scale), where, path, address)
        return 0
    sys.path.insert(0, str(Path(__file__).parent))
    wrong = 0
    for where in WHERE:
        if options.where not in (None, where) or (where == "dask" and find_spec("distributed") is None):
            continue
        with scheduler(where) as address:
            for kind in KINDS:
                if options.only in (None, kind):
                    whole = run(kind, options.scale, **({"jobs": 1} if kind == "main job" else {}))
                    wrong += not tried(kind, where, address, options, whole)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
