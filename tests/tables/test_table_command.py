"""smoothsym table, as a user types it: what is written, what is printed, and the exit status."""

import json

import numpy as np
import pytest

import smoothsym as ss
from smoothsym.cli import main


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def ran(*words):
        status = main(["table", *map(str, words)])
        told = capsys.readouterr()
        return status, told.out, told.err

    return ran


def test_a_table_is_built_and_holds(run, tmp_path):
    status, out, _ = run("boltzmann", "--rows", 20, "--of", "value", "--dtype", "float32,float64")
    assert (status, out) == (0, "boltzmann.jsonl: 20 rows, 0 outputs without an answer\n")
    assert ss.read_table("boltzmann.jsonl").header["outputs"] == ["value"]
    assert run("--check", "boltzmann.jsonl") == (0, "boltzmann.jsonl: 20 rows of boltzmann, all as certified\n", "")
    assert [file.name for file in tmp_path.iterdir()] == ["boltzmann.jsonl"]


def test_one_command_builds_the_set_of_the_catalogue(run, tmp_path, monkeypatch):
    some = {"smoothabs": ss.smoothabs, "logcosh": ss.logcosh}
    monkeypatch.setattr(ss, "operators", some)
    status, out, _ = run("--rows", 8, "--jobs", 1, "--json")
    assert status == 0 and [t["operator"] for t in json.loads(out)["tables"]] == ["smoothabs", "logcosh"]
    assert sorted(file.name for file in (tmp_path / "tables").iterdir()) == ["logcosh.jsonl", "smoothabs.jsonl"]


@pytest.mark.parametrize(
    ("kind", "names"),
    [("npz", {"logcosh.npz"}), ("csv", {"logcosh.csv", "logcosh_gradient.csv"}), ("c", {"logcosh.h"})],
)
def test_every_export_is_one_option(run, tmp_path, kind, names):
    assert run("logcosh", "--rows", 8, "--format", kind)[0] == 0
    assert {file.name for file in tmp_path.iterdir()} == names
    if kind != "c":
        assert all(run("--check", name)[0] == 0 for name in names)


def test_an_expression_and_data_make_a_table(run, tmp_path):
    np.save("rows.npy", np.float32([[1, 2], [3, 4]]))
    words = ("log(sum(exp(beta*x[j]), j))/beta", "--parameter", "beta=2", "--data", "rows.npy", "--dtype", "float32")
    assert run(*words, "-o", "f.jsonl")[0] == 0
    table = ss.read_table("f.jsonl")
    assert table.header["formula"] == "log(sum(exp(beta*x[j]), j))/beta" and table.rows[1].x == (3.0, 4.0)
    assert run("--check", "f.jsonl")[0] == 0


def test_a_strangers_file_is_recertified(run):
    with open("mine.csv", "w") as file:
        file.write("a,b,lse\n0,0,0.6931471805599453\n0,-40,0\n")
    words = ("--check", "mine.csv", "--as", "logsumexp", "--columns", "x1=a,x2=b,value=lse", "--alpha", 1)
    status, out, _ = run(*words)
    wrong, total = out.splitlines()
    assert status == 1
    assert wrong.startswith("wrong: row 2: value, float64: got 0.0, right is 4.248354255291589e-18 (")
    assert total.startswith("mine.csv: 2 rows of logsumexp, 1 wrong, by at most ")
    status, out, _ = run(*words, "--json")
    found = json.loads(out)
    assert (
        status == 1
        and found["wrong"][0]["row"] == 2
        and found["wrong"][0]["x"] == ["0x0.0p+0", "-0x1.4000000000000p+5"]
    )
    assert run(*words, "--decimals")[0] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--check", "none.jsonl"), "there is no such file"),
        (("logsumexp", "--check", "x.jsonl"), "--check takes one file; write --as logsumexp"),
        (("logsumexp", "--ulp", "1"), "--ulp is for --check FILE"),
        (("--check", "x.csv", "--rows", "3"), "--rows is for building a table"),
        (("--check", "x.csv", "--columns", "x"), "write pairs such as x=in*"),
        (("--alpha", "1"), "--alpha is about one operator"),
        (("logsumexp", "--format", "xml"), "format='xml' is not known"),
        (("logsumexp", "--p", "1"), "logsumexp has the parameter --alpha"),
        (("logsumexp", "--rows", "2"), "a row for each of 4 formats"),
        (("logsumexp", "--row", "2"), "did you mean --rows?"),
        (("logsumexp", "--rows", "8", "-o", "nowhere/x.jsonl"), "nowhere"),
    ],
)
def test_a_wrong_command_is_one_line_and_status_two(run, words, message):
    status, out, err = run(*words)
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1


def test_a_damaged_table_is_status_two_and_names_its_row(run):
    run("smoothabs", "--rows", 8, "-o", "t.jsonl")
    with open("t.jsonl") as file:
        text = file.read()
    with open("t.jsonl", "w") as file:
        file.write(text[:-9])
    status, _, err = run("--check", "t.jsonl")
    assert status == 2 and "line 9 (row 8): the last line is torn off" in err
