"""How many threads compute: in processes that are started here, and in this one."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def environment(**chosen: str) -> Iterator[None]:
    """Environment variables of this process, and of those it starts in this block."""
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Products that are small are done before a second thread has woken up."""
    with threadpool_limits(1, user_api="blas"):
        yield


def one_thread_each() -> AbstractContextManager[None]:
    """Processes that are started in this block compute in one thread: they share the cores."""
    return environment(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
