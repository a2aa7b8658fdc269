"""A directory of derivations: each source is run, and what it weaves stands beside it, byte for byte.

A source has a function `derive()`, which returns a Derivation, woven to a text of the source's name, or several by name.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import sympy

from smoothsym.symbolic.derivation import Derivation

_WOVEN = ("*.md", "*.svg")


def _woven(source: Path) -> dict[str, bytes]:
    """What a source weaves: texts and figures by file name."""
    spec = importlib.util.spec_from_file_location(f"derivations_{source.stem}", source)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    derived = module.derive()
    documents = {source.stem: derived} if isinstance(derived, Derivation) else dict(derived)
    files = {}
    for name, document in documents.items():
        files[f"{name}.md"] = document.weave().encode()
        files |= {file: figure.svg().encode() for file, figure in document.figures.items()}
    return files


def _each(directory: Path) -> Iterator[tuple[Path, dict[str, bytes] | Exception]]:
    for source in sorted(directory.glob("*.py")):
        try:
            yield source, _woven(source)
        except Exception as problem:  # a source may fail in any way; the caller reports it
            yield source, problem


def weave_all(directory: str | Path) -> list[Path]:
    """Run every derivation of a directory and write its text and figures beside it; returns what was written."""
    written = []
    for _, files in _each(Path(directory)):
        if isinstance(files, Exception):
            raise files
        for name, content in files.items():
            written.append(Path(directory) / name)
            written[-1].write_bytes(content)
    return written


def check_all(directory: str | Path) -> list[str]:
    """Run every step again and compare each text and figure byte for byte; returns what is wrong, if anything."""
    problems, broken = [], False
    woven: set[str] = set()
    orphans = {path for kind in _WOVEN for path in Path(directory).glob(kind)}
    for source, files in _each(Path(directory)):
        if isinstance(files, Exception):
            problems.append(f"{source.name}: {type(files).__name__}: {files}")
            broken = True
            continue
        for name, content in files.items():
            target = Path(directory) / name
            if name in woven:
                problems.append(f"{name}: woven twice, the second time by {source.name}")
            elif not target.is_file():
                problems.append(f"{name}: not woven")
            elif (old := target.read_bytes()) != content:
                pairs = zip(old.splitlines(), content.splitlines(), strict=False)
                line = next((q for q, (a, b) in enumerate(pairs, 1) if a != b), "at the end")
                problems.append(f"{name}: line {line} is not what {source.name} weaves with SymPy {sympy.__version__}")
            woven.add(name)
            orphans.discard(target)
    if not any(Path(directory).glob("*.py")):
        problems.append(f"{directory}: no derivations there")
    # What a broken source would have woven is not known, so it cannot be told from a stray.
    return problems + ([] if broken else [f"{orphan.name}: has no source" for orphan in sorted(orphans)])
