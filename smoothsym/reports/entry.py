"""What a report is of: audits with what is known of their targets, as plain data under a schema that is shipped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from typing import Any

from smoothsym.auditing import Audit
from smoothsym.auditing.targets import Target


@dataclass(frozen=True)
class Entry:
    """An audit, and what its target is called; `control`: naive code that is there to be caught; `limits`: what its documentation leaves out."""

    audit: Audit
    name: str
    dotted: str = ""
    control: bool = False
    limits: str = ""
    library: str = ""
    version: str = ""
    device: str = "cpu"

    @classmethod
    def of(cls, target: Target, audit: Audit) -> Entry:
        """That of a declared target."""
        library = target.distribution or target.library
        return cls(
            audit, target.name, target.dotted, target.control, target.limits, library, target.version, target.device
        )

    def to_dict(self) -> dict[str, Any]:
        about = {name: getattr(self, name) for name in ("dotted", "control", "limits", "version", "device")}
        return {"target": self.name, **about, "audit": self.audit.to_dict()}


def data(entries: Sequence[Entry], absent: Sequence[str] = ()) -> dict[str, Any]:
    """All of a report, as data that JSON can hold; `schema()` describes it."""
    judged = [entry.audit for entry in entries if not entry.control]
    controls = [entry.audit for entry in entries if entry.control]
    return {
        "smoothsym": version(),
        "fall_short": fall_short(judged),
        "of": len(judged),
        "controls": {"fall_short": fall_short(controls), "of": len(controls)},
        "not_installed": list(absent),
        "audits": [entry.to_dict() for entry in entries],
    }


def version() -> str:
    """Of smoothsym; empty where it is not installed, but found on the path."""
    try:
        return metadata.version("smoothsym")
    except metadata.PackageNotFoundError:
        return ""


def fall_short(audits: Sequence[Audit]) -> int:
    """How many do."""
    return sum(not audit.holds for audit in audits)


def versions(entries: Sequence[Entry]) -> str:
    """What was audited."""
    named = {entry.library: entry.version for entry in entries}
    return ", ".join(f"{name} {version}" for name, version in sorted(named.items()) if version)


def schema() -> dict[str, Any]:
    """The JSON Schema of the data."""
    found: dict[str, Any] = json.loads(files("smoothsym.reports").joinpath("report.schema.json").read_text("utf-8"))
    return found
