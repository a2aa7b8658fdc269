"""A path has the bits of the run that it was learnt from, ends where that would have chosen otherwise, and shares its memory with nobody."""

import signal
from threading import Thread

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.kernels import evaluate
from smoothsym.program import arrays, path
from smoothsym.program.path import Arena
from smoothsym.program.scratch import Scratch, scratch_for

KERNELS = [
    pytest.param(
        kernel,
        id=f"{kernel.op.name}-{kernel.name}",
        marks=[pytest.mark.long] * (kernel.form == "naive" and op.name != "softmax"),
    )
    for op in ss.operators.values()
    for kernel in op.kernels.values()
    if op.arity is None and kernel.form in ("naive", "stable")
]
GIVEN = {"alpha": 1.25, "p": 3.0, "eps": 0.5, "gamma": 0.75, "q": 1.5}


def rows_of(op, dtype, size, count=3):
    rows = np.random.default_rng(size).normal(size=(count, size)).astype(dtype)
    return np.abs(rows) if op.domain == "positive" else rows


def known_of(op):
    names = [symbol.name for symbol in op.parameters]
    return {name: GIVEN[name] for name in names}


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_bits_are_those_of_a_run(kernel, monkeypatch):
    op, taken = kernel.op, []
    take = path.Path.take
    monkeypatch.setattr(path.Path, "take", lambda *given: taken.append(take(*given)) or taken[-1])
    for dtype in ("float32", "float64"):
        for size in (1, 7, 200):
            for given in ({op.parameter.name: 2.0} if op.parameter else {}, known_of(op)):
                rows = rows_of(op, dtype, size)
                first = np.array(kernel(rows, **given))
                for again in (rows, rows[::-1].copy()):
                    found = np.array(kernel(again, **given))
                    assert np.array_equal(found if again is rows else found[::-1], first, equal_nan=True)
    assert taken or kernel.name != "stable" or op.name not in ("logsumexp", "softmax", "pnorm", "mellowmax")


def test_a_path_is_taken_and_ends_where_a_run_chooses_otherwise(monkeypatch):
    kernel = ss.pnorm.kernels["stable"]
    usual, small = np.full((2, 70), 0.75), np.full((2, 70), 1e-200)
    right = [np.array(kernel(rows, p=2.0)) for rows in (usual, small)]
    runs = []
    started = arrays.started
    monkeypatch.setattr(arrays, "started", lambda *a, **b: runs.append(1) or started(*a, **b))
    for _ in range(2):
        for rows, want in zip((usual, small), right, strict=True):
            assert np.array_equal(kernel(rows, p=2.0), want)
    # Squares of 1e-200 are 0: each of the four calls finds the other's path, and ends it.
    assert runs
    runs.clear()
    kernel(usual, p=2.0)
    assert np.array_equal(kernel(usual, p=2.0), right[0]) and len(runs) <= 1
    assert np.array_equal(kernel(usual, p=2.0), right[0]) and len(runs) <= 1
    # Were nothing looked at on the way, the path of ordinary rows would lose the small ones.
    monkeypatch.setattr(path, "_guard", lambda number, positive: lambda values: False)
    scratch = scratch_for(10)
    monkeypatch.setattr(scratch, "arena", Arena())
    kernel(usual, p=2.0)
    monkeypatch.setattr(evaluate.Evaluation, "_shown", lambda *_: True)
    assert not np.array_equal(kernel(small, p=2.0), right[1])


def test_results_are_their_owners():
    kernel, rows = ss.softmax.kernels["stable"], rows_of(ss.softmax, "float64", 80)
    found = [kernel(rows + step) for step in range(6)]
    kept = [np.array(one) for one in found]
    values = [ss.logsumexp(rows + step) for step in range(6)]
    known = [np.array(one) for one in values]
    for one in found:
        one *= -1
    assert np.array_equal(kernel(rows), kept[0])
    assert all(np.array_equal(-a, b) for a, b in zip(found, kept, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(values, known, strict=True))


def test_each_thread_computes_in_its_own_memory():
    kernel, rows, wrong = ss.softmax.kernels["stable"], rows_of(ss.softmax, "float64", 900, 40), []

    def work(step):
        right = np.array(kernel(rows * step))
        for _ in range(60):
            if not np.array_equal(kernel(rows * step), right):
                wrong.append(step)

    threads = [Thread(target=work, args=(step,)) for step in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_interrupts_a_path_computes_elsewhere():
    """A signal's handler may call a kernel in the middle of another call."""
    kernel, rows = ss.softmax.kernels["stable"], rows_of(ss.softmax, "float64", 900, 40)
    right, other, met = np.array(kernel(rows)), np.array(kernel(rows * 3)), []

    def interrupt(*_):
        if None not in met:
            met.append(None)
            met[-1] = np.array_equal(kernel(rows * 3), other)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1e-3, 1e-3)
        same = [np.array_equal(kernel(rows), right) for _ in range(300)]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert all(same) and all(met)
    arena = Arena()
    paths = arena.paths_of(ss.softmax.kernels["stable"].specialised(alpha=1.0), rows, "folded")
    paths.learn({})
    assert paths.take(rows, {}, None) is not None
    arena.busy = True
    assert paths.take(rows, {}, None) is None


def test_a_path_that_is_too_large_for_the_memory_is_none_and_what_is_kept_is_limited():
    program = ss.softmax.kernels["stable"].specialised(alpha=1.0)
    arena = Arena()
    paths = arena.paths_of(program, np.empty((2, path.ROOM)), "folded")
    paths.learn({})
    assert paths.last is None
    for size in range(1, path.MANY + 5):
        arena.paths_of(program, np.empty((1, size)), "folded")
    assert len(arena.paths) <= path.MANY
    assert Scratch().arena is None, "what lasts as long as its user has none"
