"""Where a target fails, code of ours is tried at the same input, judged likewise, and told only if it passes, with its bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.util import find_spec
from math import isfinite
from typing import Any

import numpy as np
from sympy import Expr

from smoothsym.auditing.asking.bridge import Bridged
from smoothsym.auditing.asking.calls import Passing
from smoothsym.auditing.findings.finding import Finding, number
from smoothsym.auditing.findings.reproduction import operator
from smoothsym.auditing.measuring.measure import Task, run
from smoothsym.cases import Case
from smoothsym.certify.enclose import reference
from smoothsym.error_bound import JAX, NUMPY, TORCH, bound
from smoothsym.kernels import Kernel

SOURCES = {"numpy": "NumPy", "torch": "PyTorch", "jax": "JAX"}
"""Whose arrays generated source is written for."""

MODELS = {"numpy": NUMPY, "torch": TORCH, "jax": JAX}

MISBEHAVES = ("mutates its input", "wrong dtype", "wrong shape", "not deterministic")


@dataclass(frozen=True)
class Candidate:
    """Code that may stand in the place of a target: `source` defines the function `name`, and `call` is that function."""

    title: str
    name: str
    source: str
    call: Callable[..., Any]
    kernel: Kernel | None = None
    arrays: str = "numpy"


@dataclass(frozen=True)
class Outcome:
    """What a candidate came to at one input."""

    passes: bool
    scaled: float
    ulp: float


@dataclass
class Repairs:
    """The candidates for a target, and what came of them so far."""

    task: Task
    candidates: Sequence[Candidate]
    tried: dict[Any, Outcome] = field(default_factory=dict)

    def outcome(self, candidate: Candidate, case: Case) -> Outcome:
        """Judge a candidate at an input as the target is judged."""
        key = (candidate.title, candidate.arrays, repr(case))
        if key not in self.tried:
            symbol = self.task.op.parameter
            way = Passing() if symbol is None else Passing(symbol.name)
            ours = replace(self.task, target=candidate.call, passing=way, batched=False, bound=None)
            tally = run(ours, [case])
            tally.settle(ours)
            falls = [finding for finding in tally.findings.values() if finding.falls]
            passes = bool(tally.rows) and not falls
            self.tried[key] = Outcome(passes, tally.max_scaled, tally.max_ulp)
        return self.tried[key]

    def told(self, finding: Finding, others: Sequence[Finding]) -> str:
        """Code that passes at a finding, and at the others if any does, as text to paste; or that there is none."""
        case, best = finding.case, None
        for candidate in self.candidates:
            if not self.outcome(candidate, case).passes:
                continue
            kept = sum(self.outcome(candidate, other.case).passes for other in others)
            if best is None or kept > best[1]:
                best = candidate, kept
            if kept == len(others):
                break
        if best is None:
            return self._none(case)
        candidate, kept = best
        return f"{self._head(candidate, case, kept, len(others))}\n{candidate.source}"

    def _none(self, case: Case) -> str:
        known = [(self.outcome(candidate, case), candidate) for candidate in self.candidates]
        if not known:
            return "# No code of ours computes this."
        outcome, candidate = min(known, key=lambda pair: pair[0].scaled)
        said = f"scaled {number(outcome.scaled)}, where {self.task.tol:g} is allowed"
        return f"# No code of ours passes here. The nearest, {candidate.title}: {said}."

    def _head(self, candidate: Candidate, case: Case, kept: int, others: int) -> str:
        outcome = self.outcome(candidate, case)
        lines = [f"{candidate.title}. Here: {number(outcome.ulp)} ulp, scaled {number(outcome.scaled)}"]
        most = self._bound(candidate, case)
        if most is not None:
            here = (
                f"the error is at most {most:.2g} (rigorous bound)" if isfinite(most) else "no rigorous bound is finite"
            )
            lines[0] += f"; {here}"
        if others:
            many = "the other input that falls short" if others == 1 else f"{others} other inputs that fall short"
            passed = {0: "not at ", others: "also at "}.get(kept, f"also at {kept} of ") + many
            lines.append(f"It passes {passed}.")
        parameter = "" if case.parameter is None else f", {self.task.op.parameter.name}={_written(case.parameter)}"
        lines.append(
            f"Call {candidate.name}(x{', v' if case.v is not None else ''}{parameter}), the vector along the last axis."
        )
        return "\n".join(f"# {line}" for line in (f"{lines[0]}.", *lines[1:]))

    def _bound(self, candidate: Candidate, case: Case) -> float | None:
        """The rigorous bound of a kernel there, the largest of its entries; None for code that is not bounded, and special rows."""
        if candidate.kernel is None or not case.x or not all(map(isfinite, case.x)):
            return None
        given = {} if case.parameter is None else {self.task.op.parameter.name: case.parameter}
        try:
            error = bound(candidate.kernel, None if candidate.arrays == "numpy" else MODELS[candidate.arrays])
            most = float(np.max(error.rigorous(np.array(case.x), dtype=self.task.fmt.name, **given)))
        except (ArithmeticError, ValueError, TypeError, NotImplementedError):
            return None
        return most


def repaired(findings: Iterable[Finding], task: Task, arrays: str = "numpy") -> list[Finding]:
    """The findings, those that fall short with code of ours that passes there. `arrays`: whose arrays the target takes."""
    findings = list(findings)
    falling = [finding for finding in findings if finding.falls and finding.kind not in MISBEHAVES]
    if not falling:
        return findings
    repairs = Repairs(
        task, candidates(task.op, task.of, arrays if arrays in SOURCES and find_spec(arrays) else "numpy")
    )
    # Inputs at which the target does not even answer are often long.
    texts = {id(f): repairs.told(f, [other for other in falling if other is not f]) for f in falling}
    return [replace(finding, repair=texts.get(id(finding), "")) for finding in findings]


@lru_cache(maxsize=64)
def candidates(op: Any, of: Any, arrays: str) -> tuple[Candidate, ...]:
    """What may stand in the place of a target: source on its own first, then what smoothsym computes, by growing effort."""
    return (*_source(op, of, arrays), *_kernels(op, of), *_certified(op, of))


def _source(op: Any, of: Any, arrays: str) -> Iterator[Candidate]:
    """The stable form, as source that needs nothing but the library."""
    try:
        source = op.code(arrays, of)
        (name,) = [line[4:].partition("(")[0] for line in source.splitlines() if line.startswith("def ")][-1:]
        names: dict[str, Any] = {}
        exec(compile(source, f"<{name}>", "exec"), names)
    except (ArithmeticError, ValueError, TypeError, AttributeError, NotImplementedError, SyntaxError, ImportError):
        return
    kernel = getattr(op, "kernels", {}).get({"value": "stable", "gradient": "stable_gradient"}.get(str(of)))
    call = Bridged(names[name], arrays) if arrays != "numpy" else names[name]
    yield Candidate(
        f"The stable form of {op.name}, for {SOURCES[arrays]} alone", name, source.strip(), call, kernel, arrays
    )


def _kernels(op: Any, of: Any) -> Iterator[Candidate]:
    """The kernels, which answer special values too; the form that the operator recommends, then the one in twice the precision."""
    if str(of) not in ("value", "gradient") or not getattr(op, "kernels", None):
        return
    (known, imported), name = operator(op), _name(op, of)
    head = f"import smoothsym as ss{imported}\n\n"
    end = "" if of == "value" else "_gradient"
    asked = "" if of == "value" else ", of='gradient'"
    given = _given(op)
    usual = f"{head}def {name}(x{given}):\n    return {known}(x{asked}{_passed(op)})"
    stable, twice = op.kernels[f"stable{end}"], op.kernels[f"compensated{end}"]
    yield Candidate(f"The recommended kernel of {op.name}", name, usual, lambda x, **p: op(x, of=of, **p), stable)
    form = f"{head}def {name}(x{given}):\n    return {known}.kernels['{twice.name}'](x{_passed(op)})"
    yield Candidate(f"The compensated kernel of {op.name}", name, form, twice, twice)


def _certified(op: Any, of: Any) -> Iterator[Candidate]:
    """The certified reference, correctly rounded; slower."""
    if isinstance(of, Expr) or str(of) in ("vjp", "jvp", "hvp"):
        return
    name, asked = _name(op, of), "" if of == "value" else f", of={of!r}"
    known, imported = operator(op)
    head = f"import smoothsym as ss{imported}\n\n"
    text = f"{head}def {name}(x{_given(op)}):\n    return ss.reference({known}, x{asked}, dtype=x.dtype{_passed(op)})"
    call = lambda x, **p: reference(op, x, of=of, dtype=x.dtype, **p)  # noqa: E731
    yield Candidate(f"The certified value of {op.name}, correctly rounded", name, text, call)


def _name(op: Any, of: Any) -> str:
    own = op.name if op.name.isidentifier() else "repaired"
    return own if of == "value" else f"{own}_{of}"


def _given(op: Any) -> str:
    return "" if op.parameter is None else f", {op.parameter.name}"


def _passed(op: Any) -> str:
    return "" if op.parameter is None else f", {op.parameter.name}={op.parameter.name}"


def _written(value: float) -> str:
    return repr(value) if isfinite(value) else f"float('{value!r}')"
