"""An audit has the same bytes wherever its shards are done, in whatever order, and however often it is killed in between."""

import json
import os
import random
import signal
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import broken
import numpy as np
import pytest
from sympy import Sum, exp, log

import smoothsym as ss
from smoothsym import formats
from smoothsym.auditing import main as job
from smoothsym.auditing.asking.question import fingerprint
from smoothsym.auditing.measuring.tally import Tally
from smoothsym.auditing.result import Audit
from smoothsym.auditing.sharing import checkpoint as kept
from smoothsym.auditing.sharing import sending, shards
from smoothsym.auditing.sharing.checkpoint import Ledger
from smoothsym.auditing.sharing.part import Part
from smoothsym.auditing.targets import targets
from smoothsym.auditing.task import Task
from smoothsym.calling.child import end_with_parent
from smoothsym.cli import main

ROWS = np.random.default_rng(3).normal(size=(700, 4)) * 30
OWN = ss.SmoothMax(name="lse0", definition=log(1 + Sum(exp(ss.x[ss.j]), (ss.j, 1, ss.n))))


def softplus(x):
    return np.log1p(np.exp(x))


QUESTIONS = {
    "cases": (broken.naive, ss.logsumexp, {"alpha": 1.0, "budget": 90, "n": (2, 5)}),
    "data": (broken.naive, ss.logsumexp, {"alpha": 1.0, "data": ROWS, "dtype": "float32"}),
    "every float": (softplus, "softplus", {"alpha": 1.0, "dtype": "float16", "exhaustive": True, "batched": True}),
    "own operator": (broken.naive, OWN, {"budget": 60, "n": (2, 5)}),
}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Shards of few rows, so that there are some, and a checkpoint that is written after each."""
    monkeypatch.setattr(shards, "LEAST", 24)
    monkeypatch.setattr(shards, "CHAINED", 12)
    monkeypatch.setattr(kept, "KEPT", 0.0)


def audit(kind, **options):
    target, op, given = QUESTIONS[kind]
    return ss.audit(target, op, **given, **options)


@pytest.fixture(scope="module")
def whole():
    """What one process finds that is not interrupted."""
    known = {}

    def of(kind):
        if kind not in known:
            known[kind] = audit(kind).to_json()
        return known[kind]

    return of


# ---- wherever, and in whatever order -----------------------------------------------------------------------------------------


class Backwards(Executor):
    """Does what it has got when nothing more comes, the last first."""

    def __init__(self):
        self.waiting, self.order = [], []

    def submit(self, function, /, *arguments, **keywords):
        future = Future()
        self.waiting.append((future, function, arguments, keywords))
        if len(self.waiting) == 1:
            threading.Timer(0.3, self.work).start()
        return future

    def work(self):
        while self.waiting:
            future, function, arguments, keywords = self.waiting.pop()
            if future.set_running_or_notify_cancel():
                self.order.append(arguments)
                future.set_result(function(*arguments, **keywords))


@pytest.mark.parametrize("kind", QUESTIONS)
def test_shards_that_come_back_in_reverse_amount_to_the_same(kind, whole):
    pool = Backwards()
    assert audit(kind, executor=pool).to_json() == whole(kind)
    assert len(pool.order) > 3


def test_threads_amount_to_the_same(whole):
    with ThreadPoolExecutor(3) as pool:
        assert audit("cases", executor=pool).to_json() == whole("cases")


def nothing(x):
    return None


@pytest.mark.parametrize("argument", ["target", "twin", "bound"])
def test_what_does_not_reach_another_process_is_named(argument):
    given = {"target": broken.naive, argument: lambda x, alpha=1.0: 0.0}
    with ProcessPoolExecutor(1) as pool, pytest.raises(ValueError, match=f"{argument}=.*<function.*has no dotted name"):
        ss.audit(**given, op=ss.logsumexp, alpha=1.0, budget=20, executor=pool)


def test_a_worker_gives_up_what_it_does_not_need_any_more(monkeypatch):
    monkeypatch.setattr(sending, "IDLE", 0.5)
    task = Task(nothing, ss.logsumexp, "value", formats.get("float64"))
    parcel = sending.Parcel("broken:naive", task, 10.0, "0")
    part = sending._carried(parcel, shards.of_rows(ROWS[:30], np.arange(30), [1.0], 0)[0], None)
    held = sending._OPEN[threading.get_ident()]
    assert part.tally.rows == 24 and held.watched._process is not None
    held.timer.join()
    assert held.watched._process is None and not sending._OPEN


def test_each_shard_can_be_done_alone(whole):
    about = json.loads(whole("cases"))
    with pytest.raises(ValueError, match=r"shard=99: this audit has \d+ shards"):
        audit("cases", shard=99)
    found = [audit("cases", shard=k) for k in range(7)]
    assert [one.rows for one in found] == [24, 24, 12, 0, 10, 10, 10] and found[2].notes[-1] == "shard 2 of 7, alone"
    assert max(one.max_scaled for one in found if one.rows) == float(about["max_scaled"])
    assert audit("every float", shard=3).rows == 4096 and not audit("every float", shard=3).exhaustive
    (case,) = {finding.tags for finding in audit("data", shard=1).findings if "data" in finding.tags} or {("data",)}
    assert case[0] == "data"


# ---- killed ------------------------------------------------------------------------------------------------------------------


def processes():
    """A pool of processes that do not outlive a parent that is killed."""
    return ProcessPoolExecutor(2, get_context("fork"), end_with_parent)


def until_killed(work):
    """Do something in a process of its own, and say whether it was killed."""
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("kind", ["cases", "data", "every float"])
def test_a_run_that_is_killed_again_and_again_ends_in_the_bytes_of_one_that_was_not(kind, tmp_path, whole, monkeypatch):
    path, draw, killed, before = tmp_path / "kept", random.Random(5), 0, -1
    real = os.replace

    while killed < 12:
        calls = iter(range(1000))
        last, writing = draw.randint(1, 3), draw.random() < 0.5

        def progress(*_, calls=calls, last=last):
            if next(calls) == last:
                die()

        def half(file, calls=calls, last=last):
            """Writing goes wrong half way."""
            if next(calls) == last:
                os.ftruncate(file, os.fstat(file).st_size // 2)
                die()

        def work(writing=writing, progress=progress, half=half):
            if writing:
                os.fsync = half
            audit(kind, checkpoint=path, progress=None if writing else progress)

        if not until_killed(work):
            break
        killed += 1
        if path.exists():
            (_, first), *_ = [json.loads(line)["shards"] for line in path.read_text().splitlines()[1:]]
            assert first >= before, "nothing that was done is lost"
            before = first
    assert killed > 1 and os.replace is real
    assert audit(kind, checkpoint=path).to_json() == whole(kind)
    assert [file.name for file in tmp_path.iterdir()] == ["kept"], "no half of a file is left"
    assert audit(kind, checkpoint=str(path), executor=Backwards()).to_json() == whole(kind)


def test_a_run_that_time_ends_goes_on(tmp_path, whole):
    path = tmp_path / "kept"
    for _ in range(3):
        found = audit("cases", checkpoint=path, seconds=1e-9)
        assert found.notes[-1].startswith("stopped by seconds=")
    assert audit("cases", checkpoint=path).to_json() == whole("cases")


def test_a_run_on_processes_that_is_killed_goes_on_anywhere(tmp_path, whole):
    path = tmp_path / "kept"

    def work():
        with processes() as pool:
            audit("data", checkpoint=path, executor=pool, progress=lambda done, total: done > 200 and die())

    assert until_killed(work)
    assert audit("data", checkpoint=path).to_json() == whole("data")


def dies_once(x):
    """Takes its process along, once."""
    if os.path.exists(os.environ["SMOOTHSYM_TEST_ONCE"]):
        os.remove(os.environ["SMOOTHSYM_TEST_ONCE"])
        os._exit(3)
    return broken.naive(x)


def dies(x):
    if len(x) == 5:
        os._exit(3)
    return broken.naive(x)


def test_a_worker_that_dies_is_made_up_for_or_is_a_finding(tmp_path, monkeypatch):
    monkeypatch.setenv("SMOOTHSYM_TEST_ONCE", str(tmp_path / "once"))
    given = {"alpha": 1.0, "budget": 60, "n": (2, 5)}
    unbroken = ss.audit(dies_once, ss.logsumexp, **given)
    (tmp_path / "once").touch()
    with processes() as pool:
        found = ss.audit(dies_once, ss.logsumexp, executor=pool, timeout=None, **given)
    assert not (tmp_path / "once").exists() and found.to_dict() == unbroken.to_dict()
    assert found.to_json() == unbroken.to_json()
    with processes() as pool:
        found = ss.audit(dies, ss.logsumexp, executor=pool, timeout=None, **given)
    assert "dies" in {finding.kind for finding in found.findings} and found.verdict == "falls short"
    assert found.rows > 20 and any("dies on" in note for note in found.notes)


# ---- what a checkpoint is of -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other, said",
    [
        ({"seed": 1}, r"seed=0, and not 1"),
        ({"dtype": "float32"}, r"dtype='float64', and not 'float32'"),
        ({"of": "gradient", "target": broken.shifted}, r"target='broken:naive', and not 'broken:shifted'"),
        ({"alpha": 2.0}, r"parameters=\['1.0'\], and not \['2.0'\]"),
        ({"op": "mellowmax"}, r"op='logsumexp', and not 'mellowmax'"),
        ({"budget": 91}, r"budget=90, and not 91"),
        ({"tol": 9.0}, r"tol=8.0, and not 9.0"),
        ({"data": ROWS}, r"data="),
    ],
)
def test_a_checkpoint_of_another_question_is_refused_with_what_differs(other, said, tmp_path):
    target, op, given = QUESTIONS["cases"]
    path = tmp_path / "kept"
    audit("cases", checkpoint=path, seconds=1e-9)
    asked = {"target": target, "op": op, **given, **other}
    if "data" in other:
        del asked["n"]
    with pytest.raises(ValueError, match=said):
        ss.audit(**asked, checkpoint=path)


def test_a_question_that_is_divided_otherwise_is_another_one(tmp_path, monkeypatch):
    path = tmp_path / "kept"
    audit("data", checkpoint=path, seconds=1e-9)
    monkeypatch.setattr(shards, "LEAST", 25)
    with pytest.raises(ValueError, match=r"shards=30, and not 28"):
        audit("data", checkpoint=path)


def test_a_target_whose_code_has_changed_is_another_question(tmp_path):
    def made(source):
        space = {"np": np}
        exec(source, space)
        return space["f"]

    first, second = (made(f"def f(x): return np.log(np.sum(np.exp(x))) * {factor}") for factor in (1.0, 1.5))
    path = tmp_path / "kept"
    ss.audit(first, ss.logsumexp, alpha=1.0, budget=20, checkpoint=path)
    with pytest.raises(ValueError, match="is of code="):
        ss.audit(second, ss.logsumexp, alpha=1.0, budget=20, checkpoint=path)
    assert fingerprint(first) == fingerprint(made("def f(x):\n\n    return np.log(np.sum(np.exp(x))) * 1.0"))


def test_a_file_that_is_no_checkpoint_is_refused_with_its_line(tmp_path):
    path = tmp_path / "kept"
    audit("every float", checkpoint=path, seconds=1e-9)
    text = path.read_text()
    head, first, *_ = text.splitlines()
    doubled = first.replace('"shards": [0, 1]', '"shards": [1, 2]')
    for wrong, said in (
        ("", "line 1"),
        ("{}\n[1]\n", "line 1"),
        (head, "line 2"),
        (text[:-20], "line 2"),
        (f"{head}\n{first}\n{first}", "line 3.*out of place"),
        (f"{head}\n{first}\n{doubled}\n{doubled}", "line 4.*out of place"),
        (f"{head}\n{first.replace('0, 1', '0, 99')}", "line 2.*out of place"),
    ):
        path.write_text(wrong)
        with pytest.raises(ValueError, match=f"kept', {said}.*no checkpoint"):
            audit("every float", checkpoint=path)
    for place in (tmp_path, tmp_path / "nowhere" / "kept"):
        with pytest.raises(ValueError, match="give a file in a directory"):
            audit("every float", checkpoint=place)


def test_parts_are_merged_in_the_order_of_their_shards_and_counted_once(tmp_path):
    def part(shard):
        tally = Tally(rows=shard + 1, notes={f"note {shard % 3}": None})
        tally.count("ulp", [0.1 * shard] * 3)
        return Part(tally, chosen={("sort", shard % 2): ((1.0, float(shard)), (float(shard),))}, seconds=0.1 * shard)

    rng, wanted = np.random.default_rng(5), None
    for _ in range(4):
        path = tmp_path / "kept"
        path.unlink(missing_ok=True)
        for half in np.array_split(rng.permutation(20), 2):
            ledger = Ledger(Part, 20, lambda _: Part(), {"smoothsym": "test"}, path)
            for shard in half.tolist():
                ledger.take(shard, part(shard))
                with pytest.raises(ValueError, match="done already"):
                    ledger.take(shard, part(shard))
        assert ledger.done and ledger.missing(range(20)) == []
        again = Ledger(Part, 20, lambda _: Part(), {"smoothsym": "test"}, path)
        found = json.dumps([ledger.together().plain(), again.together().plain()])
        wanted = wanted or found
        assert found == wanted and ledger.together().tally.rows == 210


def test_what_a_worn_out_target_would_not_have_been_asked_does_not_count():
    def part(shard):
        tally = Tally(rows=10)
        tally.faults["hangs", ((shard,), True, ())] = 3
        return Part(tally)

    found = set()
    for order in (range(6), reversed(range(6))):
        ledger = Ledger(Part, 6, lambda shard: Part(Tally(uncalled=10)), {})
        for shard in order:
            ledger.take(shard, part(shard))
        found.add(json.dumps(ledger.together().plain()))
    assert len(found) == 1 and ledger.whole.tally.rows == 20 and ledger.whole.tally.uncalled == 40


def test_a_target_that_hangs_amounts_to_the_same_in_other_processes():
    def hangs(x):
        if len(x) == 5:
            threading.Event().wait()
        return broken.naive(x)

    with ThreadPoolExecutor(1) as pool:
        found = [
            ss.audit(hangs, ss.logsumexp, alpha=1.0, budget=40, n=(2, 5), timeout=0.1, **way)
            for way in ({}, {"executor": pool})
        ]
    assert found[0].to_json() == found[1].to_json() and "hangs" in {f.kind for f in found[0].findings}


# ---- the main job ------------------------------------------------------------------------------------------------------------


def test_the_main_job_keeps_its_groups(tmp_path, monkeypatch):
    only = [target for target in targets() if target.name in ("NumPy hypot", "Python math.hypot", "NumPy logaddexp")]
    run = {"only": only, "budget": 12, "executor": Backwards()}
    found = job.run(**run)
    path, done = tmp_path / "kept", []

    def stop(finished, total, what):
        done.append(what)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.run(**run, checkpoint=path, progress=stop)
    said = []
    again = job.run(**run, checkpoint=path, progress=lambda finished, total, what: said.append(what))
    assert done[0] not in said and [a.to_json() for _, a in again] == [a.to_json() for _, a in found]
    with pytest.raises(ValueError, match="budget=12, and not 13"):
        job.run(**{**run, "budget": 13}, checkpoint=path)
    alone = job.run(**run, shard=0)
    assert 0 < len(alone) < len(found) and {a.to_json() for _, a in alone} <= {a.to_json() for _, a in found}


def test_the_command_line_goes_on_too(tmp_path, capsys):
    command = ["audit", "broken:naive", "--as", "logsumexp", "--alpha", "1", "--budget", "60", "--n", "2", "--json"]
    results = []
    for way in (
        [],
        ["--checkpoint", str(tmp_path / "kept"), "--seconds", "1e-9"],
        ["--checkpoint", str(tmp_path / "kept")],
    ):
        results.append((main([*command, *way]), capsys.readouterr().out))
    assert results[0] == results[2] != results[1] and results[2][0] == 1
    assert main([*command, "--checkpoint", str(tmp_path / "kept"), "--seed", "1"]) == 2
    assert "is of seed=0, and not 1" in capsys.readouterr().err
    assert main([*command, "--shard", "1"]) in (0, 1)
    assert json.loads(capsys.readouterr().out)["notes"][-1] == "shard 1 of 5, alone"
    assert main([*command, "--shard", "9"]) == 2
    assert "this audit has 5 shards" in capsys.readouterr().err


def test_an_audit_is_read_as_it_was_written():
    for kind, options in (("cases", {"pictures": "all"}), ("every float", {})):
        found = audit(kind, **options)
        again = Audit.read(json.loads(json.dumps(found.plain())))
        assert again == found and again.to_json() == found.to_json() and again.seconds == found.seconds
