"""What is done of the shards of a question is kept in a file that is whole at any time, so that nothing is lost or counted twice.

Parts are merged in the order of their shards, whatever order they come in: the first ones together, those that came before their turn
one by one. So the result has the same bytes wherever, and however often interrupted, the shards were done.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from smoothsym.auditing.findings.finding import plain

DERIVED = ("formula", "cases", "step", "shards", "rows", "targets")
"""What is said to differ only where nothing else does, since it follows from the rest."""
KEPT = 0.5
"""So many seconds lie between two writings of a checkpoint, at least, unless it is the last one."""


class Mergeable(Protocol):
    """What a shard amounts to."""

    @property
    def stopped(self) -> bool:
        """Whether time was up before all of it was done."""

    @property
    def worn(self) -> bool:
        """Whether shards that come later are not to be done."""

    def merge(self, other: Self) -> None:
        """Take in what the next shard amounts to."""

    def plain(self) -> dict[str, Any]:
        """Data that JSON can hold."""

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """What `plain` wrote. Raises ValueError, TypeError or KeyError for anything else."""


P = TypeVar("P", bound=Mergeable)


class Ledger(Generic[P]):
    """The parts of `shards` shards, in a file if there is one.

    Parameters: `kind`, the class of parts; `left(shard)`, the part of a shard that is not to be done, since those before it have worn the
    target out; `question`, plain data of what is asked; `path`, the file, which is read if it is there, and written at once.
    Raises ValueError where it is of another question, or no checkpoint; OSError where it cannot be written.
    """

    def __init__(
        self, kind: type[P], shards: int, left: Callable[[int], P], question: Mapping[str, Any], path: Any = None
    ) -> None:
        self.shards, self.reached, self.whole = shards, 0, kind()
        self._kind, self.left, self._question = kind, left, plain(dict(question))
        self._beyond: dict[int, P] = {}
        self._aside: list[P] = []
        self._path, self._kept = None if path is None else Path(path), time.monotonic()
        if self._path is not None:
            if not self._path.parent.is_dir() or self._path.is_dir():
                raise ValueError(f"checkpoint={str(path)!r}: give a file in a directory that there is")
            _tidy(self._path)
            if self._path.exists():
                self._load(self._path)
            else:
                self.save()

    def missing(self, shards: Sequence[int]) -> list[int]:
        """Those of some shards that are not done."""
        return [shard for shard in shards if shard >= self.reached and shard not in self._beyond]

    def take(self, shard: int, part: P) -> None:
        """Take in what a shard amounted to. Raises ValueError where it is done already."""
        if not self.missing([shard]):
            raise ValueError(f"shard {shard} is done already")
        self._beyond[shard] = part
        self._fold()
        if self._path is not None and (self.done or time.monotonic() - self._kept > KEPT):
            self.save()

    def put_aside(self, part: P) -> None:
        """Keep what is done of a shard for `together` alone: all of it will have to be done again."""
        self._aside.append(part)

    @property
    def done(self) -> bool:
        """Whether no shard is left."""
        return self.reached == self.shards

    @property
    def worn(self) -> bool:
        """Whether the first shards have worn the target out."""
        return self.whole.worn

    def _fold(self) -> None:
        while self.reached in self._beyond:
            part = self._beyond.pop(self.reached)
            # Shards that are done at the same time know nothing of one another: what one process would not have done does not count.
            self.whole.merge(self.left(self.reached) if self.worn else part)
            self.reached += 1

    def together(self) -> P:
        """All that is done, the shards beyond a gap too."""
        more = [*(self._beyond[shard] for shard in sorted(self._beyond)), *self._aside]
        total = self._kind.read(self.whole.plain()) if more else self.whole
        for part in more:
            total.merge(part)
        return total

    # ---- the file ------------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the file, if there is one: what is asked, what the first shards amounted to, and a line for each shard beyond.

        The file that was there is replaced at once or not at all.
        """
        if self._path is None:
            return
        lines: list[dict[str, Any]] = [self._question, {"shards": [0, self.reached], **self.whole.plain()}]
        lines += [{"shards": [shard, shard + 1], **self._beyond[shard].plain()} for shard in sorted(self._beyond)]
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
        with beside.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line, allow_nan=False) + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        self._kept = time.monotonic()

    def _load(self, path: Path) -> None:
        lines = _lines(path)
        _, asked = next(lines, (0, None))
        if not isinstance(asked, dict) or "smoothsym" not in asked:
            raise _none(path, 1, "it does not begin with what is asked")
        _same(asked, self._question, path)
        number, end = 1, 0
        for number, line in lines:
            try:
                start, stop = line.pop("shards")
                if not end <= start <= stop <= self.shards or (stop != start + 1 and number > 2):
                    raise ValueError(f"shards {start} to {stop} of {self.shards} are out of place")
                part = self._kind.read(line)
            except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
                raise _none(path, number, error) from None
            end = stop
            if number == 2:
                self.whole, self.reached = part, stop
            else:
                self._beyond[start] = part
        if number == 1:
            raise _none(path, 2, "it is cut off")
        self._fold()


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            yield number, json.loads(text)
        except ValueError as error:
            raise _none(path, number, error) from None


def _none(path: Path, line: int, why: Any) -> ValueError:
    return ValueError(
        f"checkpoint={str(path)!r}, line {line}: {why}; it is no checkpoint of smoothsym; give another file, or remove it"
    )


def _same(found: Mapping[str, Any], asked: Mapping[str, Any], path: Path) -> None:
    """Raises ValueError where a checkpoint is of something else."""
    apart = [name for name in {**asked, **found} if found.get(name) != asked.get(name)]
    if apart := [name for name in apart if name not in DERIVED] or apart:
        said = ", ".join(f"{name}={found.get(name)!r}, and not {asked.get(name)!r}" for name in apart)
        raise ValueError(f"checkpoint={str(path)!r} is of {said}; give another file, or remove it")


def _tidy(path: Path) -> None:
    """Remove what processes that are no more had begun to write beside a checkpoint."""
    for beside in path.parent.iterdir():
        number = beside.name.removeprefix(f"{path.name}.").removesuffix(".part")
        if beside.name == f"{path.name}.{number}.part" and number.isdigit() and not _runs(int(number)):
            beside.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    with suppress(ProcessLookupError):
        try:
            os.kill(pid, 0)
        except (PermissionError, OverflowError):
            return True
        return pid != os.getpid()
    return False
