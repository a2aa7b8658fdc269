"""A value on the boundary between two answers is found to be there by a theorem, and one beside it is not taken for one there."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import pytest
from sympy import Sum, exp, log

import smoothsym as ss
from smoothsym import formats
from smoothsym.certify.closed import NoTheorem, constant, enclosed
from smoothsym.certify.exact import ExactArithmetic
from smoothsym.program.engines import ENGINES

LOG_SUM = log(Sum(exp(ss.alpha * ss.x[ss.j]), (ss.j, 1, ss.n)))
N = ss.pnorm.definition


@pytest.mark.parametrize(
    ("name", "x", "given", "of", "written"),
    [
        ("boltzmann", [F(3, 20)] * 2, {"alpha": 1}, "value", "0.2"),
        ("boltzmann", [F(9, 20)] * 3, {"alpha": -2}, "value", "0.4"),
        ("boltzmann", [1] * 40, {"alpha": 3}, "gradient", "0.02"),
        ("logsumexp", [F(-3, 20)], {"alpha": F(1, 7)}, "value", "-0.2"),
        ("logsumexp", [F(3, 20)] * 2, {"alpha": 1}, LOG_SUM - log(ss.n), "0.2"),
        ("mellowmax", [F(7, 20)] * 2, {"alpha": 1}, "value", "0.4"),
        ("pnorm", [F(9, 100), F(12, 100)], {"p": 2}, "value", "0.2"),
        ("pnorm", [F(1, 25), F(9, 100)], {"p": F(1, 2)}, "value", "0.2"),
        ("pnorm", [F(3, 20)] * 2, {"p": 2}, N * ss.pnorm.gradient, "0.2"),
    ],
)
def test_a_value_between_two_decimals_goes_to_the_even_one(
    name: str, x: list[Any], given: dict[str, Any], of: Any, written: str
) -> None:
    found = ss.enclose(ss.operators[name], x, of=of, digits=1, **given)
    assert {enclosure.digits(1) for enclosure in getattr(found, "flat", [found])} == {written}


@pytest.mark.parametrize("step", [-1, 1])
@pytest.mark.parametrize("exponent", [50, 400])
def test_a_value_beside_it_goes_to_the_near_one(exponent: int, step: int) -> None:
    x = [F(3, 20) + step * F(1, 10**exponent)] * 2
    for op, given in [(ss.boltzmann, {"alpha": 1}), (ss.mellowmax, {"alpha": 1}), (ss.pnorm, {"p": F(1, 2)})]:
        entries = x if op is not ss.pnorm else [v / 4 for v in x]
        assert ss.enclose(op, entries, digits=1, **given).digits(1) == ("0.2" if step > 0 else "0.1")


def number(value: Any) -> Any:
    return constant(F(value))


E = ExactArithmetic()
SQRT2 = E.apply("pow", number(2), number(F(1, 2)))
E1, E2 = (E.apply("exp", number(v)) for v in (1, 2))
POWER = E.apply("pow", E.sum([E1, number(1)]), number(F(1, 2)))


@pytest.mark.parametrize(
    ("value", "rational"),
    [
        (E.apply("div", E.sum([E1, E1]), E1), F(2)),
        (E.apply("div", E.apply("mul", E1, E1), E2), F(1)),
        (E.apply("sub", E.sum([E1, E2]), E.sum([E2, E1])), F(0)),
        (E.apply("log", E.apply("mul", E1, E2)), F(3)),
        (E.apply("mul", SQRT2, SQRT2), F(2)),
        (E.apply("div", number(3), E.apply("mul", SQRT2, SQRT2)), F(3, 2)),
        (E.apply("pow", SQRT2, number(4)), F(4)),
    ],
)
def test_equal_is_equal_and_near_is_not(value: Any, rational: F) -> None:
    assert value.equals(rational)
    assert not value.equals(rational + F(1, 10**300))


@pytest.mark.parametrize("value", [E.sum([E1, E2]), E.apply("log", number(2)), E.apply("log", E.sum([E1, E2])), SQRT2])
def test_an_irrational_equals_no_rational(value: Any) -> None:
    assert not any(value.equals(F(p, q)) for p in range(-30, 31) for q in range(1, 9))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("add", (E.apply("mul", E.apply("log", E.sum([E1, E2])), number(3)), E.apply("log", number(2)))),
        ("add", (POWER, number(1))),
        ("exp", (E1,)),
        ("pow", (E1, SQRT2)),
        ("mul", (POWER, E.apply("log", number(2)))),
    ],
)
def test_what_no_theorem_covers_is_said_not_to_be(name: str, args: Any) -> None:
    with pytest.raises(NoTheorem):
        E.apply(name, *args)


@pytest.mark.parametrize(
    ("value", "below", "above"),
    [
        (E.apply("add", E1, E.apply("log", number(2))), F(34, 10), F(35, 10)),
        (E.apply("sub", E.apply("mul", SQRT2, E1), number(3)), F(8, 10), F(9, 10)),
        (E.apply("sub", POWER, E.apply("mul", POWER, number(3))), F(-39, 10), F(-38, 10)),
        (E.apply("pow", number(F(3, 2)), number(F(10**17))), F(10**100), None),
        (E.apply("mul", POWER, E.apply("pow", E1, number(-9))), F(0), F(1)),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_side_is_told_where_no_theorem_says_equal(value: Any, below: F, above: F | None, engine: str) -> None:
    assert value.side(below, 80, engine) == 1
    assert above is None or value.side(above, 80, engine) == -1
    assert not value.equals(below)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_left_when_terms_cancel_has_its_sign(engine: str) -> None:
    tiny = E.apply("exp", number(-(10**300)))
    for value in (E.apply("sub", E.sum([E1, tiny]), E1), E.apply("log", E.sum([number(1), tiny]))):
        assert value.side(F(0), 80, engine) == 1
        assert enclosed(value, 80, engine)[0][1] > 0
    hard = E.apply("log", E.sum([number(1), E.apply("mul", tiny, number(-1))]))
    assert hard.side(F(0), 80, engine) == -1


# ---- which theorem decides what ------------------------------------------------------------------------------------------------

LW, UF = "Lindemann-Weierstrass", "unique factorisation"
POWERS = f"{UF} for whole p, none"
THEOREMS = {
    "boltzmann": (LW, LW, LW),
    "logsumexp": (LW, LW, "none"),
    "mellowmax": (LW, LW, "none"),
    "pnorm": (POWERS, POWERS, "none"),
    "powermean": (POWERS, POWERS, "none"),
    "lehmer": ("rational arithmetic for whole p, none", "rational arithmetic for whole p, none", "none"),
    "softplus": (LW, LW, "none"),
    "softmax": (LW, LW, LW),
    "smu": (UF, UF, UF),
    "smoothabs": (UF, UF, UF),
    "logcosh": (LW, LW, "none"),
    "sparsemax": ("rational arithmetic",) * 3,
    "entmax": ("none", "none", "none"),
}


@pytest.mark.parametrize("op", ss.operators.values(), ids=lambda op: op.name)
def test_each_operator_says_by_which_theorem_its_numbers_are_decided(op: Any) -> None:
    said = (op.theorem(of) for of in ("value", "gradient", op.parameter.name))
    for found, expected in zip(said, THEOREMS[op.name], strict=True):
        assert found.startswith(expected) and ("none (" in found) == ("none" in expected)


TIE = 1 + F(1, 2**53)
"""Halfway between two float64."""

REPRESENTABLE = [
    ("logsumexp", [TIE], {"alpha": 3}, TIE),
    ("mellowmax", [TIE] * 3, {"alpha": F(-1, 7)}, TIE),
    ("boltzmann", [TIE] * 5, {"alpha": 2}, TIE),
    ("softmax", [1, 1, 1, 1], {"alpha": F(1, 3)}, F(1, 4)),
    ("pnorm", [3 * TIE, 4 * TIE], {"p": 2}, 5 * TIE),
    ("pnorm", [TIE, TIE, TIE, TIE], {"p": F(1, 2)}, 16 * TIE),
    ("pnorm", [TIE, 0], {"p": F(22, 7)}, TIE),
    ("powermean", [TIE, 7 * TIE], {"p": 2}, 5 * TIE),
    ("lehmer", [TIE, 2 * TIE], {"p": 2}, F(5, 3) * TIE),
    ("lehmer", [TIE, 3 * TIE], {"p": 1}, 2 * TIE),
    ("smu", [TIE, TIE], {"eps": 4 * TIE**2}, 2 * TIE),
    ("smu", [4, 1], {"eps": 16}, 5),
    ("smoothabs", [3 * TIE], {"eps": 16 * TIE**2}, 5 * TIE),
    ("softplus", [0], {"alpha": 1}, None),
    ("logcosh", [0], {"alpha": 1}, 0),
]


@pytest.mark.parametrize(("name", "x", "given", "value"), REPRESENTABLE)
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_representable_or_a_midpoint_is_decided(name: str, x: Any, given: Any, value: Any, engine: str) -> None:
    op = ss.operators[name]
    for rounding in formats.ROUNDINGS:
        found = ss.reference(op, x, rounding=rounding, engine=engine, **given)
        if value is not None:
            expected = formats.get("float64").round(F(value), 0, rounding)
            assert set(found.view("uint64").ravel().tolist()) == {expected}


@pytest.mark.parametrize("engine", ENGINES)
def test_beside_a_midpoint_the_side_is_told(engine: str) -> None:
    for op, x, given, above in (
        (ss.logsumexp, [TIE, -(10**9)], {"alpha": 1}, True),
        (ss.boltzmann, [TIE, TIE - 10**9], {"alpha": 1}, False),
        (ss.pnorm, [TIE, F(1, 10**300)], {"p": F(201, 2)}, True),
        (ss.powermean, [TIE, TIE + F(1, 10**200)], {"p": 3}, True),
        (ss.smoothabs, [TIE], {"eps": F(1, 10**300)}, True),
    ):
        found = float(ss.reference(op, x, engine=engine, **given))
        assert found == (1 + 2.0**-52 if above else 1.0)
