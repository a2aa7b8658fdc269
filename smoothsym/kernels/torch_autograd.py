"""Kernels under torch.autograd: the backward pass is the kernel of the gradient times what comes back."""

from __future__ import annotations

from typing import Any

import torch

from smoothsym.kernels.arguments import Arguments
from smoothsym.kernels.task import NO_MORE, Task


def apply(task: Task, called: Arguments) -> Any:
    """The results of a call, recorded where a derivative is asked for."""
    source = called.parameter.source
    parameter = source if isinstance(source, torch.Tensor) and source.requires_grad else None
    if torch.is_grad_enabled() and (called.rows.requires_grad or parameter is not None):
        return _Recorded.apply(called.rows, parameter, task, called)
    return _computed(task, called, called.rows)


def _computed(task: Task, called: Arguments, rows: Any, **vectors: Any) -> Any:
    beside = (called.counts, called.weights, vectors)
    return task(called.library, called.parameter, called.work, rows, *beside)


class _Recorded(torch.autograd.Function):
    """A task, by rows and by the parameter."""

    @staticmethod
    def forward(ctx: Any, rows: Any, parameter: Any, task: Task, called: Arguments) -> Any:
        ctx.save_for_backward(rows, parameter)
        ctx.task, ctx.called = task, called
        return _computed(task, called, rows.detach())

    @staticmethod
    def backward(ctx: Any, back: Any) -> Any:
        rows, parameter = ctx.saved_tensors
        task, work = ctx.task, ctx.called.work
        if task.last:
            raise NotImplementedError(NO_MORE)
        by_rows = by_parameter = None
        if ctx.needs_input_grad[0] and task.linear:
            by_rows = _Linear.apply(rows, back, task.back(), ctx.called)
        elif ctx.needs_input_grad[0]:
            slope = _Recorded.apply(rows, parameter, task.slope(), ctx.called)
            slope = slope if task.op.arity != 1 else slope[..., None]
            by_rows = (slope.to(work) * back[..., None].to(work)).to(rows.dtype)
        if ctx.needs_input_grad[1]:
            slope = _Recorded.apply(rows, parameter, task.parameter_slope(), ctx.called)
            by_parameter = (slope.to(work) * back.to(work)).sum().to(parameter.dtype)
        return by_rows, by_parameter, None, None


class _Linear(torch.autograd.Function):
    """A matrix times a vector, which is not differentiated again."""

    @staticmethod
    def forward(ctx: Any, rows: Any, direction: Any, task: Task, called: Arguments) -> Any:
        return _computed(task, called, rows.detach(), v=direction.detach())

    @staticmethod
    def backward(ctx: Any, back: Any) -> Any:
        raise NotImplementedError(NO_MORE)
