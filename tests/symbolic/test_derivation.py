"""Every derivation holds, its committed text is what its source weaves, and a corrupted one is caught."""

import importlib.util
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sympy import S, Sum, Symbol, exp, log, oo

import smoothsym as ss
from smoothsym.symbolic import weaving
from smoothsym.symbolic.derivation import BrokenStep, Derivation
from smoothsym.symbolic.figures import Curve, Figure
from smoothsym.symbolic.weaving import check_all, weave_all
from smoothsym.words import alpha, i, j, maximum, minimum, n, x

HERE = Path(__file__).parents[2] / "derivations"
SOURCES = sorted(HERE.glob("*.py"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE, tmp_path / "derivations", ignore=shutil.ignore_patterns("__pycache__")))


def load(name: str) -> Any:
    """A source as a module."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def only(directory: Path, name: str) -> Path:
    """The source of that name, all other sources of the directory removed."""
    for path in directory.glob("*.py"):
        if path.stem != name:
            path.unlink()
    return directory / f"{name}.py"


def alone(directory: Path, name: str) -> list[Path]:
    """What the source of that name weaves, all else of the directory removed."""
    source = only(directory, name)
    woven = weave_all(directory)
    for path in set(directory.glob("*.*")) - {source, *woven}:
        path.unlink()
    return woven


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that has not changed is run once."""
    run, known = weaving._woven, {}

    def remembered(source: Path) -> dict[str, bytes]:
        key = source.stem, source.read_bytes()
        if key not in known:
            known[key] = run(source)
        return known[key]

    monkeypatch.setattr(weaving, "_woven", remembered)


# The pages of all operators and the bounds without a range take most of the time: some of the pages have tests of their own, below.
LONG = ("operators", "rounding_range_free")
EACH = [pytest.param(q, marks=[pytest.mark.long] * (q.stem in LONG), id=q.stem) for q in SOURCES]


@pytest.mark.parametrize("source", EACH)
def test_a_committed_derivation_holds_and_is_woven_and_one_changed_byte_is_caught(
    copy: Path, source: Path, once: None
) -> None:
    targets = alone(copy, source.stem)
    assert targets and all(target.read_bytes() == (HERE / target.name).read_bytes() for target in targets)
    assert check_all(copy) == []
    for target in targets:
        content = bytearray(target.read_bytes())
        content[len(content) // 2] ^= 1
        target.write_bytes(content)
    assert [problem.split(":")[0] for problem in check_all(copy)] == [target.name for target in targets]


def test_every_committed_file_has_a_source() -> None:
    stems = {source.stem for source in SOURCES}
    assert stems >= {"boltzmann", "logsumexp_from_entropy", "pnorm"}
    texts = {path.stem: path.read_text() for path in HERE.glob("*.md")}
    assert set(texts) == stems - {"operators"} | {f"operator_{name}" for name in ss.operators}
    figures = {path.name for path in HERE.glob("*.svg")}
    assert figures and all(any(f"({figure})" in text for text in texts.values()) for figure in figures)


@pytest.mark.long
def test_the_committed_derivations_hold_together() -> None:
    assert check_all(HERE) == []


def test_weaving_again_gives_the_same_bytes(copy: Path) -> None:
    # The test above weaves all of them; here those that draw.
    for source in set(copy.glob("*.py")) - {copy / f"{name}.py" for name in ("boltzmann_gap", "pnorm")}:
        source.unlink()
    written = weave_all(copy)
    assert {path.suffix for path in written} == {".md", ".svg"}
    assert all(path.read_bytes() == (HERE / path.name).read_bytes() for path in written)


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("boltzmann", "grad = pi[i] * (1 + alpha", "grad = pi[i] * (1 - alpha"),
        ("boltzmann", "alpha, -oo, minimum(x)", "alpha, -oo, maximum(x)"),
        ("boltzmann", 'd.sign(V, ">="', 'd.sign(V, "<="'),
        ("logsumexp_from_entropy", "found = L - 1 / alpha", "found = L + 1 / alpha"),
        ("logsumexp_from_entropy", "D / alpha + (1 - mass) * L", "D / alpha - (1 - mass) * L"),
        (
            "logsumexp_from_entropy",
            "root = exp(alpha * (x[i] - multiplier) - 1)",
            "root = exp(alpha * (x[i] - multiplier) + 1)",
        ),
        ("boltzmann_gap", "exp(-1 - g) - (t[j] - g)", "exp(-1 - g) + (t[j] - g)"),
        ("boltzmann_gap", "size * (1 + omega)", "size * (1 - omega)"),
        ("boltzmann_expansion", "2 * q * ((1 - q) * 2 / (1", "2 * q * ((1 + q) * 2 / (1"),
        ("boltzmann_expansion", "apart > Fraction(1, 2)", "-apart > Fraction(1, 2)"),
        ("boltzmann_expansion", "ends[1] < high", "ends[1] > high"),
        ("boltzmann_expansion", "2 + (1 - 2 * q) * ell", "1 + (1 - 2 * q) * ell"),
        ("extreme_means", "(u + omega) * exp(-u)", "(u - omega) * exp(-u)"),
        ("extreme_means", "omega * exp(2 + omega) / 2)", "omega * exp(2 + omega) / 3)"),
        ("free_energy", "d.equal(L, S + H / alpha", "d.equal(L, S - H / alpha"),
        ("soft_bellman", "+ tau * H)", "- tau * H)"),
        ("pnorm_as_logsumexp", "-N * H / p**2", "N * H / p**2"),
        ("pnorm", "(p - 1) * N ** (1 - 2 * p)", "(1 - p) * N ** (1 - 2 * p)"),
        ("pnorm", "t, p * Abs(t) ** (p - 1)", "t, -p * Abs(t) ** (p - 1)"),
        ("means", "slope[i] * bend[i] - at_M", "slope[i] * bend[i] + at_M"),
        ("means", "own - once(x[i])", "own + once(x[i])"),
        ("gumbel", "total, exp(-alpha * (t - L))", "total, exp(-alpha * (t + L))"),
        ("gumbel", "pi[i] * whole", "pi[i] / whole"),
        ("lehmer_as_integral", "F - before", "F + before"),
        ("lehmer_as_integral", "S + h * V / 2", "S - h * V / 2"),
        ("maximum_entropy_mellowmax", "omega**2 * b / (24 * a)", "omega**2 * b / (25 * a)"),
        ("smu_erf", "sqrt(pi) * (1 - mu**2", "sqrt(pi) * (1 + mu**2"),
        ("smu_erf", "values[0][1] < values[1][0]", "values[1][1] < values[0][0]"),
    ],
)
def test_a_flipped_sign_breaks_its_step(copy: Path, name: str, old: str, new: str) -> None:
    source = only(copy, name)
    text = source.read_text()
    assert text.count(old) == 1
    source.write_text(text.replace(old, new))
    problems = check_all(copy)
    assert len(problems) == 1 and problems[0].startswith(f"{name}.py: BrokenStep: ") and "step" in problems[0]


def test_what_breaks_is_not_woven(copy: Path) -> None:
    source = only(copy, "free_energy")
    source.write_text(source.read_text().replace("d.equal(L, S + H / alpha", "d.equal(L, S - H / alpha"))
    with pytest.raises(BrokenStep):
        weave_all(copy)


def test_a_missing_and_an_orphaned_text_are_caught(copy: Path) -> None:
    alone(copy, "pnorm")
    (copy / "pnorm.md").rename(copy / "stray.md")
    assert check_all(copy) == ["pnorm.md: not woven", "stray.md: has no source"]


def test_a_text_that_two_sources_weave_is_caught(copy: Path) -> None:
    alone(copy, "pnorm")
    (copy / "twin.py").write_text((copy / "pnorm.py").read_text().replace("return d\n", 'return {"pnorm": d}\n'))
    assert check_all(copy) == ["pnorm.md: woven twice, the second time by twin.py"]


def test_an_empty_directory_is_no_clean_one(tmp_path: Path) -> None:
    assert len(check_all(tmp_path)) == 1


def test_a_broken_step_names_itself_and_both_sides() -> None:
    d = Derivation("Sums")
    d.equal(Sum(2 * x[j], (j, 1, n)), 2 * Sum(x[j], (j, 1, n)), because="A sum is linear")
    with pytest.raises(BrokenStep, match=r"Sums, step 2 \(Wrong\).*alpha.*x\[i\]"):
        d.equal(alpha, x[i], because="Wrong")


def test_a_name_is_written_out_before_it_is_checked() -> None:
    d = Derivation("Names")
    Z = Symbol("Z", real=True)
    d.define(Z, Sum(exp(alpha * x[j]), (j, 1, n)))
    d.derivative(Z, x[i], alpha * exp(alpha * x[i]), because="One term has it")
    # The j of Z is bound inside Z, so a sum over another j does not capture it.
    d.equal(Sum(x[j] * Z, (j, 1, n)), Z * Sum(x[j], (j, 1, n)), because="It is constant in the index")
    with pytest.raises(BrokenStep):
        d.equal(Sum(exp(alpha * x[j]) * Z, (j, 1, n)), Sum(exp(alpha * x[j]) ** 2, (j, 1, n)), because="Captured")


@pytest.mark.parametrize("prose", ["the formula $x$", r"\alpha"])
def test_a_formula_cannot_be_typed_into_prose(prose: str) -> None:
    with pytest.raises(ValueError, match="typed"):
        Derivation("Prose").text(prose)


def test_a_false_limit_or_sign_is_refused() -> None:
    d = Derivation("False")
    top = Sum(x[j] * exp(alpha * x[j]), (j, 1, n)) / Sum(exp(alpha * x[j]), (j, 1, n))
    with pytest.raises(BrokenStep):
        d.limit(top, alpha, oo, minimum(x), because="No")
    with pytest.raises(BrokenStep):
        d.sign(alpha, ">", because="Alpha may be negative")
    d.limit(top, alpha, oo, maximum(x), because="Yes")
    d.sign(alpha, ">", because="Assumed", when=alpha > 0)
    assert d.steps == 2


def test_a_step_for_one_length_says_so_and_proves_no_other() -> None:
    d = Derivation("Two entries")
    d.equal(Sum(x[j], (j, 1, n)), x[1] + x[2], because="Written out", n=2)
    assert "for $n = 2$" in d.weave()
    with pytest.raises(BrokenStep):
        d.equal(Sum(x[j], (j, 1, n)), x[1] + x[2], because="Not for every n")


def test_cauchy_schwarz_needs_its_factor_and_its_terms() -> None:
    d = Derivation("Squares")
    form = n * Sum(x[j] ** 2, (j, 1, n)) - Sum(x[j], (j, 1, n)) ** 2
    d.cauchy_schwarz(form, S.One, (S.One, x[j] ** 2, x[j]), because="Mean square against squared mean")
    with pytest.raises(BrokenStep):
        d.cauchy_schwarz(-form, -S.One, (S.One, x[j] ** 2, x[j]), because="The factor is negative")
    with pytest.raises(BrokenStep):
        d.cauchy_schwarz(form, S.One, (S.One, x[j] ** 2, -2 * x[j]), because="The terms do not match")


def test_a_definition_with_a_loose_index_is_refused() -> None:
    with pytest.raises(ValueError, match="free"):
        Derivation("Loose").define(Symbol("Z"), x[i])


# A page takes as long as its operator has series and laws; the others are woven where there is time, by `operators` above.
@pytest.mark.parametrize("name", ["logcosh", "softmax", "smoothabs", "sparsemax"])
def test_an_operator_has_a_page_by_its_definition_alone(name: str) -> None:
    text = load("operators").page(ss.operators[name]).weave()
    assert (HERE / f"operator_{name}.md").read_text() == text
    assert "## Laws" in text and "## Limits" in text and "## Special values" in text


def test_an_operator_of_ones_own_has_a_page() -> None:
    own = ss.SmoothMax(name="own", definition=log(1 + Sum(exp(alpha * x[j]), (j, 1, n))) / alpha)
    text = load("operators").page(own).weave()
    assert "**Proved**" in text and "**Refuted**" in text


def test_a_wrong_formula_of_an_operator_breaks_its_page() -> None:
    own = ss.SmoothMax(name="own", definition=Sum(exp(alpha * x[j]), (j, 1, n)) / n)
    own.hvp = -own.hvp
    with pytest.raises(BrokenStep, match="own, step"):
        load("operators").page(own)


def test_a_figure_places_its_points_exactly() -> None:
    line = Curve("f & g", [(Fraction(0), Fraction(0)), (Fraction(1, 3), Fraction(1))])
    drawn = Figure("A line", [line], ("x", (0, 1)), ("y", (0, 1)), 300, 100).svg()
    assert 'points="56,130 156,30"' in drawn and "f &amp; g" in drawn and "currentColor" in drawn
