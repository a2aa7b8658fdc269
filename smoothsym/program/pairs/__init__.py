"""Pairs of floats, hi + lo, in any array library: twice the precision of a format, for kernels. No digit of them is certified."""
