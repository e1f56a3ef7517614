"""When to have settings tried, and what their outcome means for the answers that follow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bridge.arrays import Audio
from bridge.engine.correction import Bypass, Correction
from bridge.estimate.answer import Answer
from bridge.estimate.matcher import ReferenceAnalysis

DECIDE_EVERY_S = 3.0
"""How much new sounding audio is worth another decision."""


@dataclass(frozen=True)
class Request:
    """What settings are tried on."""

    played: Audio
    """(channels, frames) at the host's rate."""
    sample_rate: float
    reference: ReferenceAnalysis


@dataclass(frozen=True)
class Outcome:
    """What came of a request."""

    answer: Answer | None
    """None where nothing could be decided."""
    seconds: float = 0.0
    fault: str = ""
    """Why not, for the player; empty where there is nothing to tell."""


class Decider(Protocol):
    """Tries settings for one request at a time; none of this blocks."""

    @property
    def idle(self) -> bool:
        """Whether a request would be taken."""

    def ask(self, request: Request) -> None:
        """Hand over a request; only while idle."""

    def poll(self) -> Outcome | None:
        """What came of the last request, once; None while it is in work."""


class Refinement:
    """Corrects the network's answers by decisions; without a decider they stay as they are."""

    def __init__(self, decider: Decider | None = None) -> None:
        self._decider = decider
        self._reference: ReferenceAnalysis | None = None
        self._asked: Answer | None = None
        """The network's answer to the request in work; None where its outcome counts no more."""
        self._correction: Correction | None = None
        self._new_s = DECIDE_EVERY_S
        self._fault = self._last_fault = ""
        self.bypass = Bypass()
        self.decisions = 0
        self.total_s = 0.0
        self.last_s = 0.0

    def correct(
        self,
        network: Answer,
        reference: ReferenceAnalysis,
        sounding_s: float,
        request: Callable[[], Request],
    ) -> Answer:
        """The network's newest answer, corrected.

        `sounding_s` is how much was played since the last call; `request` is called only where it
        is time to ask.
        """
        if reference is not self._reference:
            self._reference, self._asked, self._correction = reference, None, None
            self._new_s = DECIDE_EVERY_S
            self.bypass = self.bypass.renewed()
        self.bypass = self.bypass.heard(network)
        self._new_s += sounding_s
        if self._decider:
            if outcome := self._decider.poll():
                self._take(outcome)
            if self._decider.idle and self._new_s >= DECIDE_EVERY_S:
                self._decider.ask(request())
                self._asked, self._new_s = network, 0.0
        return self._correction.apply(network) if self._correction else network

    def hurry(self) -> None:
        """Have settings tried as soon as can be."""
        self._new_s = DECIDE_EVERY_S

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
        if self._asked:
            self._correction = Correction(self._asked, outcome.answer)
            self.bypass = self.bypass.told(outcome.answer)
