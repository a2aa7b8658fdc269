"""Memory is used again only when nobody refers to it, by itself or through a view."""

from threading import Thread

import numpy as np

import smoothsym as ss
from smoothsym.program.scratch import KEPT, MANY, Scratch, scratch_for

LIKE = ((3, 4), np.dtype(np.float64))


def test_memory_comes_back_when_it_is_given_or_dropped_and_not_before():
    scratch = Scratch()
    first, second = scratch.take(*LIKE), scratch.take(*LIKE)
    assert first is not second and not np.shares_memory(first, second)
    known = id(first)
    scratch.give(first)
    del first
    assert id(scratch.take((3, 4), np.dtype(np.float32))) != known != id(scratch.take((4,), LIKE[1]))
    first = scratch.take(*LIKE)
    assert id(first) == known
    view = first[1:, ::2]
    del first
    scratch.end()
    assert id(scratch.take(*LIKE)) != known, "a view still looks at it, and who has that keeps it"
    assert view.base is not None and id(view.base) == known
    third = scratch.take(*LIKE)
    known = id(third)
    del third
    scratch.end()
    assert known in {id(array) for kept in scratch.free.values() for array in kept}


def test_what_is_held_is_limited():
    scratch = Scratch()
    taken = [scratch.take(*LIKE) for _ in range(5 * MANY)]
    assert len({id(array) for array in taken}) == 5 * MANY
    del taken
    scratch.end()
    assert not scratch.lent and scratch.kept == 5 * MANY * 12 * 8
    scratch.take((KEPT,), np.dtype(np.int8))
    scratch.end()
    assert not scratch.kept and not scratch.free
    for size in range(5 * MANY):
        scratch.take((size,), LIKE[1])
    assert len(scratch.lent) <= MANY, "what was dropped is taken back before the end"


def test_results_that_are_kept_are_not_written_to_again():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2 * MANY, 6, 80))
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
