"""A program in rounding arithmetic: how far what floats compute may be from what it means, as a formula and as a number."""
