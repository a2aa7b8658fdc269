"""Targets that hang, die, or do something else each time, on rows of five entries; correct on all others."""

import ctypes
import glob
import os
import resource
import time

import broken
import numpy as np


def on_five(act):
    """A target that acts, where the row has five entries, before it returns what is right."""

    def target(x):
        if len(x) == 5:
            act(x)
        return broken.logsumexp(x)

    return target


def spins(x):
    while True:
        pass


def waits(x):
    """Never returns from C, and no signal handler of Python's can run meanwhile."""
    while True:
        ctypes.PyDLL(None).sleep(1000)


def exits(x):
    os._exit(3)


def crashes(x):
    ctypes.string_at(0)


def kills(x):
    os.kill(os.getpid(), 9)


def interrupts(x):
    raise KeyboardInterrupt


def leaves_a_child(x):
    """Dies while a process that it started holds all its files open."""
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(1)


def takes_all_memory(x):
    assert resource.getrlimit(resource.RLIMIT_DATA)[0] != resource.RLIM_INFINITY
    with open("/proc/meminfo") as file:
        free = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
    bytearray(1024 * free * 3 // 4)


def scribbles(x):
    """Writes to every file that it finds open."""
    for name in glob.glob("/proc/self/fd/*"):
        if "memfd" in os.readlink(name):
            os.write(int(name.rpartition("/")[2]), b"\xff" * 64)


hangs = on_five(spins)
dies = on_five(exits)


def named_hangs(x):
    return hangs(x)


def named_dies(x):
    return dies(x)


class Counting:
    """Another last place at every call."""

    calls = 0

    def __call__(self, x):
        self.calls += 1
        value = broken.logsumexp(x)
        return np.nextafter(value, np.inf) if self.calls % 2 and np.isfinite(value) else value
