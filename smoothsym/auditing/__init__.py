"""Float code is measured against certified references, and judged by what its input allows."""

from smoothsym.auditing.asking.bridge import Bridged
from smoothsym.auditing.audit import audit
from smoothsym.auditing.findings.finding import Finding
from smoothsym.auditing.result import Audit

__all__ = ["Audit", "Bridged", "Finding", "audit"]
