"""Each library's targets compute what their table says, on plain rows; a table that says something else is caught."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.auditing.asking.bridge import Bridged
from smoothsym.auditing.asking.calls import resolve
from smoothsym.auditing.audit import PAIRED
from smoothsym.auditing.targets import LIBRARIES, ours, targets
from smoothsym.auditing.targets.target import HERE, Library, operator

sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))
from needed import needed

DECLARED = [target for library in LIBRARIES for target in library.targets if target.device == "cpu"]


def plain(op, lengths):
    """Moderate rows without ties: where even naive code is right."""
    rng = np.random.default_rng(3)
    size = op.arity or (lengths[-1] if lengths else 5)
    rows = rng.normal(size=(6, size)) * 2
    return np.abs(rows) + 0.25 if op.domain == "positive" else rows


def audited(target, dtype):
    op = operator(target.op)
    given = dict(target.fixed)
    if op.parameter is not None:
        usual = target.parameters or (2.0,)
        given = {op.parameter.name: usual[0]} | given
    lengths = target.lengths if target.lengths == (2,) else (5,)
    return ss.audit(target.dotted, op, target.of, dtype, data=plain(op, lengths), timeout=None, **given)


@pytest.mark.sampled
@pytest.mark.parametrize("target", DECLARED, ids=lambda t: f"{t.dotted.removeprefix(HERE)}-{t.of}")
def test_a_target_computes_what_the_table_says(target):
    needed(target.library)
    if not target.installed:
        pytest.skip(f"the operator {target.op} is not there yet")
    for dtype in target.dtypes:
        found = audited(target, dtype)
        assert found.max_scaled < 100 and not found.refused, str(found)
        assert not {f.kind for f in found.findings} & {"wrong dtype", "mutates its input", "not deterministic"}


def test_a_table_that_says_something_else_is_caught():
    mine = Library("Mine", f"{HERE}.numpy", "numpy")
    mine.computes("mellowmax", alpha=1.0)(np.sum)
    mine.computes("pnorm", p=3.0)(np.linalg.norm)
    wrong = [
        (mine.targets[0], lambda x: np.log(np.sum(np.exp(x)))),  # a sum where a mean is claimed
        (mine.targets[1], np.linalg.norm),  # the order is another
    ]
    for target, function in wrong:
        op = operator(target.op)
        assert ss.audit(function, op, data=plain(op, ()), **target.fixed).max_scaled > 1e6


def test_names_resolve_and_are_their_own():
    everything = targets()
    assert len({(target.dotted, target.of) for target in everything}) == len(everything)
    assert all(callable(resolve(target.dotted)) for target in everything if target.installed)
    assert all(callable(resolve(target.twin)) for target in everything if target.twin and target.installed)
    assert {target.op for target in ours()} == set(ss.operators)
    for module, name in (("ours", "logsumexp_stabl"), ("torch", "logsumexp_valu")):
        with pytest.raises(AttributeError, match="did you mean"):
            getattr(__import__(f"{HERE}.{module}", fromlist=["_"]), name)


def test_nothing_heavy_is_imported_to_know_what_there_is():
    code = "from smoothsym.auditing.targets import targets; import sys; targets(); print({'torch', 'jax', 'scipy', 'sklearn'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout == "set()\n", run.stderr


def test_versions_are_said():
    assert {target.name: target.version for target in targets()}["NumPy linalg.norm"] == np.__version__


@pytest.mark.parametrize("arrays", ["torch", "jax"])
def test_any_value_function_has_its_gradient_audited_by_its_library(arrays):
    xp = needed({"torch": "torch", "jax": "jax.numpy"}[arrays])
    sound = Bridged(lambda x: xp.logaddexp(x[0], x[1]), arrays, "gradient")
    row = np.array([1.0, 2.0])
    assert np.allclose(sound(row), np.exp(row - np.logaddexp(1.0, 2.0)), rtol=1e-15)
    for of, moved in (("vjp", 2 * sound(row)), ("jvp", np.array(2 * sound(row) @ [1.0, 0.0]))):
        along = np.array([2.0]) if of == "vjp" else np.array([2.0, 0.0])
        got = Bridged(lambda x: xp.logaddexp(x[0], x[1]), arrays, of)(row, along)
        assert got.shape == moved.shape and np.allclose(got, moved, rtol=1e-15)


def test_an_audit_on_tensors_takes_the_gradient_and_says_how_to_see_it():
    torch = needed("torch")
    options = {"dtype": "float32", "budget": 60, "alpha": 1.0, "arrays": "torch", "keywords": {"dim": -1}}
    bad = ss.audit(torch.logsumexp, ss.logsumexp, "gradient", **options)
    assert bad.verdict == "falls short" and bad.worst.kind == "cancellation" and bad.target == "torch:logsumexp"
    got, exact = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", bad.worst.reproduction], capture_output=True, text=True, check=True
    ).stdout.split()
    assert float(got) == float(bad.worst.got) and exact.startswith(bad.worst.exact[:6])
    assert ss.audit(torch.softmax, ss.logsumexp, "gradient", **options).holds
    by_order = {"arrays": "torch", "keywords": {"ord": ss.p}, "budget": 60}
    norm = ss.audit(torch.linalg.vector_norm, ss.pnorm, parameters=[3.0, 1.0], **by_order)
    assert (
        norm.verdict == "falls short" and "p=3.0" in norm.worst.reproduction and "ord=ss.p" in norm.worst.reproduction
    )
    moderate = ss.audit(
        torch.linalg.vector_norm, ss.pnorm, arrays="torch", keywords={"ord": ss.p}, data=plain(ss.pnorm, ()), p=3.0
    )
    assert moderate.max_scaled < 2


def test_an_audit_under_jit():
    jnn = needed("jax.nn")
    found = ss.audit(
        jnn.logsumexp, ss.logsumexp, "gradient", arrays="jax", compiled=True, data=plain(ss.logsumexp, ()), alpha=1.0
    )
    assert found.holds and found.max_ulp < 10


def test_tensors_where_numpys_arrays_come_are_told():
    torch = needed("torch")
    with pytest.raises(ValueError, match="arrays='torch'"):
        ss.audit(torch.logsumexp, ss.logsumexp, alpha=1.0)
    found = ss.audit(lambda x: torch.logsumexp(x, -1), ss.logsumexp, alpha=1.0, budget=5)
    assert any("arrays='torch'" in note for note in found.notes)


def test_the_command_line_takes_arrays_and_keywords(capsys):
    needed("torch")
    from smoothsym.cli import main

    argv = "audit torch:linalg.vector_norm --as pnorm --arrays torch --with ord=p dim=-1 --budget 30 --dtype float32 --json"
    argv = argv.replace(" dim", " --with dim").split()
    assert main(argv) == 1
    assert '"target": "torch:linalg.vector_norm"' in capsys.readouterr().out
    assert main(["audit", "torch:logsumexp", "--as", "logsumexp", "--alpha", "1"]) == 2
    assert "--arrays torch" in capsys.readouterr().err
    assert main(["audit", "numpy:sum", "--as", "logsumexp", "--with", "axis"]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize("arrays", ["torch", "jax", "array_api_strict"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_numbers_cross_as_they_are_in_every_format(arrays, dtype):
    needed(arrays)
    from smoothsym import formats

    fmt = formats.get(dtype)
    if arrays == "array_api_strict" and dtype not in ("float32", "float64"):
        # The standard has no such format, and nothing crosses in another one.
        with pytest.raises(TypeError, match=f"array_api_strict.* does not support the dtype '{dtype}'"):
            Bridged(lambda x: x, arrays)(np.ones(2).astype(fmt.dtype))
        return
    row = np.array([1.0, -0.0, np.inf, -np.inf, np.nan, float(fmt.largest), float(fmt.smallest_subnormal)]).astype(
        fmt.dtype
    )
    back = Bridged(lambda x: x, arrays)(row.copy())
    assert back.dtype == row.dtype and back.tobytes() == row.tobytes()


def test_what_writes_to_a_tensor_is_seen():
    torch = needed("torch")

    def writes(x):
        x[0] = 0
        return torch.logsumexp(x, -1)

    row = np.array([1.0, 2.0])
    Bridged(writes, "torch")(row)
    assert row[0] == 0


def test_float64_is_there_for_its_rows_and_the_setting_of_the_user_stays():
    jax = needed("jax")
    jnp = needed("jax.numpy")
    before = jax.config.jax_enable_x64
    assert Bridged(jnp.sum, "jax")(np.array([1.0])).dtype == np.float64
    assert Bridged(jnp.sum, "jax", compiled=True)(np.array([1.0], np.float32)).dtype == np.float32
    assert jax.config.jax_enable_x64 == before


BAD = [
    (("numpy:sum", "tensorflow"), {}, ValueError, "arrays='tensorflow'"),
    (("numpy:sum", "numpy", "gradient"), {}, ValueError, "no automatic differentiation"),
    (("numpy:sum", "torch", "hessian"), {}, ValueError, "of='hessian'"),
    ((3, "numpy"), {}, TypeError, "dotted name"),
]


@pytest.mark.parametrize("arguments, options, error, said", BAD)
def test_what_cannot_be_bridged_is_refused(arguments, options, error, said):
    with pytest.raises(error, match=said):
        Bridged(*arguments, **options)


def test_a_bridged_target_travels_by_the_name_of_its_function():
    again = pickle.loads(pickle.dumps(Bridged("math:fsum", "numpy")))
    assert again([1.0, 2.0]) == 3 and again.name == "math:fsum" and again.options == "'numpy'"


# ---- functions of two arrays -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library, name", [("torch", "torch:logaddexp"), ("jax", "jax.numpy:logaddexp")])
def test_a_function_of_two_arrays_is_differentiated(library, name, capsys):
    needed(library)
    options = {"arrays": library, "of": "gradient", "dtype": "float32", "alpha": 1.0, "compiled": library == "jax"}
    found = ss.audit(name, ss.logsumexp, budget=8, **options)
    assert found.notes[0] == PAIRED and found.target == name and "pairs=True" in found.worst.reproduction
    exec(found.worst.reproduction, {})
    assert float(capsys.readouterr().out.split()[0]) == float(found.worst.got)


def test_derivatives_by_both_arguments_are_one_gradient():
    jax = needed("jax")
    slope = jax.grad(jax.numpy.logaddexp, argnums=(0, 1))
    rows = [[0.5, 1.5], [2.0, 2.0]]
    found = ss.audit(slope, ss.logsumexp, of="gradient", arrays="jax", dtype="float32", alpha=1.0, data=rows)
    assert found.notes[0] == PAIRED and found.verdict == "holds" and found.max_scaled > 0
