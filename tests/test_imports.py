"""The house stands: who may import whom, no circles, no engine module that names an operator, and a public face that loads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import smoothsym as ss

HOUSE = Path(ss.__file__).parent
FLOORS = (
    {"words", "formats", "errors", "version", "calling", "notebook", "plots"},
    {"symbolic"},
    {"program"},
    {"certify"},
    {"cases"},
    {"laws"},
    {"kernels", "operator", "special_values", "error_bound"},
    {"catalogue"},
    {"auditing"},
    {"tables", "reports"},
    {"cli", "testing", "pytest_plugin", "__main__", "__init__"},
)
ENGINE = ("symbolic", "program", "certify", "cases", "laws")

Modules = dict[str, str]
"""Source by dotted name."""


@cache
def read() -> Modules:
    names = {path: path.relative_to(HOUSE.parent).with_suffix("").parts for path in HOUSE.rglob("*.py")}
    return {".".join(parts).removesuffix(".__init__"): path.read_text("utf-8") for path, parts in names.items()}


def house() -> Modules:
    """Every file, read once; whoever adds to it has a copy."""
    return dict(read())


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def floor(module: str) -> int:
    found = [number for number, rooms in enumerate(FLOORS) if room(module) in rooms]
    assert found, f"{module} is in no room of DESIGN.md, section 2"
    return found[0]


@cache
def importing(source: str) -> list[ast.AST]:
    """The imports in a file, those in functions and by import_module included."""
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func))
    ]


def imports(module: str, modules: Modules) -> Iterator[tuple[int, str]]:
    """(line, module of the house) for each import in a file."""
    package = module if any(name.startswith(module + ".") for name in modules) else module.rpartition(".")[0]
    for node in importing(modules[module]):
        named: list[str] = []
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*up, *([node.module] if node.module else [])])
            # `from package import name` is an import of the module of that name, where there is one.
            named = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules else base for alias in node.names]
        elif isinstance(node, ast.Call):
            named = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        for name in named:
            if name.split(".")[0] == "smoothsym":
                assert name in modules, f"{module}, line {node.lineno}: there is no module {name}"
                yield node.lineno, name


def forbidden(modules: Modules) -> list[str]:
    """The imports that go up, from a room to one on a higher floor."""
    return [
        f"{module}, line {line}: imports {other}"
        for module in modules
        for line, other in imports(module, modules)
        if room(module) != room(other) and floor(other) > floor(module)
    ]


def circle(modules: Modules) -> list[str]:
    """A circle of imports, as the modules on it; empty where there is none."""
    below = {module: sorted({other for _, other in imports(module, modules)} - {module}) for module in modules}
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        found = next((c for other in below[module] if (c := visit(other, [*path, module]))), [])
        done.add(module)
        return found

    return next((c for module in sorted(modules) if (c := visit(module, []))), [])


def names_used(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) for each identifier and each string of a file that is no docstring."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield line, node.value
        for field in ("id", "attr", "arg", "name", "module", "asname"):
            if isinstance(text := getattr(node, field, None), str):
                yield line, text


def members_named(source: str) -> list[str]:
    """Where a file names a member of the catalogue."""
    member = re.compile(rf"(?<![a-z])({'|'.join(ss.operators)})(?![a-z])", re.IGNORECASE)
    return [f"line {line}: {text!r}" for line, text in names_used(source) if member.search(text)]


def test_nobody_imports_from_a_higher_floor():
    assert forbidden(house()) == []


def test_no_circle_of_imports():
    assert circle(house()) == []


def test_no_engine_module_names_a_member_of_the_catalogue():
    engine = {module: path for module, path in house().items() if room(module) in ENGINE}
    assert (
        len(engine) > 100 and {module: found for module, path in engine.items() if (found := members_named(path))} == {}
    )


@pytest.mark.parametrize("name", ss.__all__)
def test_every_public_name_loads(name):
    assert getattr(ss, name) is not None
    assert name in dir(ss)


def test_an_unknown_public_name_suggests_the_nearest():
    with pytest.raises(AttributeError, match="did you mean 'logsumexp'"):
        _ = ss.logsumxp


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("smoothsym.formats", "from smoothsym import cases"),
        ("smoothsym.symbolic.moments", "def f():\n    from smoothsym.program.lower import lower"),
        ("smoothsym.certify.exact", "import smoothsym.laws"),
        ("smoothsym.program.lower", "from ..certify import special"),
        ("smoothsym.laws.verdict", "from smoothsym.catalogue import operators"),
        ("smoothsym.auditing.measuring.judge", "from smoothsym import cli"),
        ("smoothsym.cases", "import smoothsym as ss"),
        ("smoothsym.kernels.kernel", "from importlib import import_module; import_module('smoothsym.auditing')"),
    ],
)
def test_a_forbidden_import_is_caught(module, line):
    modules = house()
    modules[module] += f"\n\n{line}\n"
    assert len(forbidden(modules)) == 1 and forbidden(modules)[0].startswith(module)


@pytest.mark.parametrize(
    "line", ["from smoothsym.certify import enclose", "def f():\n    import smoothsym.certify.enclose"]
)
def test_a_circle_within_a_room_is_caught(line):
    modules = house()
    modules["smoothsym.certify.exact"] += f"\n\n{line}\n"
    assert {"smoothsym.certify.exact", "smoothsym.certify.enclose"} <= set(circle(modules))


@pytest.mark.parametrize(
    "line",
    [
        "if name == 'logsumexp': pass",
        "from somewhere import pnorm",
        "boltzmann = 1",
        "def mellowmax_rule(): pass",
        "f(logsumexp=1)",
        "op.kind_of_pnorm",
    ],
)
def test_a_name_of_a_member_is_caught(line):
    assert members_named(f'"""Mentions logsumexp, as it may."""\n{line}\n') != []


def test_a_docstring_may_name_a_member():
    assert members_named('"""Log-sum-exp: logsumexp."""\n\n\ndef f():\n    """Such as pnorm."""\n') == []


def test_a_room_outside_the_plan_is_caught():
    modules = house() | {"smoothsym.shed": "from smoothsym import words\n"}
    with pytest.raises(AssertionError, match="in no room"):
        forbidden(modules)
