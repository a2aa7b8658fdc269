"""A target that hangs, dies or changes its mind is a finding with the input that did it, and all other rows are judged."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import broken
import misbehaving
import numpy as np
import pytest

import smoothsym as ss
from smoothsym.auditing import main as main_job
from smoothsym.auditing.targets import Target
from smoothsym.calling import Call, Guard, call_rows, guard, guarded
from smoothsym.calling.records import decoded, encoded

ROWS = [np.linspace(0, 1, n) for n in (2, 5, 3, 5, 5, 5)]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="closures travel by fork")


def audit(target, timeout=0.5, **options):
    return ss.audit(target, ss.logsumexp, alpha=1.0, timeout=timeout, **{"budget": 40, **options})


def running():
    """The processes that this one has started and not ended."""
    # -ww: lines are cut at 80 columns elsewhere, and Python's own resource tracker is then not known by its name.
    shown = subprocess.run(f"ps -ww -o pid=,command= --ppid {os.getpid()}".split(), capture_output=True, text=True)
    return [line for line in shown.stdout.splitlines() if "ps -ww" not in line and "resource_tracker" not in line]


# ---- what a child survives ---------------------------------------------------------------------------------------------------

ACTS = [
    (misbehaving.spins, "hangs", "no result after"),
    (misbehaving.waits, "hangs", "no result after"),
    (misbehaving.exits, "dies", "exit status 3"),
    (misbehaving.crashes, "dies", "SIGSEGV"),
    (misbehaving.kills, "dies", "SIGKILL"),
    (misbehaving.leaves_a_child, "dies", "exit status 1"),
    (misbehaving.scribbles, "dies", "where it should not"),
    (misbehaving.interrupts, "raises", "KeyboardInterrupt"),
    (misbehaving.takes_all_memory, "raises", "MemoryError"),
]


@LINUX
@pytest.mark.parametrize("act, kind, said", ACTS, ids=[act.__name__ for act, _, _ in ACTS])
def test_what_a_target_does_is_a_finding_with_its_input_and_the_audit_goes_on(act, kind, said):
    before = running()
    found = audit(misbehaving.on_five(act))
    assert found.verdict == "falls short" and found.worst.kind == kind and said in found.worst.got
    assert len(found.worst.inputs) == 5 and found.max_scaled == np.inf
    others = [finding for finding in found.findings if finding.falls and finding is not found.worst]
    assert found.rows > 25 and not others, "rows of other lengths are judged, and right"
    assert running() == before


@LINUX
def test_the_row_at_fault_is_known_and_no_other_result_is_lost():
    with guarded(None, misbehaving.dies, 5.0) as target:
        calls = call_rows(target, ROWS, [((), {})] * 6, False)
    assert [call.fault for call in calls] == ["", "dies", "", "dies", "dies", "dies"]
    assert [call.got for call in calls] == [[broken.logsumexp(x)] if len(x) != 5 else [] for x in ROWS]


@LINUX
def test_after_a_few_hangs_rows_like_them_are_not_called_and_it_is_said():
    with guarded(None, misbehaving.hangs, 0.3) as target:
        calls = call_rows(target, ROWS, [((), {})] * 6, False)
        assert [call.fault for call in calls] == ["", "hangs", "", "hangs", "not called", "not called"]
        assert target.notes == ["it hangs on 2 rows: 2 rows like these were not called"]
    always = audit(misbehaving.spins, timeout=0.2)
    assert always.rows == 3 and always.worst.kind == "hangs" and "it hangs on 3 rows: 37 rows" in always.notes[0]


@LINUX
def test_a_batch_that_is_at_fault_is_taken_apart_until_the_row_is_known():
    def dies(x):
        if np.any(x == 3.0):
            os._exit(1)
        return np.max(x, axis=-1) + np.log(np.sum(np.exp(x - np.max(x, axis=-1, keepdims=True)), axis=-1))

    data = np.arange(40.0).reshape(20, 2)
    found = audit(dies, data=data, batched=True, budget=None)
    assert found.rows == 20 and found.worst.kind == "dies" and float.fromhex(found.worst.inputs[1]) == 3.0
    assert sum(finding.falls for finding in found.findings) == 1


@LINUX
def test_a_fault_of_a_whole_batch_is_one_of_its_rows(monkeypatch):
    def only_many(x):
        if len(x) > 2:
            raise MemoryError("too many rows")
        return np.logaddexp.reduce(x, axis=-1)

    data = np.arange(16.0).reshape(8, 2)
    refused = audit(only_many, data=data, batched=True, budget=None)
    assert refused.worst.kind == "raises" and refused.rows == 8
    hung = audit(misbehaving.spins, data=data, batched=True, budget=None, timeout=0.2)
    assert hung.verdict == "falls short" and hung.worst.kind == "hangs"


@LINUX
def test_what_is_slow_once_does_not_hang(monkeypatch):
    def imports(x, seen=[]):  # noqa: B006
        if not seen:
            time.sleep(1)
        seen.append(x)
        return broken.logsumexp(x)

    def compiles(x, seen=set()):  # noqa: B006
        if len(x) not in seen:
            time.sleep(1)
        seen.add(len(x))
        return broken.logsumexp(x)

    assert audit(imports, n=(2, 3)).verdict == "holds"
    monkeypatch.setattr(guard, "COMPILERS", ("numpy",))
    assert audit(compiles, n=(2, 3)).verdict == "holds"
    monkeypatch.setattr(guard, "COMPILERS", ())
    assert audit(compiles, n=(2, 3)).worst.kind == "hangs"


# ---- what is told beside a result --------------------------------------------------------------------------------------------


def test_another_result_the_next_time_is_told_and_no_verdict():
    for timeout in (5.0, None):
        found = audit(misbehaving.Counting(), timeout=timeout)
        told = [finding for finding in found.findings if finding.kind == "not deterministic"]
        assert told and "then" in told[0].note and found.verdict == "holds"
    assert "not deterministic" not in {finding.kind for finding in audit(broken.logsumexp).findings}


def test_a_failure_that_does_not_come_again_is_told():
    calls = []

    def once(x):
        value = broken.logsumexp(x)
        fails = not calls and len(x) == 5 and np.isfinite(value)
        calls.extend([x] * bool(fails))
        return value + fails

    found = audit(once)
    told = [finding.note for finding in found.findings if finding.kind == "not deterministic"]
    assert found.verdict == "falls short" and told and told[0].startswith("first")


def test_a_refusal_that_comes_and_goes_is_told():
    state = []

    def flaky(x):
        state.append(0)
        if len(state) % 3 == 0:
            raise OSError("not now")
        return broken.logsumexp(x)

    assert {"raises", "not deterministic"} <= {finding.kind for finding in audit(flaky).findings}


@LINUX
def test_what_a_target_prints_is_noted_and_not_shown(capfd):
    def talks(x):
        print("so many:", len(x))
        os.write(1, b"and more\n")
        return broken.logsumexp(x)

    found = audit(talks)
    assert found.verdict == "holds" and any("it prints: so many: " in note for note in found.notes)
    assert "so many" not in capfd.readouterr().out


def test_vectors_beside_x_are_inputs_too():
    def writes(x, v):
        v[0] = 0
        return x * v

    x, v = np.ones(3), np.ones(3)
    (call,) = call_rows(writes, [x], [((v,), {})], True)
    assert call.mutated and v[0] == 1


# ---- every way to call -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target, kind", [("misbehaving:named_hangs", "hangs"), ("misbehaving:named_dies", "dies")])
def test_a_fresh_interpreter_where_threads_forbid_a_fork(monkeypatch, target, kind):
    monkeypatch.setattr(guard, "_threads", lambda: "threads")
    found = audit(target)
    assert found.worst.kind == kind and len(found.worst.inputs) == 5 and not running()


def test_without_a_name_calls_stay_here_and_an_alarm_ends_what_hangs(monkeypatch):
    monkeypatch.setattr(guard, "_threads", lambda: "threads")
    before = signal.getsignal(signal.SIGALRM)
    found = audit(misbehaving.hangs)
    assert found.worst.kind == "hangs" and len(found.worst.inputs) == 5
    assert "called in this process (threads cannot be forked" in found.notes[0]
    assert signal.getsignal(signal.SIGALRM) == before and signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_name_that_only_this_process_knows_falls_back(monkeypatch):
    monkeypatch.setattr(guard, "_threads", lambda: "threads")
    monkeypatch.setattr(guard, "dotted", lambda target: "no_such_module:f")
    found = audit(broken.logsumexp)
    assert found.verdict == "holds" and "no_such_module" in found.notes[0]


@pytest.mark.parametrize("timeout", [5.0, None])
def test_guarded_or_not_the_results_are_the_same(timeout):
    for target, options in ((broken.naive, {}), (broken.softmax, {"of": "gradient"}), (broken.raises, {})):
        assert audit(target, timeout=timeout, **options) == audit(target, **options)


def test_no_timeout_is_no_guard():
    with guarded(broken.naive, broken.naive, None) as target:
        assert target is broken.naive
    with guarded(broken.naive, broken.naive, 1.0) as target:
        assert isinstance(target, Guard)


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan"), "1", True])
def test_a_timeout_that_is_none(timeout):
    with pytest.raises(ValueError, match="timeout="):
        audit(broken.naive, timeout=timeout)


# ---- nothing is left running -------------------------------------------------------------------------------------------------


@LINUX
def test_an_interrupt_ends_the_child():
    def interrupted(done, total):
        raise KeyboardInterrupt

    before = running()
    with pytest.raises(KeyboardInterrupt):
        audit(broken.naive, progress=interrupted)
    assert running() == before


@LINUX
@pytest.mark.parametrize(
    "number", [*(pytest.param(q, marks=pytest.mark.long) for q in (signal.SIGINT, signal.SIGTERM)), signal.SIGKILL]
)
def test_a_signal_ends_a_child_that_hangs(number, tmp_path):
    # Whoever started the tests may ignore interrupts, as nohup does, and so would the parent.
    code = f"""
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path[:] = {sys.path!r}
import smoothsym as ss
def hangs(x):
    open({str(tmp_path / "pid")!r}, "w").write(f"{{os.getpid()}} ")
    while True: pass
ss.audit(hangs, ss.logsumexp, alpha=1.0, timeout=100)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    try:
        file = tmp_path / "pid"
        assert _soon(lambda: file.exists() and file.read_text().endswith(" "), 60)
        child = Path(f"/proc/{int(file.read_text())}")
        assert child.exists()
        parent.send_signal(number)
        assert parent.wait(20) != 0
        assert _soon(lambda: not child.exists() or "State:\tZ" in (child / "status").read_text(), 20)
    finally:
        parent.kill()
        parent.wait()


def _soon(test, seconds):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


# ---- the main job ------------------------------------------------------------------------------------------------------------


def test_workers_that_die_or_hang_do_not_take_the_main_job_down():
    def target(dotted, of, dtype):
        return Target(dotted, dotted, "logsumexp", of, (dtype,), fixed={"alpha": 1.0})

    dies, hangs, good = (
        target("misbehaving:named_dies", "value", "float64"),
        target("misbehaving:named_hangs", "value", "float32"),
        target("broken:softmax", "gradient", "float64"),
    )
    before = set(multiprocessing.active_children())
    job = main_job.run(jobs=2, budget=30, only=[good, hangs, dies], timeout=1.0)
    found = {target.dotted: result for target, result in job}
    assert found[good.dotted].verdict == "holds" and len(found) == 3
    for bad, kind in ((dies, "dies"), (hangs, "hangs")):
        result = found[bad.dotted]
        assert result.verdict == "falls short" and result.worst.kind == kind and len(result.worst.inputs) == 5
    assert set(multiprocessing.active_children()) <= before


# ---- records -----------------------------------------------------------------------------------------------------------------


def test_a_record_comes_back_as_it_was_and_nothing_else_is_one():
    calls = [
        Call(np.array([0.5, -0.0, np.inf])),
        Call(fault="raises", note="é" * 300),
        Call(mutated=True, again="then"),
    ]
    data = b"".join(map(encoded, calls))
    for call, back in zip(calls, decoded(data), strict=True):
        assert call.numbers.tobytes() == back.numbers.tobytes() and call.note[:200] == back.note
        assert (call.fault, call.mutated, call.again) == (back.fault, back.mutated, back.again)
    assert len(list(decoded(data[:-1]))) == 2
    for place in (4, 5, 6):
        spoilt = bytearray(data)
        spoilt[place] = 0xFF
        with pytest.raises(ValueError, match="no record"):
            list(decoded(bytes(spoilt)))
