"""The parameters that a library's function is tried at, where its documentation says which it takes."""

from math import inf

ORDERS = (2.0, 1.0, 3.0, 1.5, 0.5, 10.0, -1.0, 2.0**-5, 256.0, inf, -inf)
"""Orders of a vector norm."""

NO_COUNT = "ord=0 is left out: it counts the nonzero entries, as documented"

POWERS = (1.0, 2.0, 3.0, 0.5, -1.0, -2.0, 10.0, 2.0**-20, 2.0**-30, 0.0)
"""Powers of a mean."""

SHARPNESS = (1.0, 0.5, 3.0, 20.0, 2.0**-12)
"""Positive sharpness of a softplus."""
