"""Kernels on JAX: traced once, the contract included; derivatives in closed form, forwards, backwards and by vmap."""

from math import inf, nan

import numpy as np
import pytest
from diagonal import diagonal
from needed import needed

import smoothsym as ss

jax = needed("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy
RNG = np.random.default_rng(11)
ROWS = RNG.normal(size=(5, 6)) * 3
FEW = [*(pytest.param(op, marks=pytest.mark.long) for op in (ss.boltzmann, ss.pnorm)), ss.logsumexp, ss.smu]


def rows_of(op):
    rows = ROWS[:, : op.arity or 6]
    return np.abs(rows) + 0.1 if op.domain == "positive" else rows


def of(op, parameter):
    return lambda x: op(x, **{op.parameter.name: parameter})


# To compile takes long: each operator's value or its gradient, and both where there is time.
@pytest.mark.sampled
@pytest.mark.parametrize(("op", "derived"), diagonal(ss.operators.values(), ["value", "gradient"]))
def test_values_and_gradients_under_jit_are_those_of_numpy(op, derived):
    rows = rows_of(op)
    if derived == "value":
        value = jax.jit(of(op, 1.5))(jnp.asarray(rows))
        assert np.allclose(value, of(op, 1.5)(rows), rtol=1e-14, atol=1e-15)
    elif not op.vector:
        found = jax.grad(lambda x: jnp.sum(of(op, 1.5)(x)))(jnp.asarray(rows))
        exact = ss.reference(op, rows, of="gradient", **{op.parameter.name: 1.5}).reshape(rows.shape)
        assert np.allclose(found, exact, rtol=1e-14, atol=1e-15)


@pytest.mark.sampled
@pytest.mark.parametrize(("op", "dtype"), diagonal([ss.boltzmann, ss.smu], ["float16", "bfloat16"]))
def test_every_format_is_kept(op, dtype):
    x = jnp.asarray(rows_of(op), dtype=dtype)
    found, whole = op(x), op(np.asarray(x).astype(np.float64))
    assert found.dtype == x.dtype
    assert np.allclose(found.astype("float64"), whole, rtol=3 * float(jnp.finfo(dtype).eps))
    assert jax.grad(lambda x: op(x).sum())(x).dtype == x.dtype


SPECIAL = np.array([[3, 3, 3], [inf, 1, inf], [-inf, 1, 0.5], [0, -600, -700], [0, 0, 0], [nan, 1, 2], [-inf] * 3])


@pytest.mark.parametrize(
    "op", [pytest.param(ss.boltzmann, marks=pytest.mark.long), ss.logsumexp, ss.pnorm], ids=lambda op: op.name
)
def test_special_rows_and_parameters_are_answered_when_nothing_can_be_looked_at(op):
    name = op.parameter.name
    value = jax.jit(lambda x, q: op(x, **{name: q}))
    slope = jax.jit(jax.vmap(jax.grad(lambda x, q: op(x, **{name: q})), (0, None)))
    for parameter in (1.0, -1.0, 0.0, -0.0, inf, -inf, nan):
        keyword = {name: parameter}
        exact = op(SPECIAL, **keyword)
        assert np.allclose(value(SPECIAL, parameter), exact, rtol=1e-14, atol=0, equal_nan=True)
        exact = op(SPECIAL, of="gradient", **keyword)
        assert np.allclose(slope(SPECIAL, parameter), exact, rtol=1e-14, atol=0, equal_nan=True)


def test_what_jax_records_of_a_plain_kernel_is_not_that():
    found = jax.vmap(jax.grad(ss.logsumexp.kernels["naive"]))(SPECIAL)
    assert not np.allclose(found, ss.logsumexp(SPECIAL, of="gradient"), equal_nan=True)


@pytest.mark.sampled
@pytest.mark.parametrize("op", FEW, ids=lambda op: op.name)
def test_derivatives_forwards_backwards_and_twice(op):
    row, name = jnp.asarray(rows_of(op)[0]), op.parameter.name
    f = of(op, 1.5)
    exact = ss.reference(op, np.asarray(row), of="hessian", **{name: 1.5})
    ways = [jax.hessian(f), jax.jacrev(jax.grad(f)), jax.jacfwd(jax.jacfwd(f))]
    for hessian in ways if op is ss.logsumexp else ways[:1]:
        assert np.allclose(hessian(row), exact, rtol=1e-11, atol=1e-13)
    exact = ss.reference(op, np.asarray(row), of=name, **{name: 1.5})
    assert np.allclose(jax.grad(lambda q: of(op, q)(row))(1.5), exact, rtol=1e-13)


def test_a_function_with_a_value_for_each_entry_has_its_jacobian_both_ways():
    row = ROWS[0]
    exact = ss.reference(ss.softmax, row, of="gradient")
    for jacobian in (jax.jacfwd(ss.softmax), jax.jacrev(ss.softmax)):
        assert np.allclose(jacobian(jnp.asarray(row)), exact, rtol=1e-13, atol=1e-15)


def test_vmap_over_rows_parameters_masks_and_weights():
    rows, mask = jnp.asarray(ROWS), RNG.random(ROWS.shape) < 0.7
    weights = RNG.uniform(0, 2, size=ROWS.shape)
    found = jax.vmap(lambda x, q: ss.boltzmann(x, alpha=q))(rows, jnp.array([1.0, -1.0, 0.0, inf, 0.5]))
    exact = [ss.boltzmann(row, alpha=q) for row, q in zip(ROWS, (1.0, -1.0, 0.0, inf, 0.5), strict=True)]
    assert np.allclose(found, exact, rtol=1e-14)
    found = jax.vmap(jax.grad(lambda x, m, w: ss.mellowmax(x, where=m, weights=w)))(rows, mask, weights)
    assert np.allclose(found, ss.mellowmax(ROWS, where=mask, weights=weights, of="gradient"), rtol=1e-14)


def test_a_kernel_is_compiled_once_for_all_parameters_of_a_sign():
    with jax.log_compiles():
        from smoothsym.kernels.jax_autograd import _jitted

        ss.boltzmann(jnp.asarray(ROWS), alpha=0.3)
        before = _jitted._cache_size()
        ss.boltzmann(jnp.asarray(ROWS), alpha=0.4)
    assert _jitted._cache_size() == before


def test_mistakes_are_named():
    row = jnp.asarray(ROWS[0])
    with pytest.raises(ValueError, match="no derivative by weights"):
        jax.grad(lambda w: ss.logsumexp(row, weights=w))(jnp.ones(6))
    with pytest.raises(NotImplementedError, match="up to the second"):
        jax.grad(lambda x: jax.hessian(ss.logsumexp)(x).sum())(row)
    with pytest.raises(TypeError, match="leave rounded=True out"):
        jax.jit(lambda x: ss.logsumexp(x, rounded=True))(row)
