"""Reference tables: exact inputs with certified outputs, to be kept, handed on and recertified; ours or anybody's."""

from smoothsym.tables.build import table
from smoothsym.tables.check import Checked, Wrong, check_table
from smoothsym.tables.read import read_table
from smoothsym.tables.row import Row
from smoothsym.tables.table import ReferenceTable

__all__ = ["Checked", "ReferenceTable", "Row", "Wrong", "check_table", "read_table", "table"]
