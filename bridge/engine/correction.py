"""What rendering found beyond the network's answer, and when the plugin is to be left out."""

from dataclasses import dataclass, replace
from typing import Self

from bridge.estimate.answer import Answer
from bridge.manifest import Setting

BYPASS_ABOVE = 0.6
RETURN_BELOW = 0.4
DECISION_WEIGHT = 0.5
"""How far one decision moves the probability of bypass towards itself."""


@dataclass(frozen=True)
class Correction:
    """The difference of a decision from the network's answer at the time it was asked for.

    A decision is seconds old when it comes. What the network has said meanwhile stays; the
    difference is added to it.
    """

    asked: Answer
    """The network's."""
    decided: Answer

    def apply(self, network: Answer) -> Answer:
        """The network's newest answer, corrected.

        Continuous parameters are moved by the normalised offset and clamped; the class of an enum
        or a toggle, bypass, gain and confidence are the decision's.
        """
        plugin = network.setting.plugin
        before, found = self.asked.setting.predicted, self.decided.setting.predicted
        values = [
            goal if spec.classes else min(max(now + goal - start, 0.0), 1.0)
            for spec, now, start, goal in zip(
                plugin.predicted, network.setting.predicted, before, found, strict=True
            )
        ]
        return replace(
            network,
            setting=Setting.of_predicted(plugin, values),
            confidence=self.decided.confidence,
            bypass=self.decided.bypass,
            gain_db=self.decided.gain_db,
        )


@dataclass(frozen=True)
class Bypass:
    """Whether the plugin is left out: on above 0.6, off below 0.4 probability."""

    on: bool = False
    probability: float = 0.0
    decided: bool = False
    """Whether decisions count by now, and no longer the network."""

    def heard(self, network: Answer) -> Self:
        """After the network's answer of a hop; without effect once decisions have come."""
        return self if self.decided else self._at(network.bypass_probability)

    def told(self, decision: Answer) -> Self:
        """After a decision, which moves the probability half of the way to itself."""
        goal = 1.0 if decision.bypass else 0.0
        moved = self._at(self.probability + DECISION_WEIGHT * (goal - self.probability))
        return replace(moved, decided=True)

    def renewed(self) -> Self:
        """For another reference: what is heard stays until the network has answered."""
        return replace(self, decided=False)

    def _at(self, probability: float) -> Self:
        threshold = RETURN_BELOW if self.on else BYPASS_ABOVE
        return replace(self, on=probability > threshold, probability=probability)
