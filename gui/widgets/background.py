"""Work that takes longer than a frame, on Qt's thread pool.

The task runs on a thread of the pool and touches no widget; its result comes back to Qt's thread
by a signal. A window that closes waits for what still runs, as Python must not end under it.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from PyQt6.QtCore import QObject, QThreadPool, pyqtSignal

Result = TypeVar("Result")


class _Told(QObject):
    done = pyqtSignal(int, object)


class Background(Generic[Result]):
    """One kind of task; only the result of the newest is handed over."""

    def __init__(self, take: Callable[[Result], None]) -> None:
        """`take` is called on Qt's thread."""
        self._take = take
        self._newest = 0
        # One for all tasks: it must not die on a thread of the pool.
        self._told = _Told()
        self._told.done.connect(self._hand_over)

    def run(self, task: Callable[[], Result]) -> None:
        """Do this, and forget what was asked before."""
        self.forget()
        number = self._newest
        if pool := QThreadPool.globalInstance():
            pool.start(lambda: self._told.done.emit(number, task()))

    def forget(self) -> None:
        """Hand over nothing of what still runs."""
        self._newest += 1

    def _hand_over(self, number: int, result: Result) -> None:
        if number == self._newest:
            self._take(result)


def finish() -> None:
    """Blocking: let what has begun come to its end, and begin nothing more."""
    if pool := QThreadPool.globalInstance():
        pool.clear()
        pool.waitForDone()
