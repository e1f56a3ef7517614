"""When to have settings tried, and what their outcome means for the answers that follow."""

from collections.abc import Callable

from bridge.engine.correction import Bypasses, Correction
from bridge.estimate.answer import Answer
from bridge.estimate.listener import ReferenceAnalysis
from bridge.search.requests import Decider, Outcome, Request

DECIDE_EVERY_S = 3.0
"""How much new sounding audio is worth another decision."""


class Refinement:
    """Corrects the networks' answers by decisions; without a decider they stay as they are.

    For a chain that no network answers for, the newest decision is the answer.
    """

    def __init__(self, decider: Decider | None = None) -> None:
        self._decider = decider
        self._reference: ReferenceAnalysis | None = None
        self._in_work = False
        """Whether the outcome of the request in work still counts."""
        self._asked: Answer | None = None
        """The networks' answer to the request in work."""
        self._correction: Correction | None = None
        self._decision: Answer | None = None
        self._new_s = DECIDE_EVERY_S
        self._fault = self._last_fault = ""
        self._bypasses = Bypasses()
        self._playing = self._asked_of = 0
        """What is played now, and what was played when the request in work was made; counted."""
        self.newest: Answer | None = None
        """The newest decision about what is played now; None until there is one."""
        self.decisions = 0
        self.total_s = 0.0
        self.last_s = 0.0

    def correct(
        self,
        network: Answer | None,
        reference: ReferenceAnalysis,
        sounding_s: float,
        request: Callable[[], Request],
    ) -> Answer | None:
        """The networks' newest answer, corrected; None where there is neither it nor a decision.

        `sounding_s` is how much was played since the last call; `request` is called only where it
        is time to ask.
        """
        if reference is not self._reference:
            self.renew()
            self._reference, self._in_work = reference, False
            self._asked = self._correction = self._decision = None
            self._new_s = DECIDE_EVERY_S
            self._bypasses = self._bypasses.renewed()
        if network:
            self._bypasses = self._bypasses.predicted(network)
        self._new_s += sounding_s
        if self._decider:
            if outcome := self._decider.poll():
                self._take(outcome)
            if self._decider.idle and self._new_s >= DECIDE_EVERY_S:
                self._decider.submit(request())
                self._asked, self._in_work, self._new_s = network, True, 0.0
                self._asked_of = self._playing
        if network is None:
            return self._decision
        return self._correction.apply(network) if self._correction else network

    def renew(self) -> None:
        """Another source or reference: no decision tells how near that comes yet."""
        self.newest = None
        self._playing += 1

    def hurry(self) -> None:
        """Have settings tried as soon as can be."""
        self._new_s = DECIDE_EVERY_S

    @property
    def bypassed(self) -> frozenset[str]:
        """Ids of the slots that are to be left out."""
        return self._bypasses.on

    @property
    def able(self) -> bool:
        """Whether settings are tried at all."""
        return self._decider is not None and not self._last_fault

    def take_fault(self) -> str:
        """What failed since the last call; empty where nothing did."""
        fault, self._fault = self._fault, ""
        return fault

    def _take(self, outcome: Outcome) -> None:
        if outcome.fault != self._last_fault:
            # The same fault again is not worth telling again.
            self._fault = self._last_fault = outcome.fault
        if outcome.answer is None:
            return
        self.decisions += 1
        self.last_s = outcome.seconds
        self.total_s += outcome.seconds
        if self._in_work:
            self._decision = outcome.answer
            if self._asked_of == self._playing:
                self.newest = outcome.answer
            if self._asked:
                self._correction = Correction(self._asked, outcome.answer)
            self._bypasses = self._bypasses.told(outcome.answer)
