"""Processes that share a job."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.pool import Pool
from typing import Any

from bridge.spawning import one_thread_each


@contextmanager
def worker_pool(
    processes: int, set_up: Callable[..., object] | None = None, arguments: tuple[Any, ...] = ()
) -> Iterator[Pool]:
    """So many spawned processes of one thread each; `set_up(*arguments)` runs first in each."""
    with one_thread_each():
        pool = get_context("spawn").Pool(processes, set_up, arguments)
    with pool:
        yield pool
