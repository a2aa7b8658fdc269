"""A table is recertified: every claim is compared with what is exact at its inputs, and what is wrong is named, with what is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from math import inf, isfinite, log10
from pathlib import Path
from typing import Any

import numpy as np

from smoothsym.auditing.asking.arguments import operator
from smoothsym.auditing.findings.finding import shortest
from smoothsym.certify.enclose import enclose, reference
from smoothsym.certify.enclosure import Refused
from smoothsym.errors import shown
from smoothsym.formats import FORMATS, Format
from smoothsym.symbolic.numerals import exact
from smoothsym.tables import foreign
from smoothsym.tables.foreign import Claim, Claims
from smoothsym.tables.lines import Found, shown_bits
from smoothsym.tables.naming import operator_of
from smoothsym.tables.output import MOST_BITS, Output, number, ordinary, output, same, unanswerable
from smoothsym.tables.read import load
from smoothsym.tables.row import Row

CHUNK = 64
"""So many rows of a table of ours are certified at a time."""
BATCH = 4096
"""So many rows of a table of anybody's."""
GUARD = 30
"""Digits of what is exact that an error is measured with."""


@dataclass(frozen=True)
class Wrong:
    """A claim that is not what is exact.

    Attributes: `row`, counted from 1 as the file has them; `of`, the output, and `entry` of it, counted from 1 (0 for a number); `what`,
    which claim: a format's name, "digits", or "answer" where there is none; `got` and `right`, as the table would write them; `ulp`, how
    far off in units in the last place of the format (None for digits); `digits`, how many significant digits agree; `dtype`, `x` and
    `parameter`, the inputs.
    """

    row: int
    of: str
    entry: int
    what: str
    got: str
    right: str
    ulp: float | None
    digits: float
    dtype: str
    x: tuple[float, ...]
    parameter: float | None

    def __str__(self) -> str:
        where = f"{self.of}[{self.entry}]" if self.entry else self.of
        far = f"{self.ulp:.3g} ulp off, " if self.ulp is not None and isfinite(self.ulp) else ""
        far += f"{self.digits:.1f} digits agree" if self.digits < inf else "as numbers they agree"
        at = "" if self.parameter is None else f", parameter {self.parameter!r}"
        row = ", ".join(map(repr, self.x[:8])) + (f", ... {len(self.x)} entries" if len(self.x) > 8 else "")
        return f"row {self.row}: {where}, {self.what}: got {self.got}, right is {self.right} ({far}) at x = [{row}]{at}"


@dataclass(frozen=True)
class Checked:
    """What recertifying a table came to.

    Attributes: `rows`, how many were checked; `wrong`, each wrong claim; `refused`, (row, reason) where nothing could be certified
    though the table claims something; `damage`, what the table's own sums say is damaged; `holds`, whether there is none of these.
    """

    path: str
    operator: str
    rows: int
    wrong: tuple[Wrong, ...]
    refused: tuple[tuple[int, str], ...] = ()
    damage: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not (self.wrong or self.refused or self.damage)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        data = asdict(self)
        for one in data["wrong"]:
            one["x"] = [v.hex() for v in one["x"]]
            one["parameter"] = None if one["parameter"] is None else one["parameter"].hex()
        return {"holds": self.holds, **data}


def check_table(
    path: Any,
    op: Any = None,
    *,
    columns: Mapping[str, str] | None = None,
    of: str = "value",
    dtype: Any = None,
    ulp: float | None = None,
    decimals: bool = False,
    engine: str = "mpmath",
    executor: Any = None,
    progress: Callable[[int, int], None] | None = None,
    **parameter: Any,
) -> Checked:
    """Recertify a reference table: ours, or anybody's as JSON Lines, .npz, .csv or .parquet.

    Parameters: `path`; `op`, a SmoothMax or the name of one, for tables that do not say it; `columns`, where a table of another layout has
    what: {"x": "in*", "alpha": "in2", "value": "out0"}, names of columns or patterns of them, for x (or x1, x2, ...), a parameter, dtype, and
    outputs such as value or gradient; without it columns of these names are taken, or those of NumPy's validation sets and of xsref;
    `of`, what the column of a layout without such names has; `dtype`, the format of the numbers, where neither a column nor its type says
    it; `ulp`, the error that is allowed, in units in the last place (only what is not correctly rounded is wrong without it); `decimals`,
    outputs are decimals, each rounded to as many digits as it has; `engine`, `executor` and `progress` as for ss.table; a parameter by its
    name, where it is no column.
    Numbers are read exactly. Cells of text are decimals as floats print them, hex floats, which have a p, or bit patterns (0x3f800000);
    unsigned integers of the width of the format are bit patterns too.
    Returns a Checked. Raises ValueError, with the row, for what cannot be read, or for an input that the format has no number for.

    >>> import smoothsym as ss, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "mine.csv")
    ...     _ = path.write_text("x1,x2,value\\n0.0,-40.0,4.248354255291589e-18\\n0.0,0.0,0.6931471805599452\\n")
    ...     print(ss.check_table(path, ss.logsumexp, alpha=1.0).wrong[0])
    row 2: value, float64: got 0.6931471805599452, right is 0.6931471805599453 (1.21 ulp off, 15.7 digits agree) at x = [0.0, 0.0], parameter 1.0
    """
    place = Path(path)
    if not place.exists():
        raise ValueError(f"path={str(path)!r}: there is no such file")
    if ulp is not None and not ulp >= 0:
        raise ValueError(f"ulp={shown(ulp)}: give a number from 0, or leave it out")
    found = load(place) if columns is None and place.is_file() else None
    if found is not None:
        return _ours(place, found, op, ulp, engine, executor, progress)
    claims = foreign.read(place, None if op is None else operator(op), columns, of, dtype, decimals, parameter)
    return _theirs(place, claims, ulp, engine, executor, progress)


# ---- tables of ours --------------------------------------------------------------------------------------------------------


def _ours(path: Path, found: Found, op: Any, ulp: float | None, engine: str, executor: Any, progress: Any) -> Checked:
    op = operator_of(found.header, op)
    rows = list(enumerate(found.rows, 1))
    chunks = [rows[q : q + CHUNK] for q in range(0, len(rows), CHUNK)]
    wrong, refused = _gathered(partial(_checked_rows, op, ulp, engine), chunks, executor, progress, len(rows))
    if found.damage and not wrong:
        raise ValueError(f"{path}: {'; '.join(found.damage[:3])}; its numbers are right")
    return Checked(str(path), str(found.header["operator"]), len(rows), wrong, refused, found.damage)


Verdict = tuple[list[Wrong], list[tuple[int, str]]]


def _gathered(
    work: Callable[[Any], Verdict], chunks: Sequence[Any], executor: Any, progress: Any, total: int
) -> tuple[tuple[Wrong, ...], tuple[tuple[int, str], ...]]:
    wrong: list[Wrong] = []
    refused: list[tuple[int, str]] = []
    done = 0
    for chunk, (bad, open_) in zip(
        chunks, map(work, chunks) if executor is None else executor.map(work, chunks), strict=True
    ):
        wrong += bad
        refused += open_
        done += len(chunk)
        if progress is not None:
            progress(done, total)
    return tuple(sorted(wrong, key=lambda w: w.row)), tuple(sorted(refused))


def _checked_rows(op: Any, ulp: float | None, engine: str, rows: Sequence[tuple[int, Row]]) -> Verdict:
    wrong: list[Wrong] = []
    refused: list[tuple[int, str]] = []
    for place, row in rows:
        for name, claimed in row.outputs.items():
            right = output(op, name, row.x, row.parameter, engine)
            if claimed.refused:
                continue  # it claims nothing
            if right.refused:
                refused.append((place, f"{name}: {right.refused}"))
            else:
                wrong += _differences(place, name, row, claimed, right, ulp)
    return wrong, refused


def _differences(place: int, name: str, row: Row, claimed: Output, right: Output, ulp: float | None) -> Iterator[Wrong]:
    assert claimed.bits is not None and right.bits is not None
    beside: dict[str, Any] = {"dtype": row.dtype, "x": row.x, "parameter": row.parameter}
    if claimed.shape != right.shape:
        said = (f"a result of shape {claimed.shape}", f"one of shape {right.shape}")
        yield Wrong(place, name, 0, "answer", said[0], said[1], None, 0.0, **beside)
        return
    for q, text in enumerate(right.digits):
        entry, truth = (q + 1 if right.shape else 0), near(text)
        if claimed.digits[q] != text:
            agree = _agreeing(*(near(said, text) for said in (claimed.digits[q], text)))
            yield Wrong(place, name, entry, "digits", claimed.digits[q], text, None, agree, **beside)
        for key, fmt in FORMATS.items():
            got, wanted = claimed.bits[key][q], right.bits[key][q]
            if not same(fmt, got, wanted):
                found = _wrong(place, name, entry, fmt, got, wanted, truth, beside, ulp, bits=True)
                yield from [found] if found else []


def _wrong(
    place: int,
    name: str,
    entry: int,
    fmt: Format,
    got: int,
    wanted: int,
    truth: Fraction | float,
    beside: Mapping[str, Any],
    ulp: float | None,
    bits: bool,
) -> Wrong | None:
    """A bit pattern that is not the correctly rounded one; None where its error is allowed."""
    value = number(fmt, got)
    off = ulps(fmt, value, truth)
    if ulp is not None and off <= ulp:
        return None
    texts = [shown_bits(fmt, b) if bits else shortest(float(number(fmt, b)), fmt.name) for b in (got, wanted)]
    return Wrong(place, name, entry, fmt.name, texts[0], texts[1], off, _agreeing(value, truth), **beside)


def ulps(fmt: Format, value: Fraction | float, truth: Fraction | float) -> float:
    """How far a value is off, in units in the last place of the exact one; inf where one of them is no number."""
    if isinstance(value, float) or isinstance(truth, float):
        # What overflows by rounding is off by as much as the largest number and a unit.
        return inf
    return _float(abs(value - truth) / fmt.ulp(truth))


FAR = 20_000
"""Decimal exponents beyond which a number is beyond every format, by far."""


def near(text: str, beside: str = "") -> Fraction | float:
    """The number that a decimal says; of exponents that are far, 0 or an infinity, or as the exponent of another decimal is 0."""
    mantissa, _, exponent = text.lower().partition("e")
    shift = int(beside.lower().partition("e")[2] or 0) if beside else 0
    shift = shift if abs(shift) > FAR else 0
    power = int(exponent or 0) - shift
    if abs(power) <= FAR:
        value = exact(mantissa)
        return value if isinstance(value, float) else value * Fraction(10) ** power
    return Fraction(0) if power < 0 else inf * (-1 if text.startswith("-") else 1)


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf


def _agreeing(value: Fraction | float, truth: Fraction | float) -> float:
    """How many significant digits agree: -log10 of the relative error."""
    if isinstance(value, float) or isinstance(truth, float):
        return 0.0
    if value == truth:
        return inf
    if not truth:
        return 0.0
    error = abs(value - truth) / abs(truth)
    size = log10(error.numerator) - log10(error.denominator)
    return max(0.0, -size)


# ---- tables of anybody's ---------------------------------------------------------------------------------------------------


def _theirs(path: Path, claims: Claims, ulp: float | None, engine: str, executor: Any, progress: Any) -> Checked:
    groups: dict[Any, list[Claim]] = {}
    for claim in claims.rows:
        plain = ordinary(claims.op, claim.x, claim.parameter)
        groups.setdefault((plain, claim.of, claim.dtype, len(claim.x), repr(claim.parameter)), []).append(claim)
    chunks = [group[q : q + BATCH] for group in groups.values() for q in range(0, len(group), BATCH)]
    work = partial(_checked_claims, claims.op, ulp, engine)
    wrong, refused = _gathered(work, chunks, executor, progress, len(claims.rows))
    return Checked(str(path), claims.op.name, claims.count, wrong, refused)


def _checked_claims(op: Any, ulp: float | None, engine: str, claims: Sequence[Claim]) -> Verdict:
    """Claims of one output, format, length and parameter; all of them ordinary rows, or none of them."""
    first, fmt = claims[0], FORMATS[claims[0].dtype]
    wrong: list[Wrong] = []
    refused: list[tuple[int, str]] = []
    known = [] if first.decimals or not ordinary(op, first.x, first.parameter) else _batch(op, fmt, engine, claims)
    for q, claim in enumerate(claims):
        try:
            if why := "" if known else unanswerable(op, claim.of, claim.x, claim.parameter):
                refused.append((claim.row, f"{claim.of}: {why}"))
                continue
            if claim.decimals:
                wrong += _wrong_decimals(op, engine, claim)
                continue
            right = known[q] if known else _bits(op, fmt, engine, claim)
            if len(right) != len(claim.got):
                raise ValueError(f"row {claim.row} has {len(claim.got)} numbers for {claim.of}, which has {len(right)}")
            if all(same(fmt, got, wanted) for got, wanted in zip(claim.got, right, strict=True)):
                continue
            truths = _truths(op, engine, claim, GUARD)
        except Refused as refusal:
            refused.append((claim.row, f"{claim.of}: {refusal.reason}"))
            continue
        for place, (got, wanted) in enumerate(zip(claim.got, right, strict=True)):
            if not same(fmt, got, wanted):
                entry = place + 1 if claim.entries else 0
                beside = {"dtype": claim.dtype, "x": claim.x, "parameter": claim.parameter}
                found = _wrong(claim.row, claim.of, entry, fmt, got, wanted, truths[place], beside, ulp, claim.patterns)
                wrong += [found] if found else []
    return wrong, refused


def _asked(op: Any, engine: str, claim: Claim) -> dict[str, Any]:
    given = {} if claim.parameter is None else {op.parameter.name: claim.parameter}
    return {"of": claim.of, "engine": engine, "budget": None if op.explicit else MOST_BITS, **given}


def _batch(op: Any, fmt: Format, engine: str, claims: Sequence[Claim]) -> list[list[int]]:
    """The right bits of rows at once; none where one of them is refused, so that they are asked for one by one."""
    x = np.array([claim.x for claim in claims])
    try:
        found = reference(op, x, dtype=fmt.name, **_asked(op, engine, claims[0]))
    except Refused:
        return []
    patterns: list[list[int]] = fmt.bits_of(np.asarray(found)).reshape(len(claims), -1).tolist()
    return patterns


def _bits(op: Any, fmt: Format, engine: str, claim: Claim) -> list[int]:
    found = reference(op, list(claim.x), dtype=fmt.name, **_asked(op, engine, claim))
    patterns: list[int] = fmt.bits_of(np.asarray(found).reshape(-1)).tolist()
    return patterns


def _truths(op: Any, engine: str, claim: Claim, digits: int) -> list[Fraction | float]:
    found = np.array(enclose(op, list(claim.x), digits=digits, **_asked(op, engine, claim)), dtype=object)
    return [near(entry.digits(digits)) for entry in found.reshape(-1).tolist()]


def _wrong_decimals(op: Any, engine: str, claim: Claim) -> Iterator[Wrong]:
    """Decimals, each of which is to be correctly rounded to as many digits as it has."""
    most = max([foreign.figures(text) for text in claim.decimals] + [1])
    found = np.array(enclose(op, list(claim.x), digits=most, **_asked(op, engine, claim)), dtype=object).reshape(-1)
    if len(found) != len(claim.decimals):
        raise ValueError(f"row {claim.row} has {len(claim.decimals)} numbers for {claim.of}, which has {len(found)}")
    for place, (text, entry) in enumerate(zip(claim.decimals, found.tolist(), strict=True)):
        right = entry.digits(foreign.figures(text) or 1)
        got, truth = near(text, right), near(right, right)
        if got != truth and not (got != got and truth != truth):
            far = _agreeing(got, near(entry.digits(most), right))
            at = place + 1 if claim.entries else 0
            yield Wrong(
                claim.row, claim.of, at, "digits", text, right, None, far, claim.dtype, claim.x, claim.parameter
            )
