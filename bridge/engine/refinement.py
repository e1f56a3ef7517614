"""When to have settings tried, and what their outcome means for the answers that follow.

Until the first decision the networks' answer is the answer. From then on the decision is, and it
rests until another one takes its place. While the playing is not the one that was decided on, the
answer moves from the decision as the networks' answer moves.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from bridge.chain import ChainSetting
from bridge.engine.playing import Playing
from bridge.estimate.answer import Answer
from bridge.estimate.listener import ReferenceAnalysis
from bridge.search.requests import Decider, Heard, Outcome, Request

DECIDE_EVERY_S = 3.0
"""How much new sounding audio is worth another decision. More than half of a window is new then, so
that nearly every sound counts as evidence once."""
LONGEST_S = 12.0
"""The same where decisions change nothing any more: each of them doubles it up to here."""
MOST_HEARD = 240
"""So many of the settings that were tried last are remembered."""
BYPASS_ABOVE, RETURN_BELOW = 0.6, 0.4
"""Probabilities from which the networks leave a slot out, and from which they take it in again."""


@dataclass(frozen=True)
class _Asked:
    """What there was when the request in work was made."""

    network: Answer | None
    playing: int
    whole: bool


@dataclass(frozen=True)
class _Decision:
    """An answer found by rendering, and the networks' at the time it was asked for."""

    answer: Answer
    network: Answer | None

    def moved_to(self, network: Answer) -> Answer:
        """The decision, its continuous parameters moved as far as the networks' answer has."""
        if self.network is None:
            return self.answer
        chain, setting = network.setting.chain, self.answer.setting
        values = [
            goal if parameter.spec.classes else min(max(goal + now - before, 0.0), 1.0)
            for parameter, goal, now, before in zip(
                chain.predicted,
                setting.predicted,
                network.setting.predicted,
                self.network.setting.predicted,
                strict=True,
            )
        ]
        moved = ChainSetting.of_predicted(chain, values, setting.bypassed)
        return replace(self.answer, setting=moved)


class Refinement:
    """Puts decisions in the place of the networks' answers; without a decider these stay."""

    def __init__(self, decider: Decider | None = None) -> None:
        self._decider = decider
        self._reference: ReferenceAnalysis | None = None
        self._playing = 0
        self._asked: _Asked | None = None
        """None where its outcome counts no more."""
        self._decision: _Decision | None = None
        self._rests = False
        """Whether the decision holds for what is being played."""
        self.newest: Answer | None = None
        """The newest decision about what is played now; None until there is one."""
        self.heard: deque[Heard] = deque(maxlen=MOST_HEARD)
        """What was tried for what is played now, the newest last."""
        self._new_s = self._every_s = DECIDE_EVERY_S
        self._was_whole = False
        """Whether a whole window of this playing was asked about."""
        self._fault = self._last_fault = ""
        self.bypassed: frozenset[str] = frozenset()
        """Ids of the slots that are to be left out."""
        self.decisions = 0
        self.total_s = 0.0
        self.last_s = 0.0

    def correct(
        self,
        network: Answer | None,
        playing: Playing,
        reference: ReferenceAnalysis,
        sounding_s: float,
        request: Callable[[], Request],
    ) -> Answer | None:
        """The newest answer; None where there is neither a network's nor a decision.

        `sounding_s` is how much was played since the last call; `request` is called only where it
        is time to ask.
        """
        if reference is not self._reference:
            self._reference, self._decision = reference, None
            self.renew()
            self._begin_again()
        if playing.number != self._playing:
            self._playing, self.newest = playing.number, None
            self._begin_again()
        self._new_s += sounding_s
        if self._decider:
            if outcome := self._decider.poll():
                self._take(outcome)
            if self._decider.idle and self._is_due(playing):
                self._decider.submit(request())
                self._asked = _Asked(network, playing.number, playing.whole)
                self._new_s, self._was_whole = 0.0, playing.whole
        answer = self._answer(network)
        self._leave_out(answer)
        return answer

    def renew(self) -> None:
        """Another source or reference: what is in work tells nothing of it."""
        self.newest = self._asked = None

    def hurry(self) -> None:
        """Have settings tried as soon as can be."""
        self._new_s = self._every_s

    @property
    def able(self) -> bool:
        """Whether settings are tried at all."""
        return self._decider is not None and not self._last_fault

    def take_fault(self) -> str:
        """What failed since the last call; empty where nothing did."""
        fault, self._fault = self._fault, ""
        return fault

    def _begin_again(self) -> None:
        """Ask at once: what was decided was decided for something else."""
        self._rests = self._was_whole = False
        self.heard.clear()
        self._new_s = self._every_s = DECIDE_EVERY_S

    def _is_due(self, playing: Playing) -> bool:
        return self._new_s >= self._every_s or (playing.whole and not self._was_whole)

    def _take(self, outcome: Outcome) -> None:
        if outcome.fault != self._last_fault:
            # The same fault again is not worth telling again.
            self._fault = self._last_fault = outcome.fault
        if outcome.answer is None:
            return
        self.decisions += 1
        self.last_s = outcome.seconds
        self.total_s += outcome.seconds
        asked, before = self._asked, self._decision
        if asked is None:
            return
        self._decision = _Decision(outcome.answer, asked.network)
        if asked.playing != self._playing:
            return
        self.newest = outcome.answer
        self.heard.extend(outcome.heard)
        # What was decided on less than a window of this playing is made up for by the networks.
        self._rests = asked.whole
        is_kept = before is not None and before.answer.setting == outcome.answer.setting
        self._every_s = min(2 * self._every_s, LONGEST_S) if is_kept else DECIDE_EVERY_S

    def _answer(self, network: Answer | None) -> Answer | None:
        if self._decision is None:
            return network
        if self._rests or network is None:
            return self._decision.answer
        return self._decision.moved_to(network)

    def _leave_out(self, answer: Answer | None) -> None:
        """A decision's slots; the networks', which wander, by two thresholds."""
        if answer is None:
            return
        if self._decision:
            self.bypassed = answer.setting.bypassed
            return
        slots = zip(answer.setting.chain.slots, answer.bypass_probability, strict=True)
        self.bypassed = frozenset(
            slot.id
            for slot, probability in slots
            if probability > (RETURN_BELOW if slot.id in self.bypassed else BYPASS_ABOVE)
        )
