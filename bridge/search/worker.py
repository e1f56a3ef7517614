"""Decisions by rendering, in a process of their own.

Three parties. The analysis thread asks and polls: both only touch queues and never block. A thread
of this process hands the child one request at a time and blocks until it has answered or died. The
child (`bridge.search.child`) loads plugins and models and renders.

A child that dies or fails is started again; after `MOST_FAILURES` in a row it stays off.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.process import BaseProcess
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from typing_extensions import override

from bridge.chain import Chain
from bridge.closing import Closing
from bridge.library import Library, open_library
from bridge.search.child import PATIENCE_S, start_child
from bridge.search.deadline import Deadline
from bridge.search.decisions import Decisions
from bridge.search.requests import Outcome, Request
from bridge.system import Pipe

BUDGET_S = 2.5
"""For one decision; less than the new audio it is worth, so that the child rests in between."""
MOST_FAILURES = 3

Work = Callable[[Pipe, Chain, Library], None]
"""Takes requests out of the pipe and answers them, until the pipe is closed."""


class SearchWorker(Closing):
    """Decides one request at a time, while its owner goes on."""

    def __init__(
        self, chain: Chain, library: Library | None = None, work: Work | None = None
    ) -> None:
        """`work` is what the child does, by itself: to decide."""
        self._arguments = (work or serve, chain, library or open_library())
        self._requests: SimpleQueue[Request | None] = SimpleQueue()
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self._waiting = False
        self._failures = 0
        self._closed = False
        self._changing = Lock()
        """Held while a child is started, so that none is started behind the back of `close`."""
        self._child, self._pipe = self._start()
        self._thread = Thread(target=self._run, name="decisions", daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether a request would be taken."""
        return not self._waiting and self._failures < MOST_FAILURES

    @property
    def process_id(self) -> int | None:
        """The child's."""
        return self._child.pid

    def submit(self, request: Request) -> None:
        """Hand over a request; only while idle."""
        self._waiting = True
        self._requests.put(request)

    def poll(self) -> Outcome | None:
        """What came of the last request, once; None while it is in work."""
        try:
            outcome = self._outcomes.get_nowait()
        except Empty:
            return None
        self._waiting = False
        return outcome

    @override
    def close(self) -> None:
        """End thread and child at once. May be called twice."""
        with self._changing:
            self._closed = True
            self._child.kill()
        self._requests.put(None)
        self._thread.join()
        self._child.join()
        self._pipe.close()

    def _start(self) -> tuple[BaseProcess, Pipe]:
        return start_child("decisions", _child, *self._arguments)

    def _run(self) -> None:
        while (request := self._requests.get()) is not None:
            self._outcomes.put(self._answer(request))

    def _answer(self, request: Request) -> Outcome:
        """Blocks until the child has answered or died."""
        outcome = self._outcome(request)
        if not outcome.fault:
            self._failures = 0
            return outcome
        self._failures += 1
        with self._changing:
            if self._closed:
                return outcome
            self._child.kill()
            self._child.join()
            if self._failures >= MOST_FAILURES:
                return replace(outcome, fault=f"{outcome.fault}; it stays off from here on")
            self._pipe.close()
            self._child, self._pipe = self._start()
        return replace(outcome, fault=f"{outcome.fault}; it is started again")

    def _outcome(self, request: Request) -> Outcome:
        try:
            # A child that is gone may have left the reason in the pipe.
            with suppress(BrokenPipeError, ConnectionResetError):
                self._pipe.send(request)
            if not self._pipe.poll(PATIENCE_S):
                return Outcome(None, fault=f"trying settings took over {PATIENCE_S:.0f} s")
            outcome: Outcome = self._pipe.recv()
        except (EOFError, OSError):
            return Outcome(None, fault="trying settings failed (its process has died)")
        return outcome


def _child(pipe: Pipe, work: Work, chain: Chain, library: Library) -> None:
    """The child's work; it reports what stops it as its last outcome."""
    try:
        work(pipe, chain, library)
    except EOFError:
        return
    # Whatever goes wrong here must reach the player as one line, and leave the network at work.
    except Exception as error:
        lines = str(error).splitlines() or [""]
        pipe.send(
            Outcome(None, fault=f"trying settings failed ({lines[0] or type(error).__name__})")
        )


def serve(pipe: Pipe, chain: Chain, library: Library) -> None:
    """Answer requests with decisions until the pipe is closed."""
    decisions = Decisions(chain, library)
    while True:
        request: Request = pipe.recv()
        pipe.send(decisions.decide(request, Deadline.after(BUDGET_S)))
