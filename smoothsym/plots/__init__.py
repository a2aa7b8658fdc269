"""Pictures by matplotlib, an extra: of arrays, and of what a function with a parameter does."""

from smoothsym.plots.arrays import axes, contours, error_map, errors_over, lines
from smoothsym.plots.functions import plot

__all__ = ["axes", "contours", "error_map", "errors_over", "lines", "plot"]
