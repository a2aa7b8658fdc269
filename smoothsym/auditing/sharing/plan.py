"""What an audit does is a list of shards: whoever does them, and however often that is interrupted, they amount to the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from smoothsym.auditing.asking.question import digest
from smoothsym.auditing.measuring.search import Span
from smoothsym.auditing.measuring.tally import Tally
from smoothsym.auditing.sharing.checkpoint import Ledger
from smoothsym.auditing.sharing.part import Part
from smoothsym.auditing.sharing.sending import parcel
from smoothsym.auditing.sharing.shards import Shard, carried, divided, of_search
from smoothsym.auditing.sharing.spread import carry_out
from smoothsym.auditing.task import Task
from smoothsym.calling import TIMEOUT, Guard, guarded
from smoothsym.errors import shown

Progress = Callable[[int, int], None] | None


@dataclass(frozen=True)
class Plan:
    """The `shards` of an audit, in their order, and the rows of the `search` that goes out from their worst; `question`, plain data by which
    a checkpoint is known to be of the same; `job`, what is asked of every row, where all there are are asked about.
    """

    shards: Sequence[Shard]
    question: dict[str, Any] = field(default_factory=dict)
    search: int = 0
    seed: int = 0
    span: Span = None
    job: Any = None

    @property
    def rows(self) -> list[int]:
        """How many rows each shard has, those of the search included."""
        return [*(shard.rows for shard in self.shards), *divided(self.search)]

    def check(self, shard: Any) -> None:
        """Raise ValueError where there is no shard of that number."""
        count = len(self.rows)
        if isinstance(shard, bool) or not isinstance(shard, int) or not 0 <= shard < count:
            raise ValueError(
                f"shard={shown(shard)}: this audit has {count} shards; give a number from 0 to {count - 1}"
            )


@dataclass
class Execution:
    """A plan on its way: for a target as it was given, as a function, and in `task` as it is called here."""

    plan: Plan
    task: Task
    target: Any
    function: Callable[..., Any]
    timeout: float | None = TIMEOUT
    until: float | None = None
    executor: Any = None
    checkpoint: Any = None
    progress: Progress = None

    def __post_init__(self) -> None:
        self._rows = self.plan.rows
        self._shards = list(self.plan.shards)
        self._total, self._done, self._said = sum(self._rows), 0, 0

    def run(self) -> tuple[Part, bool]:
        """What all shards amount to, and whether none is left."""
        ledger = self._ledger(self.checkpoint)
        complete = self._first(ledger)
        if complete and self.plan.search:
            self._shards += self._searches(ledger)
            complete = self._carried_out(ledger, range(len(self.plan.shards), len(self._rows)))
        part = ledger.together()
        part.tally.stopped |= not complete
        return part, complete

    def alone(self, shard: int) -> Part:
        """What one shard amounts to; one of the search goes out from the others, which are done first, or are in the checkpoint."""
        self.plan.check(shard)
        if shard >= len(self._shards):
            ledger = self._ledger(self.checkpoint)
            if not self._first(ledger):
                return ledger.together()
            self._shards += self._searches(ledger)
        self._total, self._done, self._said = self._rows[shard], 0, 0
        return self._here(shard)

    def _ledger(self, checkpoint: Any) -> Ledger[Part]:
        def left(shard: int) -> Part:
            return Part(Tally(uncalled=self._rows[shard]))

        question = {**self.plan.question, "shards": len(self._rows), "rows": digest(repr(self._rows))}
        return Ledger(Part, len(self._rows), left, question, checkpoint)

    def _first(self, ledger: Ledger[Part]) -> bool:
        """Do the shards that need nothing but the question."""
        return self._carried_out(ledger, range(len(self.plan.shards)))

    def _searches(self, ledger: Ledger[Part]) -> Sequence[Shard]:
        plan = self.plan
        return of_search(ledger.whole.starts, plan.search, plan.seed, self.task.tol, plan.span)

    def _carried_out(self, ledger: Ledger[Part], shards: Sequence[int]) -> bool:
        missing = set(ledger.missing(shards))
        self._done += sum(self._rows[shard] for shard in shards if shard not in missing)
        with ExitStack() as stack:
            here, submit = self._here, None
            if self.executor is not None and missing:
                way = (self.task, self.target, self.function, self.executor, self.timeout)
                sent = stack.enter_context(parcel(*way))
                here, submit = self._again, lambda k: sent.submit(self.executor, self._shards[k], self.until)
            return carry_out(ledger, shards, here, submit, self.until, self._moved)

    def _here(self, shard: int) -> Part:
        return carried(self._shards[shard], self.task, self.until, lambda done, _: self._say(self._done + done))

    def _again(self, shard: int) -> Part:
        """Do a shard here that was lost with its worker: watched, since the target may be what killed it."""
        if isinstance(self.task.target, Guard):
            return self._here(shard)
        with guarded(self.target, self.function, TIMEOUT) as watched:
            return carried(self._shards[shard], replace(self.task, target=watched), self.until)

    def _moved(self, shard: int) -> None:
        self._done += self._rows[shard]
        self._say(self._done)

    def _say(self, done: int) -> None:
        if self.progress is not None and done > self._said:
            self._said = done
            self.progress(done, self._total)
