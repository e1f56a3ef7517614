"""What came of one case, where doing nothing is one way to answer it."""

from bridge.analysis.metrics import HARM


class Outcome:
    """Distances to the target at its level, MRSTFT: 0 is identical."""

    nothing: float
    answer: float

    @property
    def gain(self) -> float:
        """How much of the distance is taken back, as a share."""
        return 1 - self.answer / max(self.nothing, 1e-9)

    @property
    def harmed(self) -> bool:
        """Whether doing nothing would have been better."""
        return self.answer > self.nothing + HARM
