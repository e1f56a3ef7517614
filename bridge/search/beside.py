"""A second process that judges settings while the search judges others: on a core that is free.

Parties: the search, which hands over a setting, judges another one, and then waits for the answer;
the child (`bridge.search.child`), which loads the chain and its models by itself, a second or two
in which the search goes on alone. Whatever goes wrong with it, the search goes on alone: a child
that dies or fails is asked no more.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

from typing_extensions import override

from bridge.chain import Chain, ChainSetting
from bridge.closing import Closing
from bridge.effects import load_chain
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import ReferenceAnalysis
from bridge.library import Library
from bridge.search.child import PATIENCE_S, start_child
from bridge.search.excerpts import Excerpt
from bridge.search.judge import Expectation
from bridge.search.rendering import ExcerptJudge
from bridge.spawning import one_blas_thread
from bridge.system import Pipe

WORTH_S = 2.0
"""A search that may take less is over before a second process is of use."""

Levelled = tuple[ChainSetting, Expectation | None]
"""What `ExcerptJudge.levelled` gives."""


@dataclass(frozen=True)
class Task:
    """What settings are judged on."""

    excerpt: Excerpt
    sample_rate: float
    reference: ReferenceAnalysis


class Beside(Closing):
    """Judges one setting at a time, once it has told that it is ready."""

    def __init__(self, chain: Chain, library: Library) -> None:
        self._child: BaseProcess | None
        self._child, self._pipe = start_child("beside", serve, chain, library, gives_way=False)
        self._is_ready = False
        self._task: Task | None = None
        """What the child has not been told yet; before it is ready, telling would block."""

    @property
    def process_id(self) -> int | None:
        """The child's; None where there is none any more."""
        return self._child.pid if self._child else None

    @property
    def ready(self) -> bool:
        """Whether a setting may be handed over."""
        if self._child and not self._is_ready:
            try:
                self._is_ready = self._pipe.poll() and bool(self._pipe.recv())
            except (EOFError, OSError):
                self.close()
        return self._child is not None and self._is_ready

    def turn_to(self, task: Task) -> None:
        """Judge settings on this from now on."""
        self._task = task

    def hand_over(self, setting: ChainSetting) -> None:
        """Judge this one; only while ready."""
        for message in (self._task, setting):
            if message is not None and self._child:
                try:
                    self._pipe.send(message)
                except OSError:
                    self.close()
        self._task = None

    def answer(self) -> Levelled | None:
        """Blocking: the judgement of what was handed over last; None where there will be none."""
        if self._child is None:
            return None
        try:
            if self._pipe.poll(PATIENCE_S):
                levelled: Levelled = self._pipe.recv()
                return levelled
        except (EOFError, OSError):
            pass
        self.close()
        return None

    @override
    def close(self) -> None:
        if self._child:
            self._child.kill()
            self._child.join()
            self._pipe.close()
            self._child = None


def has_free_core() -> bool:
    """Whether this process may compute on more than one core."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) > 1
    return (os.cpu_count() or 1) > 1


def serve(pipe: Pipe, chain: Chain, library: Library) -> None:
    """The child's work, until the pipe is closed."""
    # Whatever fails ends the child in silence: the search meets the same fault, and tells it.
    with suppress(Exception):
        _serve(pipe, chain, library)


def _serve(pipe: Pipe, chain: Chain, library: Library) -> None:
    estimator, effect = Estimator(chain, library), load_chain(chain)
    effect.warm_up()
    judge: ExcerptJudge | None = None
    pipe.send(True)
    with one_blas_thread():
        while True:
            message: Task | ChainSetting = pipe.recv()
            if isinstance(message, Task):
                judge = ExcerptJudge(
                    estimator, effect, message.excerpt, message.sample_rate, message.reference
                )
            elif judge:
                pipe.send(judge.levelled(message))
