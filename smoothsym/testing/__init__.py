"""Float code is held to a bound in tests: an audit, and an assertion that says at which input the bound does not hold."""

from smoothsym.testing.check import check

__all__ = ["check"]
