"""Make the next batches while the device works on these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(makers: Iterable[Callable[[], T]]) -> Iterator[T]:
    """What they make, in order. A thread makes each while the one before it is used.

    Args:
        makers: Functions that share nothing with the code that uses what they make. What one
            raises is raised where its turn comes.
    """
    with ThreadPoolExecutor(1, "kspec-input") as pool:
        waiting: Future[T] | None = None
        for make in makers:
            coming = pool.submit(make)
            if waiting is not None:
                yield waiting.result()
            waiting = coming
        if waiting is not None:
            yield waiting.result()
