"""On a real Dask cluster an audit amounts to the same, and goes on there when it was killed elsewhere."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.auditing.sharing import shards
from smoothsym.cli import main

if os.environ.get("SMOOTHSYM_LIBRARIES") == "required":
    import distributed
else:
    distributed = pytest.importorskip("distributed")

# How Dask closes its sockets and loops, and when these are collected, is no affair of ours.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ASKED = {"alpha": 1.0, "budget": 600, "n": (2, 5)}
KILLED = f"""
import sys
import smoothsym as ss
from smoothsym.auditing.sharing import checkpoint, shards
from smoothsym.auditing.sharing.cluster import cluster

if __name__ == "__main__":
    checkpoint.KEPT, shards.LEAST = 0.0, 64
    with cluster(sys.argv[1]) as executor:
        told = lambda done, total: print(done, flush=True)
        ss.audit("broken:naive", "logsumexp", executor=executor, checkpoint=sys.argv[2], progress=told, **{ASKED})
"""


@pytest.fixture(scope="module")
def address():
    """The scheduler of a cluster of two processes, which find the modules of tests as this one does."""
    before, os.environ["PYTHONPATH"] = os.environ.get("PYTHONPATH"), os.pathsep.join(filter(None, sys.path))
    try:
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
            ) as running,
        ):
            yield running.scheduler_address
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(shards, "LEAST", 64)


def test_shards_on_a_cluster_amount_to_the_same(address):
    with distributed.Client(address) as client:
        executor = client.get_executor()

        def nameless(x):
            return np.log(np.sum(np.exp(x)))

        for target in ("broken:naive", nameless):
            here = ss.audit(target, ss.logsumexp, **ASKED)
            assert ss.audit(target, ss.logsumexp, executor=executor, **ASKED).to_json() == here.to_json()


def test_a_client_that_is_killed_goes_on_from_its_checkpoint(address, tmp_path):
    whole = ss.audit("broken:naive", ss.logsumexp, **ASKED).to_json()
    path, script = tmp_path / "kept", tmp_path / "killed.py"
    script.write_text(KILLED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(script), address, str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert int(running.stdout.readline()) > 0
        time.sleep(random.Random(7).uniform(0, 0.05))
        running.send_signal(signal.SIGKILL)
    assert json.loads(path.read_text().splitlines()[0])["smoothsym"] == "audit"
    with distributed.Client(address) as client:
        found = ss.audit("broken:naive", ss.logsumexp, executor=client.get_executor(), checkpoint=path, **ASKED)
    assert found.to_json() == whole


def test_the_command_line_takes_a_cluster(address, capsys):
    command = ["audit", "broken:naive", "--as", "logsumexp", "--alpha", "1", "--budget", "60", "--json"]
    results = []
    for way in ([], ["--dask", address]):
        assert main([*command, *way]) == 1
        results.append(json.loads(capsys.readouterr().out))
    assert results[0] == results[1]
    assert main([*command, "--dask", "tcp://127.0.0.1:9"]) == 2
    assert "no scheduler answers there" in capsys.readouterr().err
    assert main([*command, "--dask", address, "--jobs", "2"]) == 2
    assert "give one or the other" in capsys.readouterr().err


def test_a_cluster_of_another_version_is_refused(address, capsys, monkeypatch):
    monkeypatch.setattr(ss, "__version__", "0.0.0")
    assert main(["audit", "broken:naive", "--as", "logsumexp", "--dask", address]) == 2
    assert "has smoothsym 0.1.0; install 0.0.0 there" in capsys.readouterr().err


def test_without_dask_it_is_said_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["audit", "broken:naive", "--as", "logsumexp", "--dask", "tcp://127.0.0.1:9"]) == 2
    assert "pip install 'smoothsym[dask]'" in capsys.readouterr().err
