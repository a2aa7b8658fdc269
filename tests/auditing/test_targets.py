"""Whatever people write is called as they mean it; what cannot be called so is said at once, and what misbehaves is a finding."""

from functools import partial

import broken
import numpy as np
import pytest
from diagonal import diagonal
from scipy import special

import smoothsym as ss


def audit(target, of="value", budget=40, **options):
    return ss.audit(target, ss.logsumexp, of=of, budget=budget, **options)


CORRECT = {
    "a function": (broken.logsumexp, {"alpha": 1.0}),
    "a Python float": (broken.python_float, {"alpha": 1.0}),
    "the math module": (broken.math_only, {"alpha": 1.0}),
    "a 0-d array": (broken.zero_dimensional, {"alpha": 1.0}),
    "double out": (broken.double_out, {"alpha": 1.0}),
    "a dotted name": ("scipy.special:logsumexp", {"alpha": 1.0}),
    "alpha sampled": (broken.shifted, {}),
    "alpha given to what takes it": (broken.shifted, {"alpha": 3.0}),
    "a lambda with another name": (lambda x, a: broken.shifted(x, a), {}),
    "keyword only": (broken.keyword, {}),
    "positional only": (broken.positional_only, {}),
    "catch all": (broken.catch_all, {}),
    "a default": (broken.defaulted, {}),
    "a default that is not what is given": (broken.defaulted, {"alpha": 2.0}),
    "a partial": (partial(broken.shifted, alpha=2.0), {"alpha": 2.0}),
    "an instance": (broken.Callable(2.0), {"alpha": 2.0}),
    "a kernel of ours": (ss.logsumexp.kernels["stable"], {"alpha": 0.5}),
}


@pytest.mark.sampled
@pytest.mark.parametrize(("name", "dtype"), diagonal(CORRECT, ["float32", "float64"]))
def test_correct_code_holds_however_it_is_written(name, dtype):
    target, options = CORRECT[name]
    found = audit(target, dtype=dtype, **options)
    assert found.verdict == "holds" and found.rows == 40 and found.max_scaled < 2


@pytest.mark.parametrize("target", [broken.softmax, broken.list_gradient, lambda x: tuple(broken.softmax(x))])
def test_gradients_are_arrays_or_lists(target):
    found = audit(target, of="gradient", alpha=1.0, dtype="float32")
    assert found.verdict == "holds" and 0 < found.max_normwise < 8


def test_rows_come_one_by_one_or_all_at_once():
    shapes = set()

    def one(x):
        shapes.add(x.ndim)
        return special.logsumexp(x, axis=-1)

    single, batched = (audit(one, alpha=1.0, batched=many, timeout=None) for many in (False, True))
    assert shapes == {1, 2} and batched.verdict == "holds" and batched.max_ulp == single.max_ulp
    gradients = audit(lambda x: special.softmax(x, axis=-1), of="gradient", alpha=1.0, batched=True)
    assert gradients.verdict == "holds"


def test_a_target_gets_rows_of_the_format_and_lengths_asked_for():
    seen = set()

    def target(x):
        seen.add((x.dtype.name, x.shape))
        return broken.logsumexp(x)

    assert audit(target, alpha=1.0, n=(3, 7), dtype="float32", timeout=None).rows == 40
    assert seen == {("float32", (3,)), ("float32", (7,))}
    seen.clear()
    audit(target, alpha=1.0, budget=300, timeout=None)
    assert len(seen - {("float64", (0,))}) <= 6


def test_a_function_of_one_entry_acts_elementwise():
    from sympy import exp, log

    softplus = ss.SmoothMax(name="softplus", definition=log(1 + exp(ss.x[1])))
    for target in (lambda x: np.logaddexp(0, x), lambda x: np.logaddexp(0, x[0])):
        assert ss.audit(target, softplus, budget=60, dtype="float32").verdict == "holds"
        found = ss.audit(target, softplus, data=np.linspace(-20, 20, 9))
        assert found.rows == 9 and found.verdict == "holds"
    assert ss.audit(lambda x: np.log(1 + np.exp(x)), softplus, budget=60).worst.kind in ("overflow", "cancellation")
    sigmoid = ss.audit(lambda x: 1 / (1 + np.exp(-x)), softplus, of="gradient", data=np.linspace(-20, 20, 9))
    assert sigmoid.verdict == "holds"


MISBEHAVED = [
    (broken.raises, "raises", "five entries"),
    (broken.exits, "raises", "so long"),
    (broken.returns_a_row, "wrong shape", "(2,)"),
    (broken.returns_text, "wrong dtype", "a str, and no float"),
    (broken.returns_objects, "wrong dtype", "dtype object, and no float"),
    (broken.returns_none, "wrong dtype", "a NoneType, and no float"),
    (lambda x: [[1.0], [1.0, 2.0]], "wrong shape", "no array"),
    (lambda x: True, "wrong dtype", "bool"),
]


@pytest.mark.parametrize("target, kind, said", MISBEHAVED)
def test_misbehaviour_is_a_finding_and_the_audit_goes_on(target, kind, said):
    found = audit(target, alpha=1.0)
    assert found.rows == 40 and found.verdict == "falls short"
    assert found.worst.kind == kind and said in found.worst.got and found.max_scaled == np.inf


def test_an_input_that_is_written_to_is_told_and_does_not_spoil_the_reference():
    found = audit(broken.writes_to_its_input, alpha=1.0)
    assert "mutates its input" in [finding.kind for finding in found.findings] and found.max_scaled < 8


def test_another_dtype_than_that_of_the_input_is_told():
    assert "float32 in, float64 out" in [f.note for f in audit(broken.double_out, alpha=1.0, dtype="float32").findings]


def test_to_refuse_an_empty_row_or_an_infinite_parameter_is_a_choice():
    def refuses(x, alpha):
        if not len(x) or not np.isfinite(alpha) or not alpha:
            raise ValueError("no such thing")
        return broken.shifted(x, alpha)

    found = audit(refuses, budget=250, parameters=[1.0, 0.0, np.inf])
    assert found.verdict == "holds" and [f.note for f in found.findings if f.kind == "convention"] == ["it raises"]


def test_warnings_of_a_target_are_neither_shown_nor_raised():
    def warns(x):
        import warnings

        warnings.warn("an aside", UserWarning, stacklevel=1)
        return np.log(np.sum(np.exp(x)))

    assert audit(warns, alpha=1.0).rows == 40


@pytest.mark.parametrize(
    "target, options, said",
    [
        (lambda x: x, {}, "alpha=1.0"),
        (special.logsumexp, {}, "takes no alpha"),
        (lambda: 0, {"alpha": 1.0}, "target(x)"),
        (lambda x, y, z: 0, {"alpha": 1.0}, "lambda"),
        (lambda x, axis: 0, {"alpha": 1.0}, "keywords={'axis': -1}"),
        (lambda x, dim: 0, {}, "takes no alpha"),
        (special.logsumexp, {"alpha": 1.0, "keywords": [("axis", -1)]}, "give a mapping, such as {'dim': -1}"),
        (special.logsumexp, {"alpha": 1.0, "twin": 3}, "twin=3 is a int"),
        (3, {}, "dotted name"),
        ("numpy:pi", {}, "cannot be called"),
    ],
)
def test_what_cannot_be_called_is_no_finding_but_an_error(target, options, said):
    with pytest.raises(TypeError) as error:
        audit(target, **options)
    assert said in str(error.value)


def test_a_keyword_that_a_target_does_not_take():
    with pytest.raises(ValueError, match="keywords='axes' is not known; did you mean 'axis'"):
        audit(special.logsumexp, alpha=1.0, keywords={"axes": -1})


@pytest.mark.parametrize("name", ["numpy", "numpy:logadexp", "no_such_module:f", ":f", "numpy:"])
def test_a_name_that_is_none(name):
    with pytest.raises(ValueError, match="target"):
        audit(name)
