"""Decisions for one chain, one after another: what was found stays for the next."""

import time
from dataclasses import replace

import numpy as np

from bridge.chain import Chain
from bridge.effects import load_chain
from bridge.errors import AudioError
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.search.deadline import Deadline
from bridge.search.memory import Memory
from bridge.search.render_search import Search, warm_up
from bridge.search.requests import Heard, Outcome, Request


class Decisions:
    """Decides by rendering. The longer one reference is played to, the more excerpts of the
    playing an answer has to hold on."""

    def __init__(self, chain: Chain, library: Library) -> None:
        """Raises as `Estimator` and `load_chain` do."""
        self._estimator, self._effect = Estimator(chain, library), load_chain(chain)
        self._request: Request | None = None
        """The last one."""
        self.memory = Memory()
        """What was found for its reference and its playing."""
        # What is done for the first time may take long; let it happen before a budget counts.
        warm_up(self._estimator)
        self._effect.warm_up()

    def decide(self, request: Request, deadline: Deadline) -> Outcome:
        """The answer, by the deadline; none where the playing is too quiet to try anything on."""
        started_s = time.monotonic()
        if not self._goes_on_with(request):
            self.memory = Memory()
        self._request = request
        try:
            search = Search(
                self._estimator,
                self._effect,
                request.played,
                request.sample_rate,
                request.reference,
                self.memory,
            )
        except AudioError:
            return Outcome(None)
        search.explore(deadline)
        answer, self.memory = search.answer(deadline), search.memory
        if not request.whole:
            # A whole window will soon tell all of this again, and better.
            self.memory = replace(self.memory, excerpts=())
        wet = (one for one in search.candidates if not one.bypass)
        heard = tuple(Heard(one.setting, one.expectation.median) for one in wet)
        return Outcome(answer, time.monotonic() - started_s, heard=heard)

    def _goes_on_with(self, request: Request) -> bool:
        last = self._request
        return (
            last is not None
            and last.playing == request.playing
            and np.array_equal(last.reference.style, request.reference.style)
        )
