"""A Dask cluster does shards as any executor does; whether its workers can is asked before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from smoothsym.auditing.asking.question import version_of

PATIENCE = 10
"""So many seconds a scheduler has to answer."""


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a Dask scheduler, such as "tcp://10.0.0.1:8786", as an executor.

    Raises ImportError where Dask is not installed, OSError where no scheduler answers, ValueError where the workers have not this
    version of smoothsym.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise ImportError("dask is not installed; pip install 'smoothsym[dask]'") from None
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OSError(
            f"dask={address!r}: no scheduler answers there ({type(error).__name__}); start one with: dask scheduler"
        ) from None
    with client:
        here = version_of("smoothsym")
        try:
            there = client.run(version_of, "smoothsym")
        except ModuleNotFoundError as error:
            raise ValueError(f"dask={address!r}: a worker has {error}; install smoothsym {here} there") from None
        for worker, version in there.items():
            if version != here:
                raise ValueError(f"dask={address!r}: worker {worker} has smoothsym {version}; install {here} there")
        yield client.get_executor()
