"""Twofold arithmetic: pairs of floats with a bound on their error."""
