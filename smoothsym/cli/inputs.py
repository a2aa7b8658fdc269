"""What a user writes is taken for exactly what it says: 0.1 is one tenth, 0x1p-3 an eighth, and rows of a file its floats."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from smoothsym.symbolic.numerals import MINUS, exact

_NEGATIVE = re.compile(r"-(?:[0-9.]|inf|oo|nan|[^-].*[\[(])", re.IGNORECASE)
"""The beginning of a negative number, or of an expression with a minus before it."""


def protected(argv: list[str]) -> list[str]:
    """Arguments with the hyphen of each negative number or expression replaced by a minus sign.

    >>> [text.isascii() for text in protected(["-1.5", "-1/3", "-inf", "-x[1]", "--of", "-h"])]
    [False, False, False, False, True, True]
    """
    return [MINUS + text[1:] if _NEGATIVE.match(text) else text for text in argv]


def real(text: str) -> float:
    """The float nearest to the number that a text says, for float code."""
    value = exact(text)
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{text.replace(MINUS, '-')} is beyond float64") from None


def whole(text: str) -> int:
    """The whole number that a text says."""
    value = exact(text)
    if isinstance(value, float) and not value:
        return 0
    if isinstance(value, float) or value.denominator != 1:
        raise ValueError(f"{text.replace(MINUS, '-')!r} is no whole number")
    return value.numerator


def natural(text: str) -> int:
    """The whole number that a text says, which must not be negative."""
    if (value := whole(text)) < 0:
        raise ValueError(f"{value} is negative; give a whole number from 0")
    return value


def positive(text: str) -> int:
    """The positive whole number that a text says."""
    if (value := whole(text)) < 1:
        raise ValueError(f"{value} is not positive; give a whole number from 1")
    return value


def listed(args: Any) -> dict[str, list[Any]]:
    """The vectors beside x that were given, by name. Raises ValueError for one that is no list of numbers."""
    found: dict[str, list[Any]] = {}
    for name in ("weights", "where", "v"):
        if (text := getattr(args, name)) is None:
            continue
        try:
            found[name] = [exact(part.strip()) for part in text.split(",")]
        except ValueError as error:
            raise ValueError(f"--{name} {text.replace(MINUS, '-')}: {error}") from None
    if strange := [value for value in found.get("where", ()) if value not in (0, 1)]:
        raise ValueError(
            f"--where has the entry {strange[0]}; write 1 for an entry that counts and 0 for one that does not"
        )
    return {name: [bool(e) for e in entries] if name == "where" else entries for name, entries in found.items()}


PARAMETERS = ("alpha", "p", "eps")


def parameters(args: Any, op: Any, read: Callable[[str], Any]) -> dict[str, Any]:
    """The parameters that were given, by name. Raises ValueError for one that the operator does not have."""
    own = [q.name for q in op.parameters]
    found = {}
    for name, text in given(args).items():
        if name not in own:
            has = f"the parameter{'s' if len(own) > 1 else ''} {', '.join(map(option, own))}" if own else "no parameter"
            raise ValueError(f"{option(name)}: {op.name} has {has}")
        try:
            found[name] = read(text)
        except ValueError as error:
            raise ValueError(f"{option(name)}: {error}") from None
    return found


def option(name: str) -> str:
    """How a parameter is given."""
    return f"--{name}" if name in PARAMETERS else f"--parameter {name}"


def given(args: Any) -> dict[str, str]:
    """The parameters that were given, by name, as they were written."""
    found = {name: str(text) for name in PARAMETERS if (text := getattr(args, name, None)) is not None}
    for said in getattr(args, "parameter", None) or ():
        name, equals, text = said.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"--parameter {said}: write NAME=VALUE, such as gamma=1/2")
        if name in found:
            raise ValueError(f"{option(name)} is given twice")
        found[name] = text
    return {name: text.replace(MINUS, "-") for name, text in found.items()}


def intervals(said: Sequence[str] | None) -> dict[str, tuple[Any, Any]]:
    """What --range says: between which numbers arguments lie, by name."""
    found = {}
    for text in said or ():
        name, equals, ends = text.replace(MINUS, "-").partition("=")
        low, comma, high = ends.partition(",")
        if not (equals and comma and name.isidentifier()):
            raise ValueError(f"--range {text}: write NAME=LOW,HIGH, such as x=-10,10")
        found[name] = (exact(low.strip()), exact(high.strip()))
    return found


def keywords(said: Sequence[str] | None, op: Any) -> dict[str, Any]:
    """What --with says, by name: whole numbers, floats, true, false, none, the operator's parameters by their names, or words."""
    found: dict[str, Any] = {}
    plain = {"true": True, "false": False, "none": None, **{q.name: q for q in op.parameters}}
    for text in said or ():
        name, equals, value = text.replace(MINUS, "-").partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"--with {text}: write NAME=VALUE, such as dim=-1")
        key = value if value in plain else value.lower()
        found[name] = plain[key] if key in plain else _literal(value)
    return found


def _literal(text: str) -> int | float | str:
    """A number as Python would read it, or the text as it stands."""
    try:
        return whole(text) if re.fullmatch(r"[+-]?[0-9]+", text) else real(text)
    except ValueError:
        return text


def rows(path: str) -> Any:
    """The array of a file: .npy, or .npz with one array in it, or numbers in lines, .csv with commas and .txt with blanks.

    Raises ValueError for a file that is none of these or holds no rows of real numbers, and OSError for one that cannot be read.
    """
    import numpy as np

    file = Path(path)
    if not file.exists():
        raise ValueError(f"data: there is no file {path!r}")
    if not file.is_file():
        raise ValueError(f"data: {path!r} is no file; give one of rows, .npy, .npz, .csv or .txt")
    kind = file.suffix.lower()
    if kind not in (".npy", ".npz", ".csv", ".txt"):
        raise ValueError(f"data: {path!r} ends in {kind!r}; give .npy, .npz, .csv or .txt")
    array = _stored(file) if kind in (".npy", ".npz") else _written(file, "," if kind == ".csv" else None)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"data: {path!r} holds {array.dtype}, and no real numbers")
    if array.ndim not in (1, 2) or not array.size:
        raise ValueError(
            f"data: {path!r} has shape {array.shape}; give rows, a 2-D array that is not empty, or one row"
        )
    return np.atleast_2d(array)


def _stored(file: Path) -> Any:
    import numpy as np

    try:
        found = np.load(file, allow_pickle=False)
        if file.suffix.lower() == ".npy":
            return found
        with found:
            if len(found.files) != 1:
                raise ValueError(
                    f"it holds {len(found.files)} arrays, {', '.join(found.files)}; save the one to use as .npy"
                )
            return found[found.files[0]]
    except OSError:
        raise
    except Exception as error:  # a broken file may make NumPy raise anything
        reason = str(error)
        if "pickle" in reason or not reason:
            reason = "it is no array of numbers"
        raise ValueError(f"data: {str(file)!r} cannot be read: {reason}") from None


def _written(file: Path, delimiter: str | None) -> Any:
    import warnings

    import numpy as np

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an empty file, which the caller refuses
            return np.loadtxt(file, delimiter=delimiter, ndmin=2)
    except ValueError as error:
        reason = str(error).split(";")[0].rstrip(".")
        raise ValueError(f"data: {str(file)!r} cannot be read as numbers: {reason}") from None
