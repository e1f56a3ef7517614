"""The live loop: every hop, hear the newest window, answer, glide, send.

Runs on its caller's thread, the analysis thread; that thread sleeps between hops and nothing else
blocks it: a device is captured by PortAudio's own thread into a ring, OSC is sent and heard without
waiting, a lost host is looked for by a thread of its own, and settings are tried by a decider in a
process of its own. After a stall the loop goes on with the newest audio; hops that were missed are
skipped.
"""

import gc
import time
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from threading import Event

from typing_extensions import override

from bridge.analysis.statistics import Statistics
from bridge.analysis.windows import SILENCE_DB
from bridge.audio.sources import Source
from bridge.closing import Closing
from bridge.drive.parameter_control import ParameterControl
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import share_of_way
from bridge.engine.hearing import Hearing
from bridge.engine.playing import Playing
from bridge.engine.refinement import Refinement
from bridge.engine.session import Status, Summary
from bridge.errors import HostError
from bridge.estimate.answer import Answer
from bridge.estimate.closeness import Closeness, Verdict
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis, ReferenceAnalysis
from bridge.hosts import Host
from bridge.search.requests import Decider, Request
from bridge.spawning import one_blas_thread

STATUS_S = 0.25
IDLE_HOP_S = 0.05
"""Between two looks at the input while there is no model to say."""
LEAST_AMOUNT_TO_BYPASS = 0.5
"""Who wants less than half of the change does not want the plugin gone."""


@dataclass
class _Once:
    """A match that ends when it has come to the best answer there is."""

    decisions: int
    """How many there were when it began."""
    answer: Answer | None = None
    """The one it goes to, and no other any more."""


class LiveEngine(Closing):
    """Follows one source with one chain in one host; each of them can be exchanged or missing.

    Owns none of them. Everything is called on the thread of `run`, but for `__init__`.
    """

    def __init__(
        self,
        source: Source | None = None,
        estimator: Estimator | None = None,
        reference: ReferenceAnalysis | None = None,
        host: Host | None = None,
        settings: LiveSettings | None = None,
        decider: Decider | None = None,
    ) -> None:
        """Reads the host's own values; without a decider the networks answer alone.

        Raises HostError where the host does not answer.
        """
        self.settings = settings or LiveSettings()
        self.follow = True
        """Whether the host's knobs are turned."""
        self.frozen = False
        """Whether they are held where they are."""
        self.summary = Summary()
        self.hearing: Hearing | None = None
        self.control: ParameterControl | None = None
        self.estimator: Estimator | None = None
        self.reference: ReferenceAnalysis | None = None
        self.refinement = Refinement()
        self.answer: Answer | None = None
        self.statistics: Statistics | None = None
        """Of the newest window that sounded."""
        self.played: Analysis | None = None
        self.state = "idle"
        self._playing = Playing()
        self._once: _Once | None = None
        self._last_hop_s = 0.0
        if estimator:
            estimator.warm_up()
            self.answer_with(estimator, decider)
        self.listen_to(source)
        self.set_reference(reference)
        if host and estimator:
            self.drive(ParameterControl(host, estimator.chain))

    def listen_to(self, source: Source | None) -> None:
        """Hear this source from the next hop on, from an empty window."""
        self.hearing = None
        if source and self.estimator:
            self.hearing = Hearing(source, self.estimator.features)
        self._playing.begin_again()
        self.statistics = self.played = None
        self.refinement.renew()

    def answer_with(self, estimator: Estimator, decider: Decider | None) -> None:
        """Answer with this estimator, which is warm, from the next hop on.

        For another chain than before the parameters are let go; the same goes on without a gap.
        """
        before, self.estimator, self.refinement = self.estimator, estimator, Refinement(decider)
        self._once = self.played = None
        if before is None or before.chain != estimator.chain:
            self.control = self.answer = None
        if self.hearing and self.hearing.features != estimator.features:
            self.listen_to(self.hearing.source)

    def set_reference(self, reference: ReferenceAnalysis | None) -> None:
        """Follow another reference from the next hop on."""
        self.reference, self.answer = reference, None
        self.refinement.renew()

    def drive(self, control: ParameterControl | None) -> None:
        """Turn these parameters from the next hop on."""
        self.control = control

    def match_once(self) -> None:
        """Go to the best answer there is, and stay there."""
        self.follow, self.frozen = False, False
        self._once = _Once(self.refinement.decisions)
        self.refinement.hurry()

    def let_go(self) -> None:
        """Turn no knob any more."""
        self.follow, self._once = False, None

    @property
    def matching(self) -> bool:
        """Whether a match is on its way."""
        return self._once is not None

    @property
    def turning(self) -> bool:
        """Whether the knobs are turned at all."""
        return self.follow or self._once is not None

    @property
    def _is_about_to_turn(self) -> bool:
        """Whether only the window or the answer is still waited for."""
        wanted = self.hearing is not None and self.reference is not None
        return wanted and self.turning and self.settings.amount > 0

    def arm(self, addresses: Iterable[str] = ()) -> None:
        """Drive these parameters, or all of these slots, again; or all."""
        if self.control:
            self.control.arm(addresses)

    def put(self, values: Mapping[str, float]) -> None:
        """Set real values by address for the player. Raises HostError where no host takes them."""
        self._connected().put(values, time.monotonic())

    def restore(self, values: Mapping[str, float], yours: Set[str]) -> None:
        """Set real values by address as they were once, of which only `yours` are the player's.

        Raises HostError where no host takes them.
        """
        self._connected().restore(values, yours, time.monotonic())

    def _connected(self) -> ParameterControl:
        if self.control is None:
            raise HostError("no effect host is connected; give the URL of one")
        return self.control

    def revert(self) -> bool:
        """Blocking: give the host its values from before back.

        Nothing is driven then until `arm`. False where the host is gone.
        """
        return self.control is None or self.control.revert()

    @override
    def close(self) -> None:
        if self.control:
            self.control.close()
        self.hearing = self.control = None

    def run(
        self,
        stop: Event,
        seconds: float | None = None,
        on_status: Callable[[Status], None] = lambda _status: None,
        on_hop: Callable[[float], None] = lambda _now_s: None,
    ) -> Summary:
        """Follow until `stop` is set, the source ends, or `seconds` are over."""
        # What is loaded stays; the collector need not look at it again.
        gc.collect()
        gc.freeze()
        try:
            with one_blas_thread():
                return self._run(stop, seconds, on_status, on_hop)
        finally:
            gc.unfreeze()

    def _run(
        self,
        stop: Event,
        seconds: float | None,
        on_status: Callable[[Status], None],
        on_hop: Callable[[float], None],
    ) -> Summary:
        start = self._last_hop_s = time.monotonic()
        due, status_due = start + self._hop_s, start
        while not stop.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            self.hop(now)
            on_hop(now)
            self.summary.hops += 1
            if now >= status_due:
                on_status(self._status(now - start))
                status_due = now + STATUS_S
            if seconds is not None and now - start >= seconds:
                break
            if self.hearing and self.hearing.source.finished:
                break
            due += self._hop_s
            if (late := time.monotonic() - due) > 0:
                missed = int(late / self._hop_s) + 1
                self.summary.skipped_hops += missed
                due += missed * self._hop_s
        return self._finished()

    @property
    def _hop_s(self) -> float:
        return self.estimator.hop_s if self.estimator else IDLE_HOP_S

    def _finished(self) -> Summary:
        summary = self.summary
        summary.lost = self.hearing.source.lost if self.hearing else 0
        summary.decisions = self.refinement.decisions
        summary.decision_s = self.refinement.total_s / max(self.refinement.decisions, 1)
        summary.closeness, summary.verdict = self.closeness, self.verdict
        if summary.sends and self.control:
            summary.sends += self.control.finish()
        return summary

    def hop(self, now_s: float) -> None:
        """One step of `run`, at this time of a clock that only goes forward."""
        started = time.perf_counter()
        elapsed_s, self._last_hop_s = now_s - self._last_hop_s, now_s
        if self.control:
            self.control.listen(now_s, self._is_about_to_turn)
        answered = self._listen(elapsed_s)
        self._turn(elapsed_s, now_s)
        if answered:
            self.summary.predictions += 1
            self.summary.compute_ms.append(1000 * (time.perf_counter() - started))

    def _listen(self, elapsed_s: float) -> bool:
        """Hear the newest window and answer to it; whether there is a new answer."""
        if self.hearing is None or self.estimator is None:
            self.state = "idle"
            return False
        self.hearing.hear()
        window = self.hearing.window
        if not window.ready:
            self.state = "filling"
            return False
        if not self.hearing.sounding:
            self.state = "silent"
            return False
        self.state = "matching" if window.full else "provisional"
        self.statistics = window.statistics()
        newest = self.estimator.embed(self.statistics)
        share = share_of_way(elapsed_s, self.settings.averaging_s)
        self.played = self.played.towards(newest, share) if self.played else newest
        self._playing.hear(newest, elapsed_s, self.estimator.features.window_s, window.full)
        if self.reference is None:
            return False
        rate, reference, playing = self.hearing.source.sample_rate, self.reference, self._playing
        # Of a chain that no network answers for, only what was tried tells anything.
        trained = self.estimator.trained
        network = self.estimator.predict(self.played, reference, rate) if trained else None
        self.answer = self.refinement.correct(
            network,
            playing,
            reference,
            elapsed_s,
            lambda: Request(window.played(), rate, reference, playing.number, playing.whole),
        )
        return self.answer is not None

    def _turn(self, elapsed_s: float, now_s: float) -> None:
        """Until there is an answer to give, the knobs are the player's alone."""
        control, answer = self.control, self.answer
        if control is None or answer is None or self.settings.amount == 0:
            return
        if not self.turning:
            return
        if self._once:
            answer = self._once.answer or answer
        arrived = not self.frozen and control.towards(answer.setting, self.settings, elapsed_s)
        send = control.send
        if self._once:
            if self._once.answer and arrived:
                # Nothing more will be sent, so nothing may wait for the host's pace.
                self._once, send = None, control.send_all
            elif self._is_best(self._once):
                self._once.answer = answer
        self.summary.sends += send(now_s, self.bypassed)

    def _is_best(self, once: _Once) -> bool:
        """Whether no better answer is to be waited for."""
        return self.refinement.decisions > once.decisions or not self.refinement.able

    @property
    def bypassed(self) -> frozenset[str]:
        """Ids of the slots that the answer leaves out."""
        if self.settings.amount < LEAST_AMOUNT_TO_BYPASS:
            return frozenset()
        return self.refinement.bypassed

    @property
    def closeness(self) -> Closeness | None:
        """How near the newest decision about what is played now comes; None where nobody knows."""
        decision = self.refinement.newest
        return decision.closeness.rounded() if decision and decision.closeness else None

    @property
    def verdict(self) -> Verdict | None:
        """What came of that decision; None until there is one."""
        return self.refinement.newest.verdict if self.refinement.newest else None

    @property
    def confidence(self) -> dict[str, float]:
        """Of the parameters that a network knows, by address; empty until there is an answer."""
        told = self.answer.confidences if self.answer else {}
        return {address: round(share, 3) for address, share in told.items()}

    def take_fault(self) -> str:
        """What went wrong since the last call; empty where nothing did."""
        tellers = (
            self.refinement,
            self.control and self.control.driver,
            self.hearing,
        )
        return next((fault for teller in tellers if teller and (fault := teller.take_fault())), "")

    def _status(self, time_s: float) -> Status:
        control, hearing, summary = self.control, self.hearing, self.summary
        return Status(
            round(time_s, 3),
            self.state,
            round(hearing.level_db, 1) if hearing else SILENCE_DB,
            round(summary.compute_ms.last, 2),
            control.driver.sends_per_s if control else 0,
            hearing.source.lost if hearing else 0,
            dict(control.setting.values) if control else {},
            self.confidence,
            sorted(self.bypassed),
            self.refinement.decisions,
            round(self.refinement.last_s, 2),
            list(control.driver.yielded) if control else [],
            control.driver.lost if control else False,
            self.take_fault(),
            self.closeness,
            self.verdict,
        )
