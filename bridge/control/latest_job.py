"""What takes time is made ready on a thread of a pool, while the analysis thread goes on.

The analysis thread orders and polls; neither waits. Of several orders for one thing the newest
counts, and what the others come to is let go of.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Generic, TypeVar

from bridge.errors import BridgeError

Made = TypeVar("Made")
_log = logging.getLogger(__name__)


class LatestJob(Generic[Made]):
    """One thing that is made ready, such as the host."""

    def __init__(
        self,
        pool: Executor,
        take: Callable[[Made], None],
        let_go: Callable[[Made], None] = lambda _made: None,
    ) -> None:
        """`take` gets what is ready, on the thread of `poll`; `let_go` what nobody wants any more,
        on a thread of the pool."""
        self._pool, self._take, self._let_go = pool, take, let_go
        self._future: Future[Made] | None = None
        self.error: BridgeError | None = None
        """Why the newest order failed; None where it did not."""

    @property
    def busy(self) -> bool:
        """Whether something is on its way."""
        return self._future is not None

    @property
    def fault(self) -> str:
        """`error` as one line; empty where there is none."""
        return str(self.error or "")

    def order(self, make: Callable[[], Made]) -> None:
        """Have it made."""
        self.cancel()
        self._future = self._pool.submit(make)

    def cancel(self) -> None:
        """Want nothing any more."""
        if self._future and not self._future.cancel():
            self._future.add_done_callback(self._drop)
        self._future = self.error = None

    def poll(self) -> None:
        """Hand over what is ready."""
        if self._future is None or not self._future.done():
            return
        future, self._future = self._future, None
        try:
            self._take(future.result())
        except BridgeError as error:
            self.error = error
        # A fault nobody has foreseen must reach the player as one line too, and stop nothing.
        except Exception as error:
            _log.exception("unforeseen")
            self.error = BridgeError(f"this failed in an unforeseen way ({error}); see the log")

    def _drop(self, future: Future[Made]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._let_go(future.result())
