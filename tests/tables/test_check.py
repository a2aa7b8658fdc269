"""Recertifying finds every claim that is wrong, in tables of ours and of anybody's, and says what is right; what cannot be read names its row."""

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.tables import lines

X = np.random.default_rng(0).normal(size=(12, 3))
RIGHT = ss.reference(ss.logsumexp, X, alpha=1.0)


@cache
def small():
    """A table that the tests share: whoever only collects them computes none."""
    return ss.table(ss.boltzmann, budget=40)


def forged(path, place, name, **changes):
    """The table with one output changed, and sums that fit."""
    row = small().rows[place]
    rows = list(small().rows)
    rows[place] = replace(row, outputs={**row.outputs, name: replace(row.outputs[name], **changes)})
    return ss.ReferenceTable({**small().header, "checksum": lines.checksum(rows)}, tuple(rows)).save(path)


def ordinary(name):
    return next(q for q, row in enumerate(small().rows) if len(row.x) > 1 and not row.outputs[name].note)


def csv(tmp_path, text, name="mine.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def written_rows(tmp_path, values, head="x1,x2,x3,value", shown=repr):
    rows = [",".join(map(shown, map(float, (*x, v)))) for x, v in zip(X, values, strict=True)]
    return csv(tmp_path, "\n".join([head, *rows, ""]))


# ---- ours ------------------------------------------------------------------------------------------------------------------


def test_a_right_table_holds(tmp_path):
    found = ss.check_table(small().save(tmp_path / "b.jsonl"))
    assert found.holds and found.rows == 40 and found.to_dict()["holds"]


@pytest.mark.parametrize("name", ["value", "gradient"])
@pytest.mark.parametrize("key", ["float16", "bfloat16", "float32", "float64"])
def test_one_wrong_bit_is_found_in_every_format(tmp_path, name, key):
    place = ordinary(name)
    bits = small().rows[place].outputs[name].bits
    wrong = {**bits, key: (*bits[key][:-1], bits[key][-1] ^ 1)}
    (found,) = ss.check_table(forged(tmp_path / "b.jsonl", place, name, bits=wrong)).wrong
    assert (found.row, found.of, found.what) == (place + 1, name, key)
    assert int(found.got, 16) ^ int(found.right, 16) == 1 and 0.5 <= found.ulp <= 1.5
    assert found.x == small().rows[place].x and f"row {place + 1}: {name}" in str(found)


def test_one_wrong_digit_is_found(tmp_path):
    place = ordinary("value")
    right = small().rows[place].value.digits[0]
    digit = right.partition("e")[0][-1]
    wrong = right.replace(digit, str((int(digit) + 1) % 10)) if right.count(digit) == 1 else None
    mantissa, e, exponent = right.partition("e")
    wrong = f"{mantissa[:-1]}{(int(digit) + 1) % 10}{e}{exponent}"
    (found,) = ss.check_table(forged(tmp_path / "b.jsonl", place, "value", digits=(wrong,))).wrong
    assert (found.row, found.what, found.got, found.right) == (place + 1, "digits", wrong, right)
    assert 37 < found.digits < 41


def test_an_answer_where_there_is_none_is_not_certified(tmp_path):
    table = ss.table(ss.pnorm, of="gradient", data=[[0.0, 1.0], [1.0, 2.0]], p=1.0)
    assert table.rows[0].gradient.refused
    rows = (replace(table.rows[0], outputs={"gradient": table.rows[1].gradient}), table.rows[1])
    path = ss.ReferenceTable({**table.header, "checksum": lines.checksum(rows)}, rows).save(tmp_path / "p.jsonl")
    found = ss.check_table(path)
    assert not found.holds and found.refused[0][0] == 1 and "kink" in found.refused[0][1]


def test_a_flipped_bit_is_named_though_the_sums_do_not_fit(tmp_path):
    path = small().save(tmp_path / "b.jsonl")
    place = ordinary("value")
    (bits,) = small().rows[place].value.bits["float64"]
    text = path.read_text().split("\n")
    text[place + 1] = text[place + 1].replace(f'"float64":"0x{bits:016x}', f'"float64":"0x{bits ^ 1:016x}', 1)
    path.write_text("\n".join(text))
    found = ss.check_table(path)
    assert {wrong.row for wrong in found.wrong} == {place + 1}
    assert f"row {place + 1} (line {place + 2})" in found.damage[0]


def test_damage_to_what_is_no_number_is_an_error(tmp_path):
    path = small().save(tmp_path / "b.jsonl")
    path.write_text(path.read_text().replace('"tags":["', '"tags":["un', 1))
    with pytest.raises(ValueError, match=r"row 1 \(line 2\) is not what it was written as: .* its numbers are right"):
        ss.check_table(path)


def test_one_wrong_bit_in_ten_thousand_rows_is_found(tmp_path):
    x = np.random.default_rng(0).normal(size=(10_000, 4)).astype(np.float32)
    value = ss.reference(ss.logsumexp, x, alpha=2.0, dtype="float32")
    bits = value.view(np.uint32)
    bits[7331] ^= 1
    np.savez(tmp_path / "many.npz", x=x, value=value)
    (found,) = ss.check_table(tmp_path / "many.npz", ss.logsumexp, alpha=2.0).wrong
    assert (found.row, found.dtype) == (7332, "float32")
    np.savez(tmp_path / "bits.npz", x=x.view(np.uint32), value=bits)
    (found,) = ss.check_table(tmp_path / "bits.npz", ss.logsumexp, dtype="float32", alpha=2.0).wrong
    assert (found.row, found.got) == (7332, f"0x{bits[7331]:08x}")


def test_a_table_of_another_operator_is_found_out(tmp_path):
    path = small().save(tmp_path / "b.jsonl")
    assert not ss.check_table(path, ss.mellowmax).holds
    with pytest.raises(ValueError, match="the table has the parameter alpha, and pnorm has p"):
        ss.check_table(path, ss.pnorm)


def test_a_users_operator_comes_with_its_formula(tmp_path):
    from sympy import Sum, log

    op = ss.SmoothMax("mine", log(1 + Sum(ss.x[ss.j] ** 2, (ss.j, 1, ss.n))))
    path = ss.table(op, data=[[1.0, 2.0], [0.5, 0.25]]).save(tmp_path / "mine.jsonl")
    assert ss.check_table(path).holds
    head, rest = path.read_text().split("\n", 1)
    path.write_text(json.dumps({**json.loads(head), "formula": "__import__('os').getpid()"}) + "\n" + rest)
    with pytest.raises(ValueError, match="expression, character 1"):
        ss.check_table(path)


# ---- anybody's -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shown", [repr, float.hex, "{:.17g}".format, lambda v: f"0x{np.float64(v).view(np.uint64):016x}"]
)
def test_a_csv_is_read_for_what_it_says(tmp_path, shown):
    values = RIGHT.copy()
    assert ss.check_table(written_rows(tmp_path, values, shown=shown), ss.logsumexp, alpha=1.0).holds
    values[4] = np.nextafter(values[4], np.inf)
    (found,) = ss.check_table(written_rows(tmp_path, values, shown=shown), "logsumexp", alpha=1.0).wrong
    assert found.row == 5 and found.what == "float64" and found.ulp < 2
    assert ss.check_table(written_rows(tmp_path, values, shown=shown), ss.logsumexp, ulp=2, alpha=1.0).holds
    values[7] += 1e-9
    (found,) = ss.check_table(written_rows(tmp_path, values, shown=shown), ss.logsumexp, ulp=2, alpha=1.0).wrong
    assert found.row == 8 and 8 < found.digits < 10


def test_columns_of_any_name_are_mapped(tmp_path):
    path = written_rows(tmp_path, RIGHT, "one,two,three,lse")
    named = {"x1": "one", "x2": "two", "x3": "three", "value": "lse"}
    assert ss.check_table(path, ss.logsumexp, columns=named, alpha=1.0).holds
    swapped = {"x": "t*", "value": "lse"}
    assert len(ss.check_table(path, ss.logsumexp, columns=swapped, alpha=1.0).wrong) == 12
    with pytest.raises(ValueError, match=r"say which is x"):
        ss.check_table(path, ss.logsumexp, alpha=1.0)
    with pytest.raises(ValueError, match=r"columns: value='lsee' is no column of .* it has one, two, three, lse"):
        ss.check_table(path, ss.logsumexp, columns={"x": "one", "value": "lsee"}, alpha=1.0)


def test_a_parameter_may_be_a_column_and_rows_of_many_lengths(tmp_path):
    rows = [{"x": x[: q % 3 + 1].tolist(), "alpha": 2.0 ** (q % 4 - 2)} for q, x in enumerate(X)]
    for row in rows:
        row["gradient"] = ss.reference(ss.boltzmann, row["x"], of="gradient", alpha=row["alpha"]).tolist()
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert ss.check_table(path, ss.boltzmann, of="gradient").holds
    rows[5]["gradient"][1] *= 1 + 1e-12
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (found,) = ss.check_table(path, ss.boltzmann, columns={"x": "x", "gradient": "gradient", "alpha": "alpha"}).wrong
    assert (found.row, found.of, found.entry) == (6, "gradient", 2)


def test_numbers_are_never_rounded_on_the_way(tmp_path):
    """A decimal is what a float prints as, or exactly a float; 0.1 + 2^-80 is neither."""
    text = "x1,value\n0.1000000000000000055511151231257827021181583404541015625,0.1\n"
    assert ss.check_table(csv(tmp_path, text), ss.logsumexp, alpha=1.0).holds
    near = Fraction(1, 10) + Fraction(1, 2**80)
    digits = str(near.numerator * 10**80 // near.denominator).zfill(80)
    with pytest.raises(ValueError, match=r"row 1 \(line 2\): x has 0\.1\d*, which no float64 equals or prints as"):
        ss.check_table(csv(tmp_path, f"x1,value\n0.{digits},0.1\n"), ss.logsumexp, alpha=1.0)
    path = tmp_path / "n.jsonl"
    path.write_text(f'{{"x":[0.{digits}],"value":0.1}}\n')
    with pytest.raises(ValueError, match=r"row 1 .*which no float64 equals"):
        ss.check_table(path, ss.logsumexp, alpha=1.0)


def test_decimals_are_held_to_their_own_digits(tmp_path):
    text = "x1,x2,value\n0,0,0.69315\n0,0,0.693147180559945309417232121458176568076\n0,-40,4.25e-18\n0,0,0.69314\n"
    (found,) = ss.check_table(csv(tmp_path, text), ss.logsumexp, decimals=True, alpha=1.0).wrong
    assert (found.row, found.got, found.right, found.ulp) == (4, "0.69314", "0.69315", None)
    assert (
        len(
            ss.check_table(csv(tmp_path, text.replace("176568076", "18")), ss.logsumexp, decimals=True, alpha=1.0).wrong
        )
        == 1
    )


def test_numpys_own_validation_sets_are_read(tmp_path):
    """As they stand in NumPy 2.4: patterns without leading zeros, comments, a tolerance for each row; two of its lines are not rounded correctly."""
    text = (
        "dtype,input,output,ulperrortol\n## +ve denormals ##\nnp.float32,0x004b4716,0x3f800000,3\n"
        "np.float32,0x262b88,0x3f800000,3\n#float64\nnp.float64,0xc086234f00000000,0x000fba54632dddc0,2\n"
    )
    from smoothsym.operator import defined

    op = defined("exp(x[1])")
    (wrong,) = ss.check_table(csv(tmp_path, text), op).wrong
    assert (wrong.row, wrong.right) == (3, "0x000fba54632dddbf") and 0.6 < wrong.ulp < 0.7
    assert ss.check_table(csv(tmp_path, text), op, ulp=1).holds


def test_special_values_are_held_to_the_contract(tmp_path):
    text = "x1,x2,value\ninf,0.0,inf\n-inf,-inf,-inf\nnan,0.0,nan\ninf,0.0,1.0\n-inf,0.0,0.0\n"
    (found,) = ss.check_table(csv(tmp_path, text), ss.logsumexp, alpha=1.0).wrong
    assert (found.row, found.got, found.right) == (4, "1.0", "inf")


def test_an_expression_serves_as_the_operator(tmp_path):
    from smoothsym.operator import defined

    text = "x1,x2,value\n3.0,4.0,5.0\n3.0,4.0,5.1\n"
    (found,) = ss.check_table(csv(tmp_path, text), defined("sqrt(sum(x[j]**2, j))")).wrong
    assert found.row == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x1,value\n1.0,1.0\n2.0\n", r"line 3 \(row 2\): it has 1 cells, and there are 2 columns"),
        ("x1,x2,value\n1.0,,1.0\n,1.0,1.0\n", r"row 2 \(line 3\): x has a cell with nothing in it"),
        ("x1,value\n1.0,1.0\n1.0,one\n", r"row 2 \(line 3\): value: 'one' is no number"),
        (
            "# so\nx1,value\n1.0,1.0\n0x03ff0000000000000,1.0\n",
            r"row 2 \(line 4\): x has 0x03ff0000000000000: a bit pattern of float64 has 16 hex digits",
        ),
        ("x1,value\n1e400,1.0\n", r"row 1 \(line 2\): x has 1e400, which no float64 equals"),
        ("x1,value\n1.0,0.333333333333333333333333\n", "decimals=True"),
        (
            "dtype,x1,value\nnp.float32,0x3f800000,1.0\nnp.float8,1.0,1.0\n",
            r"row 2 \(line 3\): dtype='float8' is not known",
        ),
        ("x1,x1\n1.0,1.0\n", "the column 'x1' is there twice"),
        ("x1,value\n", "has no rows"),
        ("", "has no rows"),
        ('x1,value\n"1.0\n",1.0\n', "over several lines"),
    ],
)
def test_what_cannot_be_read_names_its_row(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        ss.check_table(csv(tmp_path, text), ss.logsumexp, alpha=1.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"x":[1],"value":1}\n{"x":[1],"value":1', r"line 2 \(row 2\): the last line is torn off"),
        ('{"x":[1],"value":1}\n{"x":[1],"x":[1],"value":1}\n', r"line 2 \(row 2\): the key 'x' is there twice"),
        ('{"x":[1],"value":NaN}\n', r"line 1 \(row 1\): NaN is no number of JSON"),
        ('{"x":[1],"value":1}\n{"x":[1]}\n', r"line 2 \(row 2\): it has no key 'value'"),
        ('{"x":[1],"value":1}\n[]\n', r"line 2 \(row 2\): it is no object"),
        ('{"x":[1],"value":{}}\n', "row 1 .*: value has {}, and no number"),
        ('{"x":[1],"value":[1,2]}\n', "row 1 has 2 numbers for value, which has 1"),
    ],
)
def test_lines_that_cannot_be_read_name_their_row(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        ss.check_table(csv(tmp_path, text, "mine.jsonl"), ss.logsumexp, alpha=1.0)


def test_what_is_asked_of_a_file_is_checked(tmp_path):
    path = written_rows(tmp_path, RIGHT)
    for given, message in (
        ({}, "does not say which operator"),
        ({"op": ss.logsumexp}, "give alpha="),
        ({"op": ss.logsumexp, "alph": 1.0}, "did you mean 'alpha'"),
        ({"op": ss.logsumexp, "alpha": Fraction(1, 3)}, "is no float64"),
        ({"op": ss.logsumexp, "alpha": 1.0, "ulp": -1}, "ulp=-1"),
        ({"op": ss.logsumexp, "alpha": 1.0, "dtype": "float32"}, "which no float32 equals"),
        ({"op": ss.smoothabs, "eps": 1.0}, "x has 3 entries; smoothabs takes 1"),
        ({"op": ss.powermean, "p": 1.0}, "is defined for positive entries"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            ss.check_table(path, **given)
    with pytest.raises(ValueError, match="there is no such file"):
        ss.check_table(tmp_path / "none.csv", ss.logsumexp)
    with pytest.raises(ValueError, match=r"ends in '\.txt'"):
        ss.check_table(csv(tmp_path, "1 2", "mine.txt"), ss.logsumexp)


def test_objects_are_not_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit('unpickled')",))

    np.savez(tmp_path / "trap.npz", x=np.array([Trap()], dtype=object), value=np.ones(1))
    with pytest.raises(ValueError, match="not unpickled"):
        ss.check_table(tmp_path / "trap.npz", ss.logsumexp, alpha=1.0)
    (tmp_path / "torn.npz").write_bytes((tmp_path / "trap.npz").read_bytes()[:100])
    with pytest.raises(ValueError, match="cannot be read as arrays"):
        ss.check_table(tmp_path / "torn.npz", ss.logsumexp, alpha=1.0)
