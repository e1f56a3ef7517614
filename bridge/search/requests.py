"""What the engine asks of whoever tries settings, and what it gets back."""

from dataclasses import dataclass
from typing import Protocol

from bridge.arrays import Audio
from bridge.chain import ChainSetting
from bridge.estimate.answer import Answer
from bridge.estimate.listener import ReferenceAnalysis


@dataclass(frozen=True)
class Request:
    """What settings are tried on."""

    played: Audio
    """(channels, frames) at the host's rate."""
    sample_rate: float
    reference: ReferenceAnalysis
    playing: int = 0
    """Requests of one number are about the same playing: what is found of them adds up."""
    whole: bool = True
    """Whether all of it is this playing, and a whole window of it."""


@dataclass(frozen=True)
class Heard:
    """A setting that was tried."""

    setting: ChainSetting
    distance: float
    """What is expected of it on this playing, as `Closeness` has it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a request."""

    answer: Answer | None
    """None where nothing could be decided."""
    seconds: float = 0.0
    fault: str = ""
    """Why not, for the player; empty where there is nothing to tell."""
    heard: tuple[Heard, ...] = ()
    """All that was tried with the chain in place."""


class Decider(Protocol):
    """Tries settings for one request at a time; none of this blocks."""

    @property
    def idle(self) -> bool:
        """Whether a request would be taken."""

    def submit(self, request: Request) -> None:
        """Hand over a request; only while idle."""

    def poll(self) -> Outcome | None:
        """What came of the last request, once; None while it is in work."""
