"""Every input is tried, once: what is wrong at a single one is found, in pieces of any order, stopped and resumed."""

import itertools
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing import exhaustive
from smoothsym.auditing.asking.calls import Passing
from smoothsym.auditing.exhaustive.errors import Errors, Exact, spacing
from smoothsym.auditing.exhaustive.references import References, references
from smoothsym.auditing.exhaustive.shard import _Shard
from smoothsym.auditing.exhaustive.space import Space, space_of
from smoothsym.auditing.exhaustive.stretches import FLAT, Stretches
from smoothsym.auditing.measuring import measure
from smoothsym.auditing.sharing.part import Part
from smoothsym.cases import Case
from smoothsym.cli import main


def wide(x):
    with np.errstate(invalid="ignore"):  # ml_dtypes warns of nan
        return x.astype(np.float64)


F16, B16, F32 = map(formats.get, ("float16", "bfloat16", "float32"))


def softplus(x):
    """Correct, in twice the precision."""
    wide = x.astype(np.float64)
    return (np.maximum(wide, 0) + np.log1p(np.exp(-np.abs(wide)))).astype(x.dtype)


def logaddexp(x):
    """Correct, in twice the precision, whatever the format."""
    wide = x.astype(np.float64)
    return np.logaddexp(wide[..., 0], wide[..., 1]).astype(x.dtype)


def softmax(x):
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        weights = np.exp(wide - wide.max(axis=-1, keepdims=True))
        return (weights / weights.sum(axis=-1, keepdims=True)).astype(x.dtype)


class WrongAt:
    """A correct target that is wrong on one row, by its bits."""

    def __init__(self, right, row, wrong):
        self.right, self.row, self.wrong = right, row, wrong

    def __call__(self, x):
        y = self.right(x)
        y[(x == np.asarray(self.row, dtype=x.dtype)).all(axis=-1)] = self.wrong
        return y


def audit(target=softplus, op="softplus", dtype="float16", **options):
    return ss.audit(target, op, dtype=dtype, alpha=1.0, exhaustive=True, batched=True, **options)


def job(target, op=ss.logsumexp, of="value", fmt=F16, n=2, parameter=1.0, symmetric=True):
    asked = exhaustive.job_of(measure.Task(target, op, of, fmt, 8.0, Passing(), True), n, [parameter])
    return replace(asked, symmetric=asked.symmetric and symmetric)


def measured(job, start, stop):
    part = exhaustive.measured(job, start, stop)
    exhaustive.tell(job, part)
    return part


# ---- every row once ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", [F16, B16], ids=["float16", "bfloat16"])
def test_every_number_is_a_row_and_the_finite_ones_come_first(fmt):
    space = Space(fmt, 1)
    rows = space.rows(0, space.size)
    assert sorted(fmt.bits_of(rows)[:, 0].tolist()) == list(range(1 << 16))
    finite = np.isfinite(wide(rows)).all(axis=1)
    assert finite[: space.ordinary].all() and not finite[space.ordinary :].any()
    positive = Space(fmt, 1, positive=True)
    values = wide(positive.rows(0, positive.size))
    assert (values[: positive.ordinary] > 0).all() and positive.ordinary == fmt.infinity - 1


def test_every_pair_is_a_row_or_a_row_that_is_turned_round():
    space, seen = Space(F16, 2), []
    for start, stop in ((0, 7), (7, 8), (8, 300), (300, 1275)):
        pairs = F16.bits_of(space.rows(start, stop)).tolist()
        both = pairs + [pair[::-1] for pair in pairs if pair[0] != pair[1]]
        assert space.inputs(start, stop) == len(both)
        seen += both
    assert sorted(seen) == [[a, b] for a in range(50) for b in range(50)]
    assert space.inputs(0, space.size) == 1 << 32
    last = space.rows(space.size - 3, space.size)
    assert np.isnan(last.astype(np.float64)).any(axis=1).all()
    edge = space.rows(space.ordinary - 1, space.ordinary + 1).astype(np.float64)
    assert np.isfinite(edge[0]).all() and not np.isfinite(edge[1]).all()


def test_moduli_stand_for_the_rows_of_all_signs():
    space, seen = Space(F16, 2, moduli=True), []
    rows = space.rows(0, 1275)
    for signs in space.signs:
        pairs = F16.bits_of(space.signed(rows, signs)).tolist()
        seen += pairs + [pair[::-1] for pair, one in zip(pairs, rows, strict=True) if one[0] != one[1]]
    both = [*range(50), *range(1 << 15, (1 << 15) + 50)]
    assert sorted(seen) == sorted([a, b] for a in both for b in both)
    assert space.inputs(0, 1275) == len(seen) and space.inputs(0, space.size) == 1 << 32
    one = Space(F16, 1, moduli=True)
    found = [F16.bits_of(one.signed(one.rows(0, one.size), signs))[:, 0] for signs in one.signs]
    assert sorted(np.concatenate(found).tolist()) == list(range(1 << 16))


@pytest.mark.parametrize("name, n", [("float32", 2), ("float64", 1), ("float16", 3)])
def test_what_cannot_all_be_tried_is_refused(name, n):
    with pytest.raises(ValueError, match="too many to be tried"):
        space_of(formats.get(name), n)


def test_spacings_are_those_of_the_format():
    for fmt in (F16, B16, F32):
        values = Space(fmt, 1).rows(0, 1 << 14 if fmt is F32 else 31000)[::97, 0].astype(np.float64)
        wanted = [float(fmt.ulp(formats.to_fraction(v))) for v in values]
        assert spacing(values, fmt).tolist() == wanted


# ---- what is found -----------------------------------------------------------------------------------------------------------


def test_a_correct_target_is_within_half_an_ulp_everywhere():
    for dtype in ("float16", "bfloat16"):
        found = audit(dtype=dtype)
        assert found.verdict == "holds" and found.rows == 1 << 16
        assert 0.49 < found.max_ulp < 0.5005 and found.max_scaled <= 1.001
        assert found.exhaustive and found.to_dict()["maxima"] == "exhaustive: upper bounds"
        assert (
            "ulp: p50" in str(found)
            and "max at most 0.50" in str(found)
            and found.seconds["target"] < found.seconds["all"]
        )


def test_what_is_wrong_at_one_number_alone_is_found_there():
    at = float(F16.to_array(np.array([0x3D2B]))[0])
    right = float(softplus(np.array([at], dtype=np.float16))[0])
    found = audit(WrongAt(softplus, [at], right + 20 * 2.0**-10))
    (finding,) = found.findings
    assert found.verdict == "falls short" and 19 < found.max_ulp < 21
    assert finding.inputs == (at.hex(),) and finding.falls


def test_what_is_wrong_at_one_pair_is_found_whichever_way_round():
    space = Space(F16, 2)
    start = 1_000_000_000
    pair = space.rows(start + 4321, start + 4322)[0]
    for row in (pair, pair[::-1]):
        for symmetric in (True, False):
            asked = job(WrongAt(logaddexp, row, np.inf), symmetric=symmetric)
            part = measured(asked, start, start + 5000)
            part.tally.settle(asked.task)
            assert part.tally.max_ulp == np.inf and part.tally.rows == space.inputs(start, start + 5000)
            assert [f.inputs for f in part.tally.findings.values()] == [tuple(float(v).hex() for v in row)]


@pytest.mark.parametrize("signs", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_what_is_wrong_for_some_signs_alone_is_found(signs):
    """Of what is even, references of moduli stand for those of all signs; the calls are of every row."""

    def norm(x):
        return np.hypot(x[:, 0], x[:, 1])

    space, start = job(norm, op=ss.pnorm, parameter=2.0).space, 300_000_000
    assert space.moduli
    pair = space.rows(start + 321, start + 322)[0] * np.array(signs, dtype=np.float16)
    for row in (pair, pair[::-1]):
        part = measured(job(WrongAt(norm, row, np.inf), op=ss.pnorm, parameter=2.0), start, start + 500)
        assert part.tally.max_ulp == np.inf and part.tally.rows == space.inputs(start, start + 500)
        assert part.chosen[("largest",)][1] == tuple(wide(row))


def test_what_is_not_even_is_tried_with_its_signs():
    for op, of in ((ss.logsumexp, "value"), (ss.pnorm, "gradient"), (ss.powermean, "value")):
        assert not job(softmax, op=op, of=of, parameter=2.0).space.moduli


def test_gradients_of_pairs():
    start = 900_000_000
    part = measured(job(softmax, of="gradient"), start, start + 3000)
    part.tally.settle(job(softmax, of="gradient").task)
    assert 0.4 < part.tally.max_ulp < 0.5005 and not part.tally.findings
    turned = measured(job(lambda x: softmax(x)[:, ::-1], of="gradient"), start, start + 3000)
    assert turned.tally.max_scaled > 50 and turned.tally.max_normwise > 50


def test_errors_are_those_of_the_judge():
    """A sloppy target, judged in blocks and row by row."""

    def sloppy(x):
        return (np.float32(1.002) * logaddexp(x).astype(np.float32)).astype(x.dtype)

    what = job(sloppy)
    for start in (5000, 700_000_000, 1_500_000_000):
        part = measured(what, start, start + 40)
        rows = what.space.rows(start, start + 40)
        both = [tuple(map(float, row)) for row in rows] + [
            tuple(map(float, row[::-1])) for row in rows if row[0] != row[1]
        ]
        singly = measure.run(what.task, [Case(row, 1.0, ()) for row in both])
        assert part.tally.rows == singly.rows
        assert part.tally.max_ulp == pytest.approx(singly.max_ulp, rel=1e-5)
        # What one rounding explains has the bound for its error.
        assert singly.max_scaled <= part.tally.max_scaled * (1 + 1e-5)
        assert part.tally.max_scaled <= max(1.0, singly.max_scaled * (1 + 1e-5))


def test_a_verdict_below_one_rounding_hangs_on_the_scale_of_each_row():
    """A correct result may be off by u |f|, which is less of the whole scale: what |f| alone would allow is no verdict."""
    everything = job(softplus, op=ss.softplus, n=1)
    rows = everything.space.rows(0, everything.space.ordinary)
    exact = references(everything.task, 1.0, rows).exact
    errors = Errors(wide(softplus(rows)), exact, F16, 0.0)
    most = float(errors.scaled(np.arange(len(rows))).max())
    assert most < 0.6 < errors.uppers.max()
    for tol, verdict in ((0.6, "holds"), (1.01 * most, "holds"), (most - 1e-6, "holds"), (0.99 * most, "falls short")):
        found = audit(tol=tol)
        assert found.verdict == verdict and found.worst.got and most - 2.0**-16 <= found.max_scaled <= max(tol, most)


def test_rows_of_a_stretch_that_err_are_judged_one_by_one():
    """Off by two units where the ends of the stretch would excuse it, and one row between does not."""
    rows = np.linspace(1, 1.06, 64).astype(np.float16)[:, None]
    flat = Stretches(wide(rows), np.array([FLAT]), np.ones(1))
    scales = np.where(np.arange(64) == 40, 1.0, 100.0)
    exact = Exact(np.ones((64, 1)), 0.0, lambda places, _: scales[places])
    part = Part()
    shard = _Shard(job(softplus, op=ss.softplus, n=1), part)
    right = References(wide(rows), np.zeros(64, dtype=np.uint8), exact, np.zeros(64), flat)
    shard._measured(rows, np.full((64, 1), 1 + 2.0**-8), right, np.ones(64, dtype=bool))
    assert part.tally.max_scaled == pytest.approx(8, rel=1e-3) and part.tally.scaled.rows == 64
    assert part.chosen[("largest",)][1] == tuple(wide(rows[40]))


def test_special_values_are_held_to_the_contract():
    space = Space(F16, 2)
    infinite = space.ordinary + 1000
    cases = (
        (logaddexp, None),
        (WrongAt(logaddexp, [np.inf, float(space.rows(infinite, infinite + 1)[0, 1])], 0.0), "special value"),
    )
    for target, kind in cases:
        part = measured(job(target), space.ordinary, space.ordinary + 2000)
        assert list(part.tally.findings) == ([kind] if kind else []) and part.tally.max_ulp == 0
    swallowed = measured(job(lambda x: np.nan_to_num(logaddexp(x))), space.size - 1500, space.size)
    assert "special value" in swallowed.tally.findings


def test_zeros_of_a_norm_are_answered_too():
    def norm(x):
        wide = x.astype(np.float64)
        return np.cbrt((np.abs(wide) ** 3).sum(axis=-1)).astype(x.dtype)

    what = job(norm, op=ss.pnorm, parameter=3.0)
    part = measured(what, 0, 3000)
    assert part.tally.refused == 0 and part.tally.max_ulp < 0.51 and not part.tally.findings
    part = measured(job(WrongAt(norm, [0.0, 0.0], 1.0), op=ss.pnorm, parameter=3.0), 0, 3000)
    assert part.tally.findings


@pytest.mark.parametrize("below", [1, 20])
def test_flushing_to_zero_is_a_finding_and_no_verdict_unless_larger_numbers_go(below):
    def flushes(x):
        y = softplus(x)
        y[np.abs(y) < below * float(F16.smallest_normal)] = 0
        return y

    found = audit(flushes)
    assert found.verdict == ("holds" if below == 1 else "falls short")
    assert ("flush to zero" in {f.kind for f in found.findings}) == (below == 1)


def test_a_target_that_raises_on_one_row_is_told_with_it_and_the_others_are_judged():
    def raises(x):
        if (x == 2).any():
            raise ArithmeticError("two")
        return softplus(x)

    found = audit(raises)
    assert found.rows == 1 << 16 and found.verdict == "falls short"
    assert [(f.kind, f.inputs) for f in found.findings] == [("raises", ((2.0).hex(),))]


@pytest.mark.parametrize("kind", ["dies", "hangs"])
def test_a_target_that_dies_or_hangs_on_one_row_is_told_with_it_and_the_others_are_judged(kind):
    def gone(x):
        if (x == 2).any():
            os.abort() if kind == "dies" else time.sleep(60)
        return softplus(x)

    found = audit(gone, timeout=0.4)
    assert found.rows == 1 << 16 and found.verdict == "falls short" and found.exhaustive
    assert [(f.kind, f.inputs) for f in found.findings] == [(kind, ((2.0).hex(),))]


def test_what_is_not_called_any_more_is_said_and_is_no_upper_bound():
    def dies(x):
        if (x < 0).any():
            os.abort()
        return softplus(x)

    found = audit(dies)
    assert found.verdict == "falls short" and not found.exhaustive and found.rows < 1 << 16
    assert [f.kind for f in found.findings] == ["dies"]
    assert "not exhaustive" in found.notes[-1] and "were not called" in found.notes[-1]


def test_what_is_not_deterministic_is_a_finding():
    calls = itertools.count()

    def fickle(x):
        y = softplus(x)
        y[x == 3] += next(calls) % 2
        return y

    assert "not deterministic" in {f.kind for f in audit(fickle).findings}


def test_a_target_without_guard_is_called_in_this_process():
    seen = []
    found = audit(lambda x: seen.append(len(x)) or softplus(x), timeout=None)
    assert found.verdict == "holds" and sum(seen) > 1 << 16


def test_what_a_target_does_beside_is_told_once():
    def writes(x):
        y = softplus(x)
        x[x == 2] = 0
        return y

    found = audit(writes)
    assert [(f.kind, f.inputs) for f in found.findings] == [("mutates its input", ((2.0).hex(),))]
    assert {f.kind for f in audit(lambda x: softplus(x).astype(np.float64)).findings} == {"wrong dtype"}
    assert {f.kind for f in audit(lambda x: softplus(x)[:3]).findings} == {"wrong shape"}


def test_a_row_that_errs_in_company_only_is_a_finding():
    def with_others(x):
        y = softplus(x)
        return y * np.float16(1.5) if len(x) > 1000 else y

    found = audit(with_others)
    assert found.verdict == "falls short" and "among other rows" in found.worst.note


# ---- shards, order, checkpoints ----------------------------------------------------------------------------------------------


def broken(x):
    return np.log1p(np.exp(x))


def same(one, other):
    return one == other and one.findings and one.rows == 1 << 16


def test_shards_are_the_same_wherever_they_run():
    whole = audit(broken)
    assert whole.verdict == "falls short" and whole.max_ulp == np.inf
    with ThreadPoolExecutor(3) as pool:
        assert same(audit(broken, executor=pool), whole)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert same(audit(broken, executor=pool), whole)


class Stop(Exception):
    pass


def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path):
    whole = audit(broken)
    path, said = tmp_path / "kept", []

    def stop(done, total):
        said.append(done)
        if len(said) in (3, 7):
            raise Stop

    for _ in range(2):
        with pytest.raises(Stop):
            audit(broken, checkpoint=path, progress=stop)
        lines = path.read_text().splitlines()
        assert len(lines) == 2 and json.loads(lines[1])["shards"] == [0, len(said)]
    assert same(audit(broken, checkpoint=path, progress=stop), whole)
    assert said == sorted(set(said)) and said[-1] == 1 << 16
    assert same(audit(broken, checkpoint=str(path)), whole)
    assert sorted(tmp_path.iterdir()) == [path]


def test_time_that_is_up_is_said_and_is_no_upper_bound(tmp_path):
    found = audit(broken, checkpoint=tmp_path / "kept", seconds=1e-9)
    assert not found.exhaustive and 0 < found.rows < 1 << 16 and "not exhaustive" in found.notes[0]
    assert found.to_dict()["maxima"] == "lower bounds, over samples"


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "kept"
    audit(checkpoint=path)
    for options in ({"tol": 9.0}, {"dtype": "bfloat16"}, {"target": broken}, {"of": "gradient"}):
        with pytest.raises(ValueError, match="give another file, or remove it"):
            audit(**options, checkpoint=path)
    text = path.read_text()
    for wrong in ("", "{}\n[1]\n", text + text.splitlines()[1], text[:-20]):
        path.write_text(wrong)
        with pytest.raises(ValueError, match="checkpoint"):
            audit(checkpoint=path)


# ---- bad input ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, said",
    [
        ({"dtype": "float64"}, "too many"),
        ({"op": "logsumexp", "n": 3}, "too many"),
        ({"op": "logsumexp", "dtype": "float32", "n": 2}, "too many"),
        ({"n": 2}, "takes 1"),
        ({"data": [[1.0]]}, "leave data= out"),
        ({"of": "jvp", "target": lambda x, v: softplus(x) * v}, "has a vector beside it"),
        ({"bound": lambda x, alpha: 1.0}, "holds nothing to bound="),
        ({"twin": softplus}, "holds nothing to twin="),
    ],
)
def test_what_cannot_be_meant_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        audit(**options)


def test_one_ordinary_parameter_is_asked_for():
    for options, said in (
        ({}, "give it, as in alpha=1.0"),
        ({"alpha": 0.0}, "finite alpha"),
        ({"alpha": np.inf}, "finite alpha"),
    ):
        with pytest.raises(ValueError, match=said):
            ss.audit(
                lambda x, alpha: softplus(x), "softplus", dtype="float16", exhaustive=True, batched=True, **options
            )


def test_a_target_of_one_row_is_called_row_by_row_or_its_cost_is_foretold():
    def one(x):
        assert x.shape == (1,)
        return softplus(x)

    found = ss.audit(one, "softplus", dtype="float16", alpha=1.0, exhaustive=True)
    assert found.verdict == "holds" and found.rows == 1 << 16 and found.exhaustive
    with pytest.raises(ValueError, match=r"4294967296 calls take about .* hours"):
        ss.audit(one, "softplus", dtype="float32", alpha=1.0, exhaustive=True)


@pytest.mark.parametrize("target, alone", [("numpy:logaddexp", False), (np.logaddexp, False), (lambda a, b: a, True)])
def test_a_ufunc_takes_blocks_without_being_told(target, alone, monkeypatch):
    class Asked(Exception):
        pass

    def asked(job, budget):
        raise Asked(job.task.batched)

    monkeypatch.setattr(exhaustive, "ranges", asked)
    with pytest.raises(Asked) as seen:
        ss.audit(target, "logsumexp", dtype="float16", alpha=1.0, exhaustive=True)
    assert seen.value.args == (not alone,)


def test_the_command_line_is_told_its_own_words(capsys):
    asked = ["audit", "math:log1p", "--as", "softplus", "--dtype", "float32", "--alpha", "1", "--exhaustive"]
    assert main(asked) == 2
    said = capsys.readouterr().err
    assert "--batched" in said and "--budget 4294967296" in said
