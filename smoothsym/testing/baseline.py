"""A baseline is what checks came to once: against it a check fails only where it got worse."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isinf
from pathlib import Path
from typing import Any

from smoothsym.testing.record import Record

SCHEMA = 1
NAMES = {"scaled": "scaled error", "ulp": "ulp", "over_bound": "times the bound"}

Checks = dict[str, dict[str, dict[str, Any]]]
"""Entries by test and check."""


@dataclass(frozen=True)
class Baseline:
    """Entries by test and check: what was asked, the largest errors, and the kinds of failure."""

    checks: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str, name: str = "baseline") -> Baseline:
        """A baseline from its text. Raises ValueError with the name where it is none, or torn."""
        try:
            data = json.loads(text)
            if data["smoothsym baseline"] != SCHEMA:
                raise ValueError(
                    f"its schema is {data['smoothsym baseline']!r}, and {SCHEMA} is what this version reads"
                )
            return cls(
                {test: {check: _entry(q) for check, q in found.items()} for test, found in data["checks"].items()}
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            said = f"{type(error).__name__}: {error}" if isinstance(error, (KeyError, AttributeError)) else str(error)
            raise ValueError(f"{name} is no baseline of smoothsym, or not all of one: {said}") from None

    @property
    def text(self) -> str:
        """The same for the same entries, one check a line."""
        lines = []
        for test, found in sorted(self.checks.items()):
            inner = ",\n".join(f"   {json.dumps(check)}: {_line(entry)}" for check, entry in sorted(found.items()))
            lines.append(f"  {json.dumps(test)}: {{\n{inner}\n  }}")
        return f'{{\n "smoothsym baseline": {SCHEMA},\n "checks": {{\n' + ",\n".join(lines) + "\n }\n}\n"

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        beside = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(self.text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    def updated(self, records: Iterable[Record], complete: Iterable[str]) -> Baseline:
        """With these records in the place of older ones; of a test that is `complete` nothing else stays."""
        checks: Checks = {test: dict(found) for test, found in self.checks.items() if test not in set(complete)}  # type: ignore[arg-type]
        for record in records:
            checks.setdefault(record.test, {})[record.check] = {
                "asked": record.asked,
                "errors": record.errors,
                "kinds": record.kinds,
            }
        return Baseline(checks)

    def differs(self, record: Record) -> str:
        """Why a check cannot be compared with its entry: it has none, or asks something else; empty where it can be."""
        entry = self.checks.get(record.test, {}).get(record.check)
        if entry is None:
            return "it is not in the baseline"
        there, here = entry["asked"], dict(record.asked)
        if other := sorted(name for name in {*there, *here} if there.get(name) != here.get(name)):
            name = other[0]
            was, now = (f"{name}={said[name]!r}" if name in said else f"no {name}=" for said in (there, here))
            return f"the baseline has it with {was}, and this is with {now}"
        return ""

    def worse(self, record: Record) -> tuple[str, str] | None:
        """In what a check is worse than its entry, in words, and the number or the kind of failure that it is about: a larger error
        in what it is held to, or a failure that is new, or of another decade.

        Failures are compared by the decades of their errors, which is how the input that shows one is chosen.
        """
        entry = self.checks[record.test][record.check]
        for name in record.numbers:
            was, now = entry["errors"].get(name), record.errors.get(name)
            if was is not None and now is not None and now > was:
                return f"worse than the baseline: {NAMES[name]} {_digits(now, was)}, was {_digits(was, now)}", name
        for kind, decade in sorted(record.kinds.items()):
            if kind not in entry["kinds"]:
                return f"worse than the baseline: {kind}, which is new", kind
            if decade > entry["kinds"][kind]:
                was = entry["kinds"][kind]
                return f"worse than the baseline: {kind} of scaled error {_power(decade)}, was {_power(was)}", kind
        return None


def _entry(data: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {key: {name: float(value) for name, value in data[key].items()} for key in ("errors", "kinds")}
    return {"asked": dict(data["asked"]), **numbers}


def _line(entry: Mapping[str, Any]) -> str:
    plain = {
        key: {name: str(v) if isinstance(v, float) and isinf(v) else v for name, v in sorted(part.items())}
        for key, part in entry.items()
    }
    return json.dumps(plain, sort_keys=True, allow_nan=False)


def _digits(value: float, other: float) -> str:
    """A number to as many digits as tell it from the other one."""
    return next((text for q in range(3, 18) if (text := f"{value:.{q}g}") != f"{other:.{q}g}"), repr(value))


def _power(decade: float) -> str:
    return "inf" if isinf(decade) else f"10^{decade:.0f}"
