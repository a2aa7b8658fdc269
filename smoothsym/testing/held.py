"""An audit is held to a limit: it says which of its numbers are too large, and which input shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smoothsym.testing.limit import Limit

if TYPE_CHECKING:
    from smoothsym.auditing import Audit, Finding


@dataclass(frozen=True)
class Held:
    """An audit beside what it was asked, and what it was held to."""

    audit: Audit
    limit: Limit
    target: Any
    op: Any
    of: Any
    options: Mapping[str, Any]

    @property
    def exceeded(self) -> tuple[str, ...]:
        """Which of the numbers are above what is allowed, though the audit holds."""
        return tuple(name for name, allowed in self.limit.beside.items() if (_max(self.audit, name) or 0) > allowed)

    @property
    def breaks(self) -> bool:
        """Whether the limit is not kept."""
        return not self.audit.holds or bool(self.exceeded)

    def finding(self, about: str = "") -> Finding | None:
        """What is told: of a number or a kind of failure that it is about; else the worst that falls short, or the row with the
        largest of the numbers that are too large.
        """
        audit = self.audit
        if kind := [finding for finding in audit.findings if finding.falls and finding.kind == about]:
            return kind[0]
        named = [about] if about else list(self.exceeded) if audit.holds else []
        return next((audit.largest[name] for name in named if name in audit.largest), audit.worst)

    @property
    def numbers(self) -> dict[str, float]:
        """The largest errors, those that are known."""
        found = {name: _max(self.audit, name) for name in ("scaled", "ulp", "over_bound")}
        return {name: value for name, value in found.items() if value is not None}


def _max(audit: Audit, name: str) -> float | None:
    value: float | None = getattr(audit, f"max_{name}")
    return value


def held(target: Any, op: Any, of: Any, dtype: Any, limit: Limit, options: Mapping[str, Any]) -> Held:
    """Audit a target under a limit. Raises ValueError where no row could be judged by it."""
    __tracebackhide__ = True
    from smoothsym.auditing import audit
    from smoothsym.auditing.asking.arguments import operator

    op = operator(op)
    found = audit(target, op, of, dtype, tol=limit.scaled, bound=limit.bound, **options)
    if found.rows == found.refused:
        raise ValueError(f"none of {found.rows} rows could be judged: there is no certified reference for any of them")
    if limit.bound and found.holds and found.max_over_bound is None:
        raise ValueError(
            f"bound={limit.bound!r}: none of {found.rows} rows has a bound; hold the target to tol= or ulp="
        )
    return Held(found, limit, target, op, of, options)
