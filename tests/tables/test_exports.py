"""Each export is read back by its own kind of reader, and says what the table says; what is changed in one is found when it is recertified."""

import hashlib
import os
import shutil
import subprocess
from functools import cache
from importlib import import_module

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.formats import FORMATS
from smoothsym.tables import lines


def needed(name):
    """A module of the extra "export"; SMOOTHSYM_LIBRARIES=required makes its absence a failure."""
    if os.environ.get("SMOOTHSYM_LIBRARIES") == "required":
        return import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed: pip install -e '.[export]'")


@cache
def shared():
    """One that the tests share: whoever only collects them computes none."""
    return ss.table(ss.logsumexp, budget=60)


@cache
def alone():
    return ss.table(ss.softplus, alpha=1.0, dtype=["float16", "float32", "float64"], budget=60)


def number(name, bits):
    return float(FORMATS[name].to_array(np.array(bits)))


# ---- npz -------------------------------------------------------------------------------------------------------------------


def test_npz_is_read_by_numpy_without_objects(tmp_path):
    path = shared().to_npz(tmp_path / "t.npz")
    with np.load(path, allow_pickle=False) as data:
        assert all(data[name].dtype.kind in "fiuU" for name in data.files)
        for q, row in enumerate(shared().rows):
            x = data["x"][data["x_offsets"][q] : data["x_offsets"][q + 1]]
            assert [v.hex() for v in x.tolist()] == [v.hex() for v in row.x]
            part = slice(*data["gradient_offsets"][q : q + 2].tolist())
            assert tuple(data["gradient_float32"][part].tolist()) == row.gradient.bits["float32"]
            assert tuple(data["gradient_digits"][part].tolist()) == row.gradient.digits
            assert data["tags"][q] == ";".join(row.tags)
        assert data["value_float64"].view(np.float64)[-1] == number(
            "float64", shared().rows[-1].value.bits["float64"][0]
        )
    found = ss.read_table(path)
    assert list(lines.lines(found.rows)) == list(lines.lines(shared().rows)) and found.header == shared().header
    assert ss.check_table(path).holds


def test_npz_with_a_wrong_bit_is_found(tmp_path):
    with np.load(shared().to_npz(tmp_path / "t.npz")) as data:
        arrays = dict(data)
    arrays["value_float64"][30] ^= 1
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(ValueError, match="checksum"):
        ss.read_table(tmp_path / "t.npz")
    found = ss.check_table(tmp_path / "t.npz")
    assert len(found.wrong) == 1 and found.damage
    arrays["x_offsets"] = arrays["x_offsets"][:-1]
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(ValueError, match="do not fit together"):
        ss.read_table(tmp_path / "t.npz")


# ---- CSV -------------------------------------------------------------------------------------------------------------------


def read_as_numpy_does(path):
    """The steps of numpy/_core/tests/test_umath_accuracy.py, by its own function for bit patterns."""
    accuracy = pytest.importorskip("numpy._core.tests.test_umath_accuracy")
    with open(path) as file:
        kept = (line for line in file if line[0] not in ("$", "#"))
        names, kinds = ("type", "input", "output", "ulperr"), ("|S39", "|S39", "|S39", int)
        data = np.genfromtxt(kept, dtype=kinds, names=names, delimiter=",", skip_header=1)
    for kind in np.unique(data["type"]):
        part = data[data["type"] == kind]
        given, wanted = (
            np.array(
                accuracy.str_to_float(part[name].astype(str), part["type"].astype(str)),
                dtype=getattr(np, kind.decode().removeprefix("np.")),
            )
            for name in ("input", "output")
        )
        yield kind.decode(), given, wanted, part["ulperr"].max()


def test_csv_is_read_and_held_to_as_numpys_own_validation_sets_are(tmp_path):
    path = alone().to_csv(tmp_path / "umath-validation-set-softplus.csv")
    seen = 0
    for kind, given, wanted, tolerance in read_as_numpy_does(path):
        rows = [row for row in alone().rows if f"np.{row.dtype}" == kind and not row.value.refused]
        assert np.array_equal(given, [row.x[0] for row in rows], equal_nan=True)
        exact = [number(row.dtype, row.value.bits[row.dtype][0]) for row in rows]
        assert np.array_equal(wanted, exact, equal_nan=True)
        with np.errstate(all="ignore"):
            np.testing.assert_array_max_ulp(np.logaddexp(given.dtype.type(0), given), wanted, 2 * tolerance)
        seen += len(rows)
    assert seen > 25
    left_out = [line for line in path.read_text().split("\n") if line.startswith("# ")]
    assert any("20 rows of float16" in line for line in left_out)
    assert ss.check_table(path).holds


def test_csv_of_rows_has_columns_for_entries_and_the_parameter(tmp_path):
    path = shared().to_csv(tmp_path / "t.csv", of="gradient")
    head = next(line for line in path.read_text().split("\n") if not line.startswith("#"))
    assert head.startswith("dtype,alpha,input0,input1,") and head.endswith(",ulperrortol")
    found = ss.check_table(path)
    assert found.holds and found.rows == sum(row.dtype != "bfloat16" for row in shared().rows)
    text = path.read_text().split("\n")
    place = next(
        q
        for q, line in enumerate(text)
        if line.startswith("np.float32,0x1.0000000000000p+0,") and not line.count(",0x7")
    )
    cells = text[place].split(",")
    at = head.split(",").index("output0")
    text[place] = ",".join([*cells[:at], f"0x{int(cells[at], 16) ^ 1:08x}", *cells[at + 1 :]])
    path.write_text("\n".join(text))
    (wrong,) = ss.check_table(path).wrong
    assert (wrong.of, wrong.what) == ("gradient", "float32") and f"0x{int(wrong.got, 16) ^ 1:08x}" == wrong.right
    with pytest.raises(ValueError, match="of='hessian' is not known"):
        shared().to_csv(path, of="hessian")


# ---- C ---------------------------------------------------------------------------------------------------------------------

PROGRAM = r"""
#include <stdio.h>
#include "logsumexp.h"
int main(void) {
    size_t q, i;
    for (q = 0; q < (size_t)logsumexp_count; q++) {
        const logsumexp_row *row = &logsumexp_rows[q];
        printf("%s %g", row->dtype, smoothsym_float64(row->parameter));
        for (i = 0; i < row->n; i++) printf(" %a", smoothsym_float64(row->x[i]));
        for (i = 0; i < row->gradient.length; i++)
            printf(" %a %.9g %s", smoothsym_float64(row->gradient.float64[i]), (double)smoothsym_float32(row->gradient.float32[i]), row->gradient.digits[i]);
        printf(" %x %x %s|%s\n", (unsigned)row->value.float16[0], (unsigned)row->value.bfloat16[0], row->value.refused, row->tags);
    }
    return 0;
}
"""


@pytest.mark.parametrize(("compiler", "suffix", "standard"), [("gcc", "c", "c99"), ("g++", "cpp", "c++11")])
def test_the_header_is_compiled_and_run(tmp_path, compiler, suffix, standard):
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    shared().to_header(tmp_path / "logsumexp.h")
    (tmp_path / f"main.{suffix}").write_text(PROGRAM)
    strict = [f"-std={standard}", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    subprocess.run([compiler, *strict, f"main.{suffix}", "-o", "main"], cwd=tmp_path, check=True)
    told = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(told) == len(shared().rows)
    for line, row in zip(told, shared().rows, strict=True):
        cells, _, tags = line.partition("|")
        words = cells.split(" ")
        assert words[0] == row.dtype and tags == ", ".join(row.tags)
        numbers = [float.fromhex(w) for w in words[2 : 2 + len(row.x)]]
        assert np.array_equal(numbers, row.x, equal_nan=True)
        rest = words[2 + len(row.x) :]
        for q, text in enumerate(row.gradient.digits):
            wide, single, digits = rest[3 * q : 3 * q + 3]
            exact = [number(name, row.gradient.bits[name][q]) for name in ("float64", "float32")]
            assert np.array_equal([float.fromhex(wide), float(np.float32(single))], exact, equal_nan=True)
            assert digits == text
        assert [int(w, 16) for w in rest[-3:-1]] == [row.value.bits[name][0] for name in ("float16", "bfloat16")]


def test_every_operator_of_the_catalogue_makes_a_header_and_a_name_that_is_none_is_refused(tmp_path):
    odd = ss.SmoothMax("my own", ss.logsumexp.definition)
    with pytest.raises(ValueError, match="is no name in C"):
        ss.table(odd, data=[[1.0]]).to_header(tmp_path / "odd.h")


# ---- Parquet ---------------------------------------------------------------------------------------------------------------


def test_parquet_is_laid_out_as_xsref_lays_out_its_tables(tmp_path):
    parquet = needed("pyarrow.parquet")
    paths = shared().to_parquet(tmp_path)
    assert {path.parent.name for path in paths} == {"logsumexp", "logsumexp_gradient"}
    rows = 0
    for inputs in (path for path in paths if path.name.startswith("In_")):
        kinds, _, outs = inputs.stem.removeprefix("In_").partition("-")
        other = inputs.with_name(inputs.name.replace("In_", "Out_"))
        err = inputs.with_name(f"Err_{inputs.stem.removeprefix('In_')}_other.parquet")
        said = [parquet.read_schema(path).metadata for path in (inputs, other, err)]
        assert all(s[b"in"].decode() == kinds.replace("_", "") for s in said)
        assert all(s[b"out"].decode() == outs.replace("_", "") for s in said)
        assert all(s[b"function"].decode() == inputs.parent.name for s in said)
        assert said[1][b"input_checksum"].decode() == hashlib.sha256(inputs.read_bytes()).hexdigest()
        assert said[2][b"output_checksum"].decode() == hashlib.sha256(other.read_bytes()).hexdigest()
        given, found, off = (parquet.ParquetFile(path).read() for path in (inputs, other, err))
        assert given.column_names == [f"in{q}" for q in range(len(kinds.split("_")))]
        assert found.column_names == [*(f"out{q}" for q in range(len(outs.split("_")))), "fallback"]
        assert off.column_names == [f"err{q}" for q in range(len(outs.split("_")))]
        width = {"f": "float", "d": "double"}
        assert [str(t) for t in given.schema.types] == [width[k] for k in kinds.split("_")]
        assert not any(found["fallback"].to_pylist())
        assert max(v for v in off["err0"].to_pylist() if v == v) < (1e-4 if "f" in kinds else 1e-12)
        rows += given.num_rows if inputs.parent.name == "logsumexp" else 0
        for path in (inputs, other):
            assert ss.check_table(path).holds
    assert rows == sum(bool(row.x) for row in shared().rows)


def test_parquet_with_a_wrong_number_is_found(tmp_path):
    pyarrow = needed("pyarrow")
    parquet = needed("pyarrow.parquet")
    paths = shared().to_parquet(tmp_path, err=False)
    path = next(p for p in paths if p.name == "Out_d_d_d-d.parquet")
    table = parquet.ParquetFile(path).read()
    values = np.array(table["out0"]).copy()
    place = int(np.flatnonzero(np.isfinite(values) & (values != 0))[0])
    values[place] = np.nextafter(values[place], np.inf)
    parquet.write_table(table.set_column(0, "out0", pyarrow.array(values)), path)
    (wrong,) = ss.check_table(path).wrong
    assert wrong.row == place + 1
    given = path.with_name(path.name.replace("Out_", "In_"))
    parquet.write_table(parquet.ParquetFile(given).read().slice(1), given)
    with pytest.raises(ValueError, match="input_checksum"):
        ss.check_table(path)
    given.unlink()
    with pytest.raises(ValueError, match=r"there is no In_d_d_d-d\.parquet"):
        ss.check_table(path)


def test_parquet_of_anybody_is_read_with_a_mapping(tmp_path):
    pyarrow = needed("pyarrow")
    parquet = needed("pyarrow.parquet")
    x = np.random.default_rng(0).normal(size=(50, 3))
    value = ss.reference(ss.mellowmax, x, alpha=0.5)
    columns = {"row": pyarrow.array(x.tolist()), "out": pyarrow.array(value), "a": pyarrow.array([0.5] * 50)}
    parquet.write_table(pyarrow.table(columns), tmp_path / "mine.parquet")
    named = {"x": "row", "value": "out", "alpha": "a"}
    assert ss.check_table(tmp_path / "mine.parquet", ss.mellowmax, columns=named).holds
    columns["out"] = pyarrow.array(np.r_[value[:-1], value[-1] * (1 + 1e-15)])
    parquet.write_table(pyarrow.table(columns), tmp_path / "mine.parquet")
    (wrong,) = ss.check_table(tmp_path / "mine.parquet", ss.mellowmax, columns=named).wrong
    assert wrong.row == 50
    (tmp_path / "torn.parquet").write_bytes((tmp_path / "mine.parquet").read_bytes()[:200])
    with pytest.raises(ValueError, match="cannot be read as Parquet"):
        ss.check_table(tmp_path / "torn.parquet", ss.mellowmax, columns=named)
