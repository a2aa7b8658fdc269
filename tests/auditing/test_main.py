"""The main job goes on when an audit fails in itself, says so in its row, and ends with another status than a verdict."""

import pytest

from smoothsym.auditing import main as job
from smoothsym.auditing.targets import targets
from smoothsym.cli import main


@pytest.fixture
def two():
    return [target for target in targets() if target.name in ("NumPy hypot", "Python math.hypot")]


def broken(audit):
    def audited(target, *args, **options):
        if "numpy" in target:
            raise ArithmeticError("no such number")
        return audit(target, *args, **options)

    return audited


def test_an_audit_that_fails_is_told_in_its_row(two, monkeypatch):
    monkeypatch.setattr(job, "audit", broken(job.audit))
    found = job.group(("pnorm", "value", "float64"), two, job.How(10, 0, 10.0), False)
    failed = {target.name: result for target, result in found if job.failed(result)}
    assert set(failed) == {"NumPy hypot"} and failed["NumPy hypot"].verdict == "falls short"
    assert failed["NumPy hypot"].notes == ("the audit itself failed: ArithmeticError: no such number",)


def test_it_is_a_fault_of_smoothsym_to_the_shell(two, monkeypatch, capsys):
    ended = [(target, job.unfinished(target, "float64", 0, ArithmeticError("no such number"))) for target in two]
    monkeypatch.setattr(job, "run", lambda *_, **__: ended)
    assert main(["audit", "--as", "pnorm"]) == 2
    printed = capsys.readouterr()
    assert "the audit itself failed: ArithmeticError: no such number" in printed.out
    assert "2 audits came to no end" in printed.err
