"""Kernels on PyTorch: the numbers of NumPy, and derivatives in closed form where what autograd records has none."""

from importlib import import_module
from math import inf, nan

import numpy as np
import pytest
from diagonal import diagonal
from needed import needed

import smoothsym as ss
from smoothsym.kernels.libraries import Torch

torch = needed("torch")
TorchDispatchMode = import_module("torch.utils._python_dispatch").TorchDispatchMode
DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32, "float64": torch.float64}
RNG = np.random.default_rng(11)
ROWS = RNG.normal(size=(5, 6)) * 3
VECTORS = [op for op in ss.operators.values() if op.arity is None]


def rows_of(op):
    rows = ROWS[:, : op.arity or 6]
    return np.abs(rows) + 0.1 if op.domain == "positive" else rows


def slopes(op, row, **given):
    """The derivatives by a row, as torch.autograd finds them."""
    x = torch.tensor(row, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(op(x, **given).sum(), x)
    return found.numpy()


@pytest.mark.sampled
@pytest.mark.parametrize(("op", "of", "dtype"), diagonal(ss.operators.values(), ["value", "gradient"], DTYPES))
def test_the_same_numbers_as_with_numpy_in_the_same_dtype(op, of, dtype):
    x = torch.tensor(rows_of(op)).to(DTYPES[dtype])
    found, whole = op(x, of=of), op(x.double().numpy(), of=of)
    assert found.dtype == x.dtype and found.shape == whole.shape
    assert np.allclose(
        found.double(), whole, rtol=3 * torch.finfo(x.dtype).eps, atol=1e-6 if dtype != "float64" else 1e-14
    )


@pytest.mark.parametrize("of", ["value", "gradient"])
@pytest.mark.parametrize("op", VECTORS, ids=str)
def test_axes_masks_weights_and_special_rows_as_with_numpy(op, of):
    data = RNG.normal(size=(3, 4, 2))
    data[0, 0, 0], data[1, 2, 1], data[2, 0, 1] = inf, nan, -inf
    data = np.abs(data) if op.domain == "positive" else data
    mask, weights = RNG.random(data.shape) < 0.8, RNG.uniform(0, 2, size=(4, 2))
    for axis in (1, (0, 2), None):
        beside = {"where": torch.tensor(mask), "weights": torch.tensor(weights)}
        found = op(torch.tensor(data), axis, of=of, keepdims=True, **beside)
        whole = op(data, axis, of=of, keepdims=True, where=mask, weights=weights)
        assert found.shape == whole.shape and np.allclose(found, whole, rtol=1e-14, atol=1e-15, equal_nan=True)


@pytest.mark.sampled
@pytest.mark.parametrize("op", ss.operators.values(), ids=str)
def test_first_and_second_derivatives_by_entries_and_parameter(op):
    x = torch.tensor(rows_of(op)[:2, :4], requires_grad=True)
    parameter = torch.tensor(1.25, dtype=torch.float64, requires_grad=True)
    beside = (
        {}
        if op.arity
        else {"weights": torch.tensor([1.0, 0.5, 2.0, 1.0]), "where": torch.tensor([True, True, False, True])}
    )

    def f(x, parameter):
        return op(x, **beside, **{op.parameter.name: parameter})

    assert torch.autograd.gradcheck(f, (x, parameter))
    if op in (ss.boltzmann, ss.logsumexp, ss.pnorm, ss.softplus, ss.smu):
        row = x[:1].detach().requires_grad_()
        assert torch.autograd.gradgradcheck(f, (row, parameter))


@pytest.mark.parametrize(("op", "dtype"), diagonal([op for op in ss.operators.values() if not op.vector], DTYPES))
def test_the_gradient_is_the_reference_in_every_format(op, dtype):
    x = torch.tensor(rows_of(op)).to(DTYPES[dtype]).requires_grad_()
    (found,) = torch.autograd.grad(op(x).sum(), x)
    exact = ss.reference(op, x.detach().double().numpy(), of="gradient").reshape(x.shape)
    assert found.dtype == x.dtype
    assert np.allclose(
        found.double(), exact, rtol=2 * torch.finfo(x.dtype).eps, atol=1e-6 if dtype != "float64" else 1e-14
    )


SPECIAL = [
    ("logsumexp", [3.0, 3.0, 3.0, 1.0], 1.0),  # ties
    ("logsumexp", [2.0, 2.0], 1e300),
    ("logsumexp", [inf, 1.0, inf], 1.0),  # infinities
    ("logsumexp", [-inf, 1.0, 0.5], 1.0),
    ("boltzmann", [inf, 1.0, 1.0], -1.0),
    ("mellowmax", [-inf, 1.0, 0.5], 1.0),
    ("logsumexp", [0.0, -600.0, -700.0], 1.0),  # tails
    ("boltzmann", [0.0, -700.0], 1.0),
    ("pnorm", [0.0, 0.0, 0.0], 2.0),  # zeros of a norm
    ("pnorm", [0.0, 3.0, -4.0], 2.0),
    ("pnorm", [1e-300, 3e-300], 2.0),
    ("pnorm", [1e300, -3e300], 2.0),
    ("boltzmann", [1.0, 5.0, 6.0], 0.0),  # parameters at 0 and infinite
    ("boltzmann", [1.0, 6.0, 6.0], inf),
    ("logsumexp", [1.0, 5.0, 1.0], -inf),
    ("logsumexp", [nan, 1.0], 1.0),
]


@pytest.mark.parametrize(("name", "row", "parameter"), SPECIAL)
def test_ties_infinities_tails_and_zeros_have_the_gradient_of_the_contract(name, row, parameter):
    op = ss.operators[name]
    given = {op.parameter.name: parameter}
    exact = ss.reference(op, row, of="gradient", **given)
    assert np.allclose(slopes(op, row, **given), exact, rtol=1e-14, atol=0, equal_nan=True)


def test_what_autograd_records_of_a_plain_kernel_is_not_that():
    wrong = 0
    for name, row, parameter in SPECIAL:
        op = ss.operators[name]
        given = {op.parameter.name: parameter}
        found = slopes(op.kernels["naive"], row, **given)
        exact = ss.reference(op, row, of="gradient", **given)
        wrong += not np.allclose(found, exact, rtol=1e-14, atol=0, equal_nan=True)
    assert wrong >= 8


def test_a_learned_parameter_gets_its_derivative_beside_entries_without_weight():
    alpha = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    row = torch.tensor([0.25, -inf, 1.0, 2.0], dtype=torch.float64)
    for op in (ss.boltzmann, ss.logsumexp, ss.mellowmax):
        (found,) = torch.autograd.grad(op(row, alpha=alpha), alpha)
        assert np.allclose(found, ss.reference(op, row.numpy(), of="alpha", alpha=0.5), rtol=1e-14)


def test_a_linear_model_learns():
    torch.manual_seed(0)
    weight, inputs = torch.zeros(3, 2, requires_grad=True), torch.randn(64, 2)
    labels = (inputs[:, 0] > 0).long()
    optimizer = torch.optim.SGD([weight], lr=1.0)
    for _ in range(50):
        optimizer.zero_grad()
        logits = inputs @ weight.T
        loss = (ss.logsumexp(logits) - logits[torch.arange(64), labels]).mean()
        assert torch.allclose(loss, torch.nn.functional.cross_entropy(logits, labels), atol=1e-6)
        loss.backward()
        optimizer.step()
    assert loss < 0.3


def test_the_certifier_answers_for_tensors():
    x = torch.tensor(ROWS).bfloat16()
    found = ss.logsumexp(x, rounded=True)
    exact = ss.reference(ss.logsumexp, x.double().numpy(), dtype="bfloat16").astype(np.float64)
    assert found.dtype == torch.bfloat16 and np.array_equal(found.double(), exact)


def test_mistakes_are_named():
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match="no derivative by weights"):
        ss.logsumexp(x, weights=torch.ones(3, requires_grad=True))
    with pytest.raises(TypeError, match=r"x has dtype torch.complex64"):
        ss.logsumexp(torch.ones(3, dtype=torch.complex64))
    with pytest.raises(TypeError, match="give one real number"):
        ss.logsumexp(x, alpha=torch.ones(2))
    (first,) = torch.autograd.grad(ss.logsumexp(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), x, create_graph=True)
    with pytest.raises(NotImplementedError, match="up to the second"):
        torch.autograd.grad(second.sum(), x)


# Where both ways of every choice are gone, twice the precision takes long: one operator of each kind shows it.
EVERY_FORM = [(ss.logsumexp, True), pytest.param(ss.pnorm, True, marks=pytest.mark.long)]


class OneDevice(TorchDispatchMode):
    """Raises where tensors of two devices meet in one operation, as they do not on an accelerator; numbers may be anywhere."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        tensors = [q for q in torch.utils._pytree.tree_leaves((args, kwargs)) if isinstance(q, torch.Tensor)]
        assert len({q.device for q in tensors if q.ndim}) < 2, operation
        # A place in a table is looked at; there is none on the device "meta".
        looked = operation is torch.ops.aten._local_scalar_dense.default
        return 0 if looked else operation(*args, **(kwargs or {}))


@pytest.mark.sampled
@pytest.mark.parametrize(("op", "every"), [*((op, False) for op in ss.operators.values()), *EVERY_FORM], ids=str)
def test_nothing_is_computed_beside_the_device_of_x(op, every, monkeypatch):
    # Tensors of the device "meta" have no numbers: both ways of every choice are gone.
    monkeypatch.setattr(Torch, "inspectable", False)
    monkeypatch.setattr(Torch, "cond", lambda self, test, then, otherwise: [then(), otherwise()][1])
    x = torch.empty((3, op.arity or 5), device="meta", dtype=torch.float64)
    forms = {"naive", "compensated"} if every else {"stable"}
    for kernel in op.kernels.values():
        if kernel.form not in forms:
            continue
        with OneDevice():
            assert kernel(x).device == x.device and kernel(x).dtype == x.dtype


@pytest.mark.parametrize("op", ss.operators.values(), ids=str)
def test_rows_stay_where_they_are_where_tensors_are_made_on_another_device(op):
    x = torch.tensor(rows_of(op), requires_grad=True)
    expected = op(x)
    (slopes,) = torch.autograd.grad(expected.sum(), x)
    # Of the device "meta" no tensor has numbers.
    with torch.device("meta"):
        found = op(x)
        (by_rows,) = torch.autograd.grad(found.sum(), x)
        naive = op.kernels["naive"](x.detach())
    assert torch.equal(found, expected) and torch.equal(by_rows, slopes) and naive.device == x.device
