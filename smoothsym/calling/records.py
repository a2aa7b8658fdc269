"""What comes back from a process that cannot be trusted is plain: counts, floats and short texts, never an object to be built."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from math import isfinite

import numpy as np

from smoothsym.calling.call import NOTE, Call

FAULTS = ("", "raises", "wrong shape", "wrong dtype")
_HEAD = struct.Struct("<IBBIHHHd")
"""The size of the record, the fault, whether the input was mutated, how many floats, the sizes of three texts, and seconds."""


def encoded(call: Call) -> bytes:
    """A call as one record."""
    texts = [text[:NOTE].encode("utf-8", "replace") for text in (call.note, call.deviation, call.again)]
    sizes = [len(text) for text in texts]
    size = _HEAD.size + call.numbers.nbytes + sum(sizes)
    head = _HEAD.pack(size, FAULTS.index(call.fault), call.mutated, len(call.numbers), *sizes, call.seconds)
    return b"".join([head, call.numbers.tobytes(), *texts])


def decoded(data: bytes) -> Iterator[Call]:
    """The calls of a run of records; one that was cut off at the end is left out.

    Raises ValueError where this is no record.

    >>> [call.got for call in decoded(encoded(Call(np.array([0.5, 2.0]))) + encoded(Call(fault="raises", note="no"))[:-1])]
    [[0.5, 2.0]]
    """
    place = 0
    while place + _HEAD.size <= len(data):
        size, fault, mutated, count, *sizes, seconds = _HEAD.unpack_from(data, place)
        if size != _HEAD.size + 8 * count + sum(sizes) or fault >= len(FAULTS) or mutated > 1:
            raise ValueError(f"no record of a call at byte {place}")
        if place + size > len(data):
            return
        end = place + _HEAD.size + 8 * count
        numbers = np.frombuffer(data, np.float64, count, place + _HEAD.size)
        texts = []
        for length in sizes:
            texts.append(data[end : end + length].decode("utf-8", "replace"))
            end += length
        seconds = seconds if isfinite(seconds) and seconds > 0 else 0.0
        yield Call(numbers, FAULTS[fault], texts[0], texts[1], bool(mutated), texts[2], seconds)
        place += size
