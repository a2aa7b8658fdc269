"""The scaled error of a kernel on rows, as an audit measures it; what an audit then says of its findings is for other tests."""

import numpy as np

from smoothsym.auditing.asking.calls import Passing
from smoothsym.auditing.measuring.measure import run
from smoothsym.auditing.task import Task
from smoothsym.cases import Case
from smoothsym.formats import get


def scaled(op, of, rows, parameter, dtype="float64", kernel=None):
    """The largest scaled error of a kernel, that of `stable` where none is given."""
    kernel, fmt, (op, given) = kernel or stable(op, of), get(dtype), op.settled({op.parameter.name: parameter})
    task = Task(kernel, op, of, fmt, passing=Passing(*given))
    cases = [Case(tuple(np.array(row).astype(fmt.dtype).astype(float).tolist()), parameter, ()) for row in rows]
    tally = run(task, cases)
    tally.settle(task)
    assert tally.rows == len(rows) and not tally.refused
    return tally.max_scaled


def stable(op, of):
    return op.kernels["stable" if of == "value" else "stable_gradient"]
