"""Placeholder."""
class Undecided(Exception): pass
def limit(expression, parameter, point, direction=None): raise Undecided("later")
def series(expression, parameter, point, order): raise Undecided("later")
