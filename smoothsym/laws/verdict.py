"""What was shown of a law, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smoothsym import notebook

OUTCOMES = ("Proved", "Refuted", "Supported", "Undecided")


TONES = {"Proved": notebook.GOOD, "Refuted": notebook.BAD}


@dataclass(frozen=True)
class Verdict:
    """The outcome of trying a law.

    `outcome` is "Proved" (for the `scope`), "Refuted" (by the `witness`, whose enclosures exclude the claim), "Supported" (at so
    many points, `reason`) or "Undecided". A sampled law is never Proved; failing to find a proof is never Refuted.
    `certificate` is the proof, or the witness, as data that `smoothsym.laws.check` verifies again.
    """

    operator: str
    law: str
    outcome: str
    scope: str
    reason: str
    witness: Any = None
    certificate: Any = None

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome={self.outcome!r}; it is one of {', '.join(OUTCOMES)}")

    def __str__(self) -> str:
        tail = f"; witness {self.witness}" if self.witness is not None else ""
        return f"{self.outcome}: {self.law} [{self.scope}]: {self.reason}{tail}"

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain data."""
        witness = None if self.witness is None else str(self.witness)
        return {
            "operator": self.operator,
            "law": self.law,
            "outcome": self.outcome,
            "scope": self.scope,
            "reason": self.reason,
            "witness": witness,
        }

    def _repr_html_(self) -> str:
        return _table([self])


class Verdicts(list[Verdict]):
    """The verdicts on some laws, a list that a notebook shows as a table."""

    def _repr_html_(self) -> str:
        return _table(self)


def _table(verdicts: Sequence[Verdict]) -> str:
    rows = [(v.outcome, v.law, v.scope, str(v).partition(f"[{v.scope}]: ")[2]) for v in verdicts]
    names = list(dict.fromkeys(v.operator for v in verdicts))
    return notebook.table(
        ("", "law", "for", "why"), rows, ", ".join(names), [TONES.get(v.outcome, "") for v in verdicts]
    )
