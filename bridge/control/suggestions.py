"""Which plugins and rigs suit what was played last: asked for, told, and ended.

The analysis thread orders and polls; a thread of the pool waits for the process that tries them.
"""

import json
from concurrent.futures import Executor

from typing_extensions import override

from bridge.closing import Closing
from bridge.control.latest_job import LatestJob
from bridge.control.reference import Reference
from bridge.control.surface import Surface
from bridge.engine.hearing import Hearing
from bridge.errors import AudioError, BridgeError, DeviceError
from bridge.library import Library
from bridge.search.suggestion import Question, SeparateContest

BUDGET_S = 10.0


class Suggestions(Closing):
    """The newest question, and its answer until the reference is another."""

    def __init__(self, surface: Surface, pool: Executor, library: Library) -> None:
        self._surface, self._library = surface, library
        self._job = LatestJob[str](pool, lambda told: surface.tell("/suggested", told))
        self._contest: SeparateContest | None = None
        self._reference: Reference | None = None
        """What was asked for."""

    def ask(
        self, hearing: Hearing | None, reference: Reference | None, budget_s: float, host: str = ""
    ) -> None:
        """Rank all there is, or what the host at a URL holds; what was asked before is dropped.

        Raises BridgeError where there is nothing to go by.
        """
        question = _question(hearing, reference, budget_s, host)
        self.forget()
        self._reference = reference
        self._contest = SeparateContest(question, self._library)
        self._job.order(self._contest.run)

    def stop(self) -> None:
        """Rank no more; what was told stays."""
        self._job.cancel()
        if self._contest:
            self._contest.close()

    def forget(self) -> None:
        """Rank no more, and tell nothing."""
        self.stop()
        self._contest = self._reference = None
        self._surface.tell("/suggested", "")

    def poll(self, reference: Reference | None) -> None:
        """Tell what is there; another reference than was asked for ends it."""
        if self._reference and not self._reference.same_as(reference):
            self.forget()
        self._job.poll()
        if fault := self._job.fault:
            self._surface.tell("/suggested", json.dumps({"error": fault}))
        self._surface.tell("/suggest/running", int(self._job.busy))

    @override
    def close(self) -> None:
        self.stop()


def budget_of(numbers: tuple[float, ...]) -> float:
    """Seconds, of what `/suggest` was given. Raises BridgeError for more than one number."""
    if len(numbers) > 1:
        raise BridgeError(f"it takes one number of seconds or none, not {len(numbers)}")
    return next(iter(numbers), BUDGET_S)


def _question(
    hearing: Hearing | None, reference: Reference | None, budget_s: float, host: str
) -> Question:
    if hearing is None:
        raise DeviceError("nothing is listened to; choose an input first")
    if reference is None:
        raise AudioError("there is no reference; choose one first")
    if (played := hearing.last_played) is None:
        raise AudioError("nothing was played yet; play for a moment first")
    region = reference.region
    return Question(
        played,
        hearing.source.sample_rate,
        reference.path,
        budget_s,
        region.begin_s,
        region.until_s,
        host,
    )
