"""All checks of a run in a line: how many, what they were held to, and the worst of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from smoothsym.testing.record import Record


def summary(records: Sequence[Record], wrote: str = "", compared: bool = False) -> Iterator[tuple[str, bool | None]]:
    """Lines, and whether each is good news, bad news, or neither. Parameters: `wrote`, what became of the baseline; `compared`, whether there is one."""
    if not records:
        return
    short = sum(not record.holds for record in records)
    checks = _many(len(records), "check")
    worst = max(records, key=lambda record: record.errors.get("scaled", 0.0))
    kinds = f" ({', '.join(worst.kinds)})" if worst.kinds else ""
    tail = f"worst scaled error {worst.errors.get('scaled', 0.0):.3g}{kinds} in {worst.test}"
    if short:
        said = f"{short} of {checks} {'falls' if short == 1 else 'fall'} short"
    else:
        limits = list(dict.fromkeys(record.limit for record in records))
        held_to = ", ".join(limits[:3]) + (", ..." if len(limits) > 3 else "")
        said = f"{checks} of {_many(len({record.target for record in records}), 'implementation')} held to {held_to}"
    yield f"smoothsym: {said}; {tail}", not short or (None if compared else False)
    if compared:
        counts = Counter(record.compared for record in records)
        parts = [f"{counts[name]} {name}" for name in ("worse", "no worse") if counts[name]]
        parts += [f"{counts['new']} not in it, held to the limits of the checks"] if counts["new"] else []
        yield f"smoothsym: against the baseline: {', '.join(parts)}", not counts["worse"]
    if wrote:
        yield f"smoothsym: {wrote}", wrote.startswith("wrote")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
