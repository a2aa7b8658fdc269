"""Memory is used again only when nobody refers to it, by itself or through a view."""

from threading import Thread

import numpy as np

import smoothsym as ss
from smoothsym.program.scratch import HELD, Scratch, scratch_for

ROW = np.zeros((3, 4))


def test_memory_comes_back_when_it_is_dropped_and_not_before():
    scratch = Scratch()
    first, second = scratch.like(ROW), scratch.like(ROW)
    assert first is not second and not np.shares_memory(first, second)
    known, view = id(first), first[1:, ::2]
    del first
    assert id(scratch.like(ROW)) != known, "a view still looks at it"
    del view
    assert id(scratch.like(ROW)) == known
    assert scratch.like(ROW.astype(np.float32)).dtype == np.float32 and scratch.like(ROW[0]).shape == (4,)


def test_what_is_held_is_limited():
    scratch = Scratch()
    taken = [scratch.like(ROW) for _ in range(5 * HELD)]
    assert len({id(array) for array in taken}) == 5 * HELD and len(scratch.held) <= HELD


def test_results_that_are_kept_are_not_written_to_again():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2 * HELD, 6, 80))
    kept = [ss.softmax(part) for part in rows]
    views = [ss.softmax(part)[:, 3] for part in rows]
    for part, result, view in zip(rows, kept, views, strict=True):
        right = np.array(ss.softmax(part))
        assert np.array_equal(result, right) and np.array_equal(view, right[:, 3])
        result[...] = -1
        assert np.array_equal(ss.softmax(part), right), "what a caller does to a result is his"


def test_each_thread_has_its_own():
    found = []
    threads = [Thread(target=lambda: found.append(scratch_for(10))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(scratch) for scratch in (*found, scratch_for(10))}) == 3
    assert scratch_for(1 << 24) is not scratch_for(10), "what is large lasts as long as its user"
