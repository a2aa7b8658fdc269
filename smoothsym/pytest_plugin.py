"""Tests hold float code to a bound: the fixture `smoothsym`, its options, its baseline, and a closing line about all checks."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smoothsym.testing.baseline import Baseline
from smoothsym.testing.limit import TOL, Limit
from smoothsym.testing.record import Record
from smoothsym.testing.settings import BASELINE, NONE, PREFIX, SETTINGS, UPDATE, Setting
from smoothsym.testing.summary import summary

if TYPE_CHECKING:
    from smoothsym.auditing import Audit

TEST = pytest.StashKey[str]()
"""The id that a test was collected by, before others add to it."""
RECORDS = pytest.StashKey[list[Record]]()
"""What a test's checks came to, since it last was reported."""
NAME = f"{PREFIX}-checks"
"""Of what is kept during a session, among the plugins."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup(PREFIX, "float code against certified references (smoothsym)")
    for setting in (*SETTINGS, BASELINE):
        about = f"{setting.help}; ini: {setting.ini}"
        group.addoption(setting.option, metavar=setting.metavar, type=_type(setting.read), default=None, help=about)
        parser.addini(setting.ini, setting.help, default=None)
    group.addoption(UPDATE.option, action="store_true", help=UPDATE.help)


def _type(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reader that tells argparse what to write instead."""

    def read_or_say(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read_or_say


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Checks(config), NAME)


def pytest_itemcollected(item: pytest.Item) -> None:
    item.stash[TEST] = item.nodeid


@pytest.fixture
def smoothsym(request: pytest.FixtureRequest) -> Checker:
    """Holds float code to a bound, against certified references: smoothsym.check(function, "logsumexp", alpha=1.0).

    Beside the operator: of="gradient", dtype="float32", and what errors are held to: tol= (the scaled error, 8), ulp=, or bound=True;
    the rows, by data=, n= or budget=; arrays="torch" or "jax". It returns the audit, and fails with the worst input.
    """
    checks = request.config.pluginmanager.get_plugin(NAME)
    assert isinstance(checks, Checks)
    return Checker(request.node, checks)


class Checker:
    """The checks of one test, under the settings of the run."""

    def __init__(self, item: Any, checks: Checks) -> None:
        self._item, self._checks = item, checks
        self._labels: Counter[str] = Counter()

    def __repr__(self) -> str:
        said = "".join(f", {name}={value}" for name, value in self._checks.settings.items())
        return f"<checks of smoothsym{said}>"

    def check(
        self,
        target: Any,
        op: Any,
        of: Any = "value",
        dtype: Any = "float64",
        *,
        tol: float | None = None,
        ulp: float | None = None,
        bound: Any = None,
        **options: Any,
    ) -> Audit:
        """`smoothsym.testing.check`, under the options of the run where the call does not say otherwise, and beside its baseline."""
        __tracebackhide__ = True
        from smoothsym.testing.held import held

        settings = self._checks.settings
        limit = Limit.of(tol, ulp, bound, settings.get("tol", TOL))
        found = held(target, op, of, dtype, limit, self._checks.options(options))
        audit = found.audit
        label = f"{audit.op} {audit.of} {audit.dtype}"
        self._labels[label] += 1
        label += f" #{self._labels[label]}" if self._labels[label] > 1 else ""
        record = Record.of(found, self._item.stash.get(TEST, self._item.nodeid), label)
        record, fails, said = self._checks.compared(record)
        self._item.stash.setdefault(RECORDS, []).append(record)
        if fails:
            from smoothsym.testing.message import told

            raise AssertionError(told(found, **said))
        return audit


class Checks:
    """All checks of a session, in the process that reports them."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        given = {setting.name: _given(config, setting) for setting in SETTINGS}
        self.settings = {name: value for name, value in given.items() if value is not None}
        self.update: bool = config.getoption(UPDATE.option)
        self.path = _path(config)
        self.baseline: Baseline | None = None
        self.records: dict[tuple[str, str], Record] = {}
        self.complete: set[str] = set()
        self.wrote = ""

    @property
    def _worker(self) -> dict[str, Any] | None:
        """What the process that started this one told it; None in that one, or where there is but one."""
        return getattr(self.config, "workerinput", None)

    # ---- before --------------------------------------------------------------------------------------------------------------

    def pytest_sessionstart(self) -> None:
        if self._worker is not None:
            text = self._worker.get(PREFIX)
            self.baseline = None if text is None else Baseline.read(text)
        elif self.path is not None and not self.config.getoption("collectonly"):
            self.baseline = _load(self.path, self.update)
        elif self.update and self.path is None:
            raise pytest.UsageError(f"{UPDATE.option}: name the file to write, too: {BASELINE.option} FILE")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker of pytest-xdist the baseline that was read here, so that all have the same."""
        if self.baseline is not None:
            node.workerinput[PREFIX] = self.baseline.text

    def options(self, given: dict[str, Any]) -> dict[str, Any]:
        """The options of an audit: those of a check, beside them those of the run; a budget is for derived cases."""
        names = ["seed", "timeout"]
        if given.get("data") is None and not given.get("exhaustive"):
            names.append("budget")
        usual = {name: self.settings[name] for name in names if name in self.settings}
        return {name: None if value == NONE else value for name, value in usual.items()} | given

    # ---- at each check -------------------------------------------------------------------------------------------------------

    def compared(self, record: Record) -> tuple[Record, bool, dict[str, str]]:
        """A record beside the baseline, whether it fails, and what the message says of that."""
        if self.update:
            return record, False, {}
        if self.baseline is None:
            return record, not record.holds, {}
        if differs := self.baseline.differs(record):
            return replace(record, compared="new"), not record.holds, {"note": differs}
        worse = self.baseline.worse(record)
        if worse is None:
            return replace(record, compared="no worse"), False, {}
        return replace(record, compared="worse"), True, dict(zip(("worse", "about"), worse, strict=True))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Send what checks came to along with the report, which goes wherever reports go."""
        report = yield
        setattr(report, PREFIX, [record.plain() for record in item.stash.get(RECORDS, [])])
        item.stash[RECORDS] = []
        return report

    # ---- after ---------------------------------------------------------------------------------------------------------------

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = [Record.read(data) for data in getattr(report, PREFIX, ())]
        self.records |= {(record.test, record.check): record for record in found}
        if report.when == "call" and report.passed:
            self.complete |= {record.test for record in found}

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if self._worker is not None or not self.update or self.path is None or not self.records:
            return
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self.wrote = f"the run did not come to its end: {self.path} was not written"
            return
        (self.baseline or Baseline()).updated(self.records.values(), self.complete).save(self.path)
        self.wrote = f"wrote {self.path}"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for line, well in summary(
            list(self.records.values()), self.wrote, self.baseline is not None and not self.update
        ):
            terminalreporter.write_line(line, green=well is True, red=well is False)


def _given(config: pytest.Config, setting: Setting) -> Any:
    """The value of an option, else of its twin in the ini file, else None. Raises UsageError for what it cannot be."""
    value = config.getoption(setting.option)
    text = config.getini(setting.ini)
    if value is not None or text is None:
        return value
    try:
        return setting.read(text)
    except ValueError as error:
        raise pytest.UsageError(f"{setting.ini} in {config.inipath or 'the ini file'}: {error}") from None


def _path(config: pytest.Config) -> Path | None:
    """The file of the baseline; on the command line it is seen from where pytest was called, in the ini file from beside that."""
    value = _given(config, BASELINE)
    if value is None:
        return None
    said = config.getoption(BASELINE.option) is not None
    return (config.invocation_params.dir if said or config.inipath is None else config.inipath.parent) / value


def _load(path: Path, update: bool) -> Baseline:
    """The baseline in a file; an empty one where it is to be written for the first time."""
    if not path.exists():
        if not path.parent.is_dir():
            raise pytest.UsageError(f"{BASELINE.option}: there is no folder {path.parent}")
        if not update:
            raise pytest.UsageError(f"{BASELINE.option}: there is no file {path}; write it with {UPDATE.option}")
        return Baseline()
    try:
        return Baseline.read(path.read_text("utf-8"), str(path))
    except (OSError, ValueError) as error:
        instead = "remove it to write another" if update else f"write it anew, without it, with {UPDATE.option}"
        raise pytest.UsageError(f"{BASELINE.option}: {error}; {instead}") from None
