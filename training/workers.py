"""Many pieces of work at once: in processes of this computer, or on a Dask cluster.

A piece is a function of one job that may run anywhere, and again where a worker died. What it
writes lies in a folder that every worker sees, under a name that says all that decides it, so a run
that stopped goes on with what is missing.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
)
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from multiprocessing.pool import Pool
from typing import Any, TypeVar

from bridge.spawning import one_thread_each
from training.cluster import LOST, SCHEDULER, cluster
from training.errors import TrainingError

_LOST: tuple[type[Exception], ...] = (BrokenExecutor, CancelledError, *LOST)
Job = TypeVar("Job")
Result = TypeVar("Result")


@contextmanager
def executor(processes: int) -> Iterator[Executor]:
    """The cluster whose scheduler `DASK_SCHEDULER_ADDRESS` names, or so many processes here.

    Processes are spawned and compute in one thread each; a cluster has as many as it has. Raises
    TrainingError where the cluster cannot be used.
    """
    address = os.environ.get(SCHEDULER)
    with cluster(address) if address else _processes(processes) as found:
        yield found


@contextmanager
def _processes(count: int) -> Iterator[Executor]:
    others = active_children()
    with one_thread_each(), ProcessPoolExecutor(count, get_context("spawn")) as pool:
        try:
            yield pool
        except BaseException:
            # What is in hand is not waited for.
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(active_children()).difference(others):
                child.terminate()
            raise


def as_done(
    pool: Executor, function: Callable[[Job], Result], jobs: Iterable[Job]
) -> Iterator[Result]:
    """What `function` makes of each job, in the order in which it is ready.

    Raises TrainingError where workers died.
    """
    with _submitted(pool, function, jobs) as futures:
        for future in as_completed(futures):
            yield future.result()


def in_order(
    pool: Executor, function: Callable[[Job], Result], jobs: Iterable[Job]
) -> Iterator[Result]:
    """The same in the order of the jobs."""
    with _submitted(pool, function, jobs) as futures:
        for future in futures:
            yield future.result()


@contextmanager
def _submitted(
    pool: Executor, function: Callable[[Job], Result], jobs: Iterable[Job]
) -> Iterator[Sequence[Future[Result]]]:
    """What is to come; what nobody waits for any more is not begun."""
    futures = [pool.submit(function, job) for job in jobs]
    try:
        yield futures
    except _LOST as error:
        raise TrainingError(
            "workers ended before their work was done, killed, crashed or out of memory; what is"
            " finished is kept: run the same command again"
        ) from error
    finally:
        for future in futures:
            future.cancel()


@contextmanager
def worker_pool(
    processes: int, set_up: Callable[..., object] | None = None, arguments: tuple[Any, ...] = ()
) -> Iterator[Pool]:
    """So many spawned processes of one thread each, here, for work that talks back and forth.

    `set_up(*arguments)` runs first in each.
    """
    with one_thread_each():
        pool = get_context("spawn").Pool(processes, set_up, arguments)
    with pool:
        yield pool
