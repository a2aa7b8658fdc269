"""Array code run once on recording objects: what its operations are called, and what they do to a program."""
