"""Tables: every row is certified, the same bytes on every machine, and whatever is damaged is an error that names the row."""

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from math import isfinite

import mpmath
import numpy as np
import pytest

import smoothsym as ss
from smoothsym.formats import FORMATS
from smoothsym.symbolic.writing import Unwritten, written
from smoothsym.tables import lines
from smoothsym.tables.files import written as written_whole

SMALL = ss.table(ss.logsumexp, budget=60)


@pytest.fixture
def path(tmp_path):
    return SMALL.save(tmp_path / "lse.jsonl")


def changed(path, row, old, new, sums=True):
    """The file with a text in the line of a row changed (0: the header), and unless `sums` says no, with sums that fit."""
    parts = path.read_text().split("\n")
    assert re.search(old, parts[row])
    parts[row] = re.sub(old, new, parts[row], count=1)
    if sums and row:
        body = parts[row][: parts[row].index(',"sum":')]
        parts[row] = f'{body},"sum":"{hashlib.sha256((body + "}").encode()).hexdigest()[:8]}"}}'
        total = hashlib.sha256("".join(f"{line}\n" for line in parts[1:-1]).encode()).hexdigest()
        parts[0] = re.sub(r'"checksum":"[0-9a-f]*"', f'"checksum":"{total}"', parts[0])
    path.write_text("\n".join(parts))
    return path


# ---- what is in a table ----------------------------------------------------------------------------------------------------


def plain_logsumexp(x, alpha):
    with mpmath.workdps(4000):
        terms = [mpmath.exp(mpmath.mpf(alpha) * mpmath.mpf(v)) for v in x]
        return mpmath.log(mpmath.fsum(terms)) / mpmath.mpf(alpha), [t / mpmath.fsum(terms) for t in terms]


def test_values_and_gradients_are_those_of_plain_mpmath():
    seen = 0
    for row in SMALL.rows:
        sizes = [abs(v * row.parameter) for v in row.x]
        if not row.x or not all(map(isfinite, [*row.x, row.parameter])) or not row.parameter or max(sizes) > 1000:
            continue
        value, gradient = plain_logsumexp(row.x, row.parameter)
        seen += 1
        for text, exact in zip((*row.value.digits, *row.gradient.digits), (value, *gradient), strict=True):
            with mpmath.workdps(80):
                # Half a unit of the 40th digit, of what may be a power of ten.
                assert abs(mpmath.mpf(text) - exact) <= abs(exact) * mpmath.mpf(10) ** -39 / 2, row
                assert len(text.lstrip("-0.").partition("e")[0].replace(".", "")) in (0, 40)
        for name, fmt in FORMATS.items():
            assert row.value.bits[name] == (fmt.round(value._mpf_),), row
    assert seen > 20


def test_inputs_are_numbers_of_their_format_and_rows_say_why_they_are_there():
    assert len(SMALL) == 60 and {row.dtype for row in SMALL.rows} == set(FORMATS)
    assert len({row.key for row in SMALL.rows}) == 60
    for row in SMALL.rows:
        x = np.array(row.x)
        with np.errstate(all="ignore"):
            assert np.array_equal(x.astype(FORMATS[row.dtype].dtype).astype(float), x, equal_nan=True)
        assert row.tags
    tags = {tag for row in SMALL.rows for tag in row.tags}
    assert {"special", "ties", "between edges"} <= tags


def test_special_rows_have_their_note_or_the_reason_why_there_is_no_answer():
    table = ss.table(ss.pnorm, dtype="float64", budget=75)
    notes = {found.note for row in table.rows for found in row.outputs.values() if not found.refused}
    reasons = {found.refused for row in table.rows for found in row.outputs.values() if found.refused}
    assert notes == {"", "limit", "convention"}
    assert "the slope at a kink is a convention" in reasons
    assert all(not found.digits for row in table.rows for found in row.outputs.values() if found.refused)


def test_a_value_beyond_every_exponent_has_its_digits():
    table = ss.table(ss.logsumexp, of="gradient", data=[[0.0, -1e9]], alpha=1.0)
    digits = table.rows[0].gradient.digits[1]
    with mpmath.workdps(60):
        assert digits == mpmath.nstr(mpmath.exp(-(10**9)), 40, strip_zeros=False)
    assert digits.endswith("e-434294482")


@pytest.mark.parametrize("op", list(ss.operators.values()), ids=list(ss.operators))
def test_the_header_has_the_formula_as_text_that_is_read_back(op):
    from smoothsym.operator import defined

    try:
        text = written(op.definition)
    except Unwritten:
        assert not op.explicit
        return
    again = defined(text, op.domain)
    assert defined(written(again.definition)).definition == again.definition
    x = [0.5, 1.25][: op.arity or 2]
    ends = [np.array(ss.enclose(one, x, digits=30), dtype=object).reshape(-1)[0] for one in (again, op)]
    assert ends[0].digits(30) == ends[1].digits(30)


def test_matrices_lie_by_rows_and_other_outputs_are_asked_for_by_name(tmp_path):
    table = ss.table(ss.softmax, of=("value", "gradient"), data=[[0.0, 1.0]], alpha=1.0)
    assert table.rows[0].gradient.shape == (2, 2)
    path = table.save(tmp_path / "softmax.jsonl")
    assert len(json.loads(path.read_text().split("\n")[1])["gradient"]["float64"][0]) == 2
    assert ss.read_table(path).rows == table.rows
    other = ss.table(ss.powermean, of=("p", "hessian"), dtype=["float32"], n=2, budget=10, p=3.0)
    assert other.header["outputs"] == ["p", "hessian"] and other.rows[0].outputs["hessian"].shape == (2, 2)


def test_an_operator_of_several_parameters_says_what_the_others_are(tmp_path):
    table = ss.table(ss.entmax, data=[[0.0, 1.0, 0.5]], q=1.5, gamma=Fraction(1, 3))
    assert table.header["fixed"] == {"gamma": "1/3"} and table.header["formula"] is None
    assert ss.check_table(table.save(tmp_path / "entmax.jsonl")).holds


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"of": "jvp"}, "takes a vector beside x"),
        ({"of": ("value", "value")}, "name each output once"),
        ({"of": "slope"}, "of='slope' is not known"),
        ({"budget": 2}, "a row for each of 4 formats"),
        ({"dtype": "float8"}, "dtype='float8' is not known"),
        ({"engine": "mpfr"}, "engine='mpfr' is not known"),
        ({"data": [[0.1, 0.2]], "dtype": "float32"}, "data is not exact in float32"),
        ({"data": [[1.0]], "dtype": ["float32", "float64"]}, "rows of data have one dtype"),
        ({"alpha": Fraction(1, 3)}, "is no float64"),
    ],
)
def test_bad_arguments_are_named(given, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        ss.table(ss.logsumexp, **given)


def test_an_unknown_argument_suggests_the_nearest():
    with pytest.raises(TypeError, match="did you mean 'dtype'"):
        ss.table(ss.logsumexp, dtyp="float32")


# ---- the same bytes everywhere ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lehmer", pytest.param("boltzmann", marks=pytest.mark.long)])
def test_lines_are_the_same_bytes_whatever_the_processor_has(name):
    code = f"import smoothsym as ss; print(ss.table(ss.{name}, of='value', budget=30).header['checksum'])"
    umath = np._core._multiarray_umath
    without = " ".join(name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name))
    env = {**os.environ, "NPY_DISABLE_CPU_FEATURES": without}
    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert told.strip() == ss.table(ss.operators[name], of="value", budget=30).header["checksum"]


def test_lines_depend_on_the_seed_and_on_nothing_else():
    first, again, other = (ss.table(ss.smu, budget=20, seed=seed).header for seed in (0, 0, 1))
    assert first == again and other["checksum"] != first["checksum"]


def test_processes_share_the_work_to_the_same_bytes():
    from smoothsym.auditing.sharing.workers import workers

    moved = []
    with workers(2) as pool:
        table = ss.table(ss.logsumexp, budget=60, executor=pool, progress=lambda *q: moved.append(q))
    assert table.header == SMALL.header
    assert moved[-1] == (60, 60)


def test_both_engines_make_the_same_lines():
    pytest.importorskip("flint")
    other = ss.table(ss.logsumexp, budget=60, engine="arb")
    assert other.header["checksum"] == SMALL.header["checksum"] and other.header["engine"] == "arb"


# ---- reading ---------------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back(path):
    found = ss.read_table(path)
    assert found.header == SMALL.header
    assert list(lines.lines(found.rows)) == list(lines.lines(SMALL.rows))


@pytest.mark.parametrize(
    ("row", "old", "new", "sums", "message"),
    [
        (7, '"float64":"0x', '"float64":"0X', False, "row 7"),
        (7, '"tags":\\["', '"tags":["very ', False, "row 7 \\(line 8\\) is not what it was written as"),
        (7, '"tags":\\["', '"tags":["very ', True, None),
        (9, '"row":9', '"row":9,"row":9', True, "row 9\\): the key 'row' is there twice"),
        (9, '"row":9', '"row":8', True, "row 9 belongs here"),
        (5, '"x":\\[', '"x":[NaN,', True, "row 5\\): NaN is no number of JSON"),
        (5, '"dtype":"float16"', '"dtype":"float61"', True, "row 5\\): dtype='float61' is not known"),
        (5, '"x":\\["', '"x":["0x1.fffp+0","', True, "row 5\\): x and x_bits are no lists of one length"),
        (5, '"x":\\["[^"]*"', '"x":["0x1.ffffp+0"', True, "row 5\\): x has 0x1.ffffp\\+0, which no float16 equals"),
        (5, '"x":\\["[^"]*"', '"x":["0x1p+2"', True, "row 5\\): x has 0x1p\\+2 beside the bits"),
        (5, '"x":\\["[^"]*"', '"x":["1,5"', True, "row 5\\): x has '1,5', which is no hex float"),
        (5, '"parameter_bits":"0x..', '"parameter_bits":"0x', True, "row 5\\): parameter has"),
        (5, '"digits":"', '"digits":"x', True, "row 5\\): value has"),
        (5, '"tags"', '"tag"', True, "row 5\\): it has a strange key 'tag'"),
        (5, '"bfloat16":"[^"]*",', "", True, "row 5\\): value has no key 'bfloat16'"),
        (6, "^.", "", False, "row 6\\): it is no JSON"),
        (6, "^.*$", "17", False, "row 6\\): it is a int, and no object"),
        (6, "^.*$", "", False, "row 6\\)"),
        (0, '"version":1', '"version":2', False, "version=2 of the schema is not known"),
        (0, '"schema":"smoothsym-table"', '"schema":"smoothsym-table-x"', False, "no table"),
        (0, '"rows":60', '"rows":61', False, "60 rows, and the header says 61"),
        (0, '"formula":', '"formulas":', False, "it has no 'formula'"),
        (0, '"checksum":"..', '"checksum":"zz', False, "the checksum of the header is that of other rows"),
    ],
)
def test_what_is_damaged_is_an_error_that_names_the_row(path, row, old, new, sums, message):
    changed(path, row, old, new, sums)
    if message is None:
        assert ss.read_table(path).rows[6].tags[0].startswith("very ")
        return
    with pytest.raises(ValueError, match=message):
        ss.read_table(path)


def test_a_torn_last_line_is_named(path):
    text = path.read_text()
    path.write_text(text[:-40])
    with pytest.raises(ValueError, match=r"line 61 \(row 60\): the last line is torn off"):
        ss.read_table(path)


def test_a_row_that_is_missing_or_twice_is_named(path):
    parts = path.read_text().split("\n")
    path.write_text("\n".join(parts[:5] + parts[6:]))
    with pytest.raises(ValueError, match="row 5 belongs here; rows are missing"):
        ss.read_table(path)
    twice = ss.ReferenceTable({**SMALL.header, "rows": 2}, (SMALL.rows[3], SMALL.rows[3]))
    with pytest.raises(ValueError, match=r"row 2\): it has the same inputs as row 1"):
        ss.read_table(twice.save(path))


def test_bytes_that_are_no_text_are_named(path):
    raw = bytearray(path.read_bytes())
    place = len(b"\n".join(bytes(raw).split(b"\n")[:4])) + 20
    raw[place] = 0xFF
    path.write_bytes(bytes(raw))
    with pytest.raises(ValueError, match=r"line 5 \(row 4\): it is no text"):
        ss.read_table(path)


def test_every_bit_that_flips_in_a_file_is_noticed(path):
    """None may pass: not in a number, not in a tag, not in the header."""
    raw = path.read_bytes()
    header = raw.index(b"\n")
    rng = np.random.default_rng(0)
    for place in rng.integers(header + 1, len(raw), 60).tolist():
        broken = bytearray(raw)
        broken[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(broken))
        with pytest.raises(ValueError):
            ss.read_table(path)


def test_a_file_is_written_whole_or_not_at_all(path, tmp_path):
    before = path.read_bytes()

    def torn(place):
        place.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written_whole(path, torn)
    bad = replace(SMALL.rows[0], tags=(float("nan"),))
    with pytest.raises(ValueError):
        ss.ReferenceTable(SMALL.header, (*SMALL.rows[:9], bad)).save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["lse.jsonl"]
