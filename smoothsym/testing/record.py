"""What a check came to, as plain data that travels between processes and is kept in a baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smoothsym.testing.held import Held


@dataclass(frozen=True)
class Record:
    """One check of a test.

    `test`, the id of the test; `check`, a label among its checks; `target`, the name of the code; `limit`, what it is held to, in
    words, and `numbers`, which of `errors` these are; `errors`, the largest "scaled", "ulp" and "over_bound" that are known;
    `kinds`, the kinds of failure that were found, each with the decade of its scaled error, up to 7, and inf; `asked`, all else
    that the numbers depend on; `holds`, whether the limit is kept; `compared`, what became of it beside a baseline: "", "new", "no worse", "worse".
    """

    test: str
    check: str
    target: str
    limit: str
    numbers: tuple[str, ...]
    errors: Mapping[str, float]
    kinds: Mapping[str, float]
    asked: Mapping[str, Any]
    holds: bool
    compared: str = ""

    @classmethod
    def of(cls, held: Held, test: str, check: str) -> Record:
        from smoothsym.testing.asked import asked

        audit = held.audit
        kinds = {finding.kind: finding.severity for finding in audit.findings if finding.falls}
        about = asked(held.limit, held.options)
        return cls(
            test, check, audit.target, str(held.limit), held.limit.numbers, held.numbers, kinds, about, not held.breaks
        )

    def plain(self) -> dict[str, Any]:
        """Builtin types alone."""
        return {**asdict(self), "numbers": list(self.numbers)}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Record:
        """What `plain` made."""
        return cls(**{**data, "numbers": tuple(data["numbers"])})
