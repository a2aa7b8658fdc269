"""A check is an audit with a limit: it passes, or fails with the input at which float code errs most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smoothsym.testing.held import held
from smoothsym.testing.limit import Limit

if TYPE_CHECKING:
    from smoothsym.auditing import Audit


def check(
    target: Any,
    op: Any,
    of: Any = "value",
    dtype: Any = "float64",
    *,
    tol: float | None = None,
    ulp: float | None = None,
    bound: Any = None,
    **options: Any,
) -> Audit:
    """Hold float code to a limit, against certified references, on cases derived from the operator or on rows of data.

    Parameters: `target`, `op`, `of`, `dtype` and all other `options` as `smoothsym.audit` takes them: the parameter by its name
    (alpha=1.0), data=, n=, budget=, seed=, timeout=, batched=, arrays="torch" or "jax", ... What errors are held to:
    `tol`, the scaled error that is allowed (8, unless ulp= is given); `ulp`, the units in the last place; `bound`, True for the
    rigorous error bound that is derived for the operator's stable kernel, or a callable bound(x, parameter). Of those that are
    given all must hold. Faults fail in any case: a wrong special value that has a unique answer, an error raised, a wrong shape, ...
    Returns the Audit. Raises AssertionError with the worst input, TypeError and ValueError for bad arguments.

    >>> import numpy as np
    >>> from smoothsym.testing import check
    >>> check(np.logaddexp.reduce, "logsumexp", alpha=1.0, n=2, bound=True, budget=40).verdict
    'holds'
    >>> check(lambda x: np.log(np.sum(np.exp(x))), "logsumexp", alpha=1.0, budget=40)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    AssertionError: overflow: ...
    """
    __tracebackhide__ = True
    found = held(target, op, of, dtype, Limit.of(tol, ulp, bound), options)
    if found.breaks:
        from smoothsym.testing.message import told

        raise AssertionError(told(found))
    return found.audit
