"""A child process that computes beside this one: beside the live engine without disturbing it.

It runs its work on its main thread, niced where it should disturb nobody, and with one thread for
numbers; a thread of it waits for the end of this process, however that comes, and ends the child
with it. Starting one takes some milliseconds of its caller's thread.
"""

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from threading import Thread

from bridge.spawning import one_thread_each
from bridge.system import Pipe, give_way, terminal_signals, unheard

PATIENCE_S = 60.0
"""A child that is silent for so long counts as dead."""


def start_child(
    name: str, work: Callable[..., None], *arguments: object, gives_way: bool = True
) -> tuple[BaseProcess, Pipe]:
    """A child that does `work(pipe, *arguments)` and ends, and this process's end of the pipe.

    One that does not give way is for work that this process waits for.
    """
    context = get_context("spawn")
    pipe, its_end = context.Pipe()
    life = its_end, work, arguments, gives_way
    child = context.Process(target=_live, args=life, name=name, daemon=True)
    with one_thread_each(), unheard():
        child.start()
    its_end.close()
    return child, pipe


def _live(
    pipe: Pipe, work: Callable[..., None], arguments: tuple[object, ...], gives_way: bool
) -> None:
    """The child's whole life."""
    for number in terminal_signals():
        signal.signal(number, signal.SIG_IGN)
    if gives_way:
        give_way()
    Thread(target=_die_with_parent, daemon=True).start()
    work(pipe, *arguments)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(0)
