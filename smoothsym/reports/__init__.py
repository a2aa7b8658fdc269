"""Audits as a page that anyone can open and send on."""

from smoothsym.reports.entry import Entry, data, schema
from smoothsym.reports.page import page, write

__all__ = ["Entry", "data", "page", "schema", "write"]
