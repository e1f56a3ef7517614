"""Work that takes longer than a frame, on Qt's thread pool.

The task runs on a thread of the pool and touches no widget; its result comes back to Qt's thread
by a signal. What is still running when the window closes ends on its own, unheard.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from PyQt6.QtCore import QObject, QRunnable, QThreadPool, pyqtSignal

Result = TypeVar("Result")


class _Told(QObject):
    done = pyqtSignal(object)


class Background(Generic[Result]):
    """One kind of task; only the result of the newest is handed over."""

    def __init__(self, take: Callable[[Result], None]) -> None:
        """`take` is called on Qt's thread."""
        self._take = take
        self._newest: _Told | None = None

    def run(self, task: Callable[[], Result]) -> None:
        """Do this, and forget what was asked before."""
        told = _Told()
        told.done.connect(lambda result: self._hand_over(told, result))
        self._newest = told
        if pool := QThreadPool.globalInstance():
            pool.start(_Job(task, told))

    def forget(self) -> None:
        """Hand over nothing of what still runs."""
        self._newest = None

    def _hand_over(self, told: _Told, result: Result) -> None:
        if told is self._newest:
            self._newest = None
            self._take(result)


class _Job(QRunnable):
    def __init__(self, task: Callable[[], object], told: _Told) -> None:
        super().__init__()
        self._task = task
        self._told = told

    def run(self) -> None:
        self._told.done.emit(self._task())
