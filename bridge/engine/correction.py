"""What rendering found beyond the networks' answer, and which slots are to be left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from bridge.chain import ChainSetting
from bridge.estimate.answer import Answer

BYPASS_ABOVE = 0.6
RETURN_BELOW = 0.4
DECISION_WEIGHT = 0.5
"""How far one decision moves the probability of bypass towards itself."""


@dataclass(frozen=True)
class Correction:
    """The difference of a decision from the networks' answer at the time it was asked for.

    A decision is seconds old when it comes. What the networks have said meanwhile stays; the
    difference is added to it.
    """

    asked: Answer
    """The networks'."""
    decided: Answer

    def apply(self, network: Answer) -> Answer:
        """The networks' newest answer, corrected.

        Continuous parameters are moved by the normalised offset and clamped; the class of an enum
        or a toggle, bypass, gain and confidence are the decision's.
        """
        before, found = self.asked.setting.predicted, self.decided.setting.predicted
        chain = network.setting.chain
        values = [
            goal if parameter.spec.classes else min(max(now + goal - start, 0.0), 1.0)
            for parameter, now, start, goal in zip(
                chain.predicted, network.setting.predicted, before, found, strict=True
            )
        ]
        return replace(
            network,
            setting=ChainSetting.of_predicted(chain, values, self.decided.setting.bypassed),
            confidence=self.decided.confidence,
            gain_db=self.decided.gain_db,
        )


@dataclass(frozen=True)
class Bypass:
    """Whether a slot is left out: on above 0.6, off below 0.4 probability."""

    on: bool = False
    probability: float | None = None
    """None until anything was said."""
    decided: bool = False
    """Whether decisions count by now, and no longer the network."""

    def predicted(self, probability: float) -> Self:
        """After the network's answer of a hop; without effect once decisions have come."""
        return self if self.decided else self._at(probability)

    def told(self, bypass: bool) -> Self:
        """After a decision, which moves the probability half of the way to itself.

        Where no network has spoken before, the first decision counts whole.
        """
        goal = float(bypass)
        before = goal if self.probability is None else self.probability
        return replace(self._at(before + DECISION_WEIGHT * (goal - before)), decided=True)

    def renewed(self) -> Self:
        """For another reference: what was said last stays until there is an answer."""
        return replace(self, decided=False)

    def _at(self, probability: float) -> Self:
        threshold = RETURN_BELOW if self.on else BYPASS_ABOVE
        return replace(self, on=probability > threshold, probability=probability)


@dataclass(frozen=True)
class Bypasses:
    """The bypass of every slot, by its id."""

    slots: Mapping[str, Bypass] = field(default_factory=dict)

    @property
    def on(self) -> frozenset[str]:
        """Ids of the slots that are left out."""
        return frozenset(slot_id for slot_id, bypass in self.slots.items() if bypass.on)

    def predicted(self, network: Answer) -> Self:
        """After the networks' answer of a hop."""
        pairs = zip(network.setting.chain.slots, network.bypass_probability, strict=True)
        return replace(self, slots={s.id: self._of(s.id).predicted(p) for s, p in pairs})

    def told(self, decision: Answer) -> Self:
        """After a decision."""
        bypassed, slots = decision.setting.bypassed, decision.setting.chain.slots
        return replace(self, slots={s.id: self._of(s.id).told(s.id in bypassed) for s in slots})

    def renewed(self) -> Self:
        """For another reference."""
        return replace(self, slots={s: bypass.renewed() for s, bypass in self.slots.items()})

    def _of(self, slot_id: str) -> Bypass:
        return self.slots.get(slot_id, Bypass())
