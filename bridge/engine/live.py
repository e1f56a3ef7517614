"""The live loop: every hop, hear the newest window, answer, glide, send.

Runs on its caller's thread, the analysis thread; that thread sleeps between hops and nothing else
blocks it: a device is captured by PortAudio's own thread into a ring, OSC is sent and heard without
waiting, a lost host is looked for by a thread of its own, and settings are tried by a decider in a
process of its own. After a stall the loop goes on with the newest audio; hops that were missed are
skipped.
"""

import time
from collections.abc import Callable, Iterable
from threading import Event

import numpy as np
from typing_extensions import override

from bridge.analysis.statistics import statistics
from bridge.analysis.windows import active_share, rms_db
from bridge.audio.sources import Source
from bridge.closing import Closing
from bridge.engine.answers import Answer
from bridge.engine.driving import Driver
from bridge.engine.guidance import Decider, Guidance, Request
from bridge.engine.matcher import Analysis, Matcher
from bridge.engine.session import LiveSettings, Status, Summary
from bridge.engine.smoothing import Smoother, blend, share_of_way
from bridge.engine.window import LiveWindow
from bridge.hosts import Host
from bridge.manifest import BYPASS, Setting

STATUS_S = 0.25
LEAST_ACTIVE_SHARE = 0.5
"""Values are held where less of the window sounds: the models know playing, not its absence."""
LEAST_AMOUNT_TO_BYPASS = 0.5
"""Who wants less than half of the change does not want the plugin gone."""


class LiveEngine(Closing):
    """Follows one source with one plugin in one host."""

    def __init__(
        self,
        source: Source,
        matcher: Matcher,
        reference: Analysis,
        host: Host,
        settings: LiveSettings,
        decider: Decider | None = None,
    ) -> None:
        """Reads the host's own values; without a decider the network answers alone.

        Raises HostError where the host does not answer.
        """
        self._source = source
        self._matcher = matcher
        self._reference = reference
        self._settings = settings
        self._window = LiveWindow(source.sample_rate, matcher.features)
        self._driver = Driver(host, matcher.plugin)
        self._base = self._driver.own
        self._played: Analysis | None = None
        self._answer: Answer | None = None
        self._target = self._base
        self._guidance = Guidance(decider)
        self._smoother = Smoother(self._base, settings.smoothing_s)
        self._last_hop_s = 0.0
        self._warm_up()

    def _warm_up(self) -> None:
        """A first inference is slow; let it happen before it counts."""
        features = self._matcher.features
        noise = np.random.default_rng(0).standard_normal(features.window_frames)
        analysis = self._matcher.embed(statistics(noise.astype(np.float32), features))
        self._matcher.predict(analysis, self._reference, self._source.sample_rate)

    def set_reference(self, reference: Analysis) -> None:
        """Follow another reference from the next hop on; any thread may call this."""
        self._reference = reference

    def arm(self, symbols: Iterable[str] = ()) -> None:
        """Drive these parameters again, or all; only on the thread of `run`."""
        self._driver.arm(symbols)

    def revert(self) -> bool:
        """Blocking: give the host its values from before back; only on the thread of `run`.

        Nothing is driven then until `arm`. False where the host is gone.
        """
        return self._driver.revert()

    @override
    def close(self) -> None:
        self._driver.close()

    def run(
        self,
        stop: Event,
        seconds: float | None = None,
        on_status: Callable[[Status], None] = lambda _status: None,
    ) -> Summary:
        """Follow until `stop` is set, the source ends, or `seconds` are over."""
        summary = Summary()
        hop_s = self._matcher.hop_s
        start = self._last_hop_s = time.monotonic()
        due, status_due = start + hop_s, start
        while not stop.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            state, level_db = self._hop(now, summary)
            summary.hops += 1
            if now >= status_due:
                on_status(self._status(now - start, state, level_db, summary))
                status_due = now + STATUS_S
            if self._source.finished or (seconds is not None and now - start >= seconds):
                break
            due += hop_s
            if (late := time.monotonic() - due) > 0:
                missed = int(late / hop_s) + 1
                summary.skipped_hops += missed
                due += missed * hop_s
        summary.lost = self._source.lost
        summary.decisions = self._guidance.decisions
        summary.decision_s = self._guidance.total_s / max(self._guidance.decisions, 1)
        if summary.sends:
            summary.sends += self._driver.finish(self._smoother.setting, self._bypassed)
        return summary

    def _hop(self, now_s: float, summary: Summary) -> tuple[str, float]:
        """One hop; the state and the level of what was heard."""
        started = time.perf_counter()
        self._follow_host(now_s)
        block = self._source.read()
        self._window.push(block)
        elapsed_s, self._last_hop_s = now_s - self._last_hop_s, now_s
        level_db = rms_db(block) if block.size else rms_db(np.zeros(1, np.float32))
        if not self._window.ready:
            return "filling", level_db
        sounding = self._sounds()
        if sounding:
            self._answer = self._listen(elapsed_s)
            self._target = blend(self._base, self._answer.setting, self._settings.amount)
            summary.predictions += 1
        # Until there is an answer to give, the knobs are the player's alone.
        if self._answer and self._settings.amount > 0:
            self._smoother.towards(self._target, elapsed_s)
            self._leave_yielded()
            setting = self._smoother.setting
            summary.sends += self._driver.update(setting, now_s, self._bypassed)
        summary.compute_ms.append(1000 * (time.perf_counter() - started))
        if not sounding:
            return "silent", level_db
        return ("matching" if self._window.full else "provisional"), level_db

    def _follow_host(self, now_s: float) -> None:
        self._driver.listen(now_s)
        if not self._driver.driving:
            self._base = self._smoother.setting = self._driver.own

    def _leave_yielded(self) -> None:
        """What the player has taken back stays where it is, and will glide from there."""
        now = self._smoother.setting
        taken = {s: v for s, v in self._driver.yielded.items() if s != BYPASS}
        if taken:
            self._smoother.setting = Setting.of_values(now.plugin, now.values | taken)

    def _listen(self, elapsed_s: float) -> Answer:
        """The answer to the newest window, which sounds."""
        rate, reference = self._source.sample_rate, self._reference
        heard = self._matcher.embed(self._window.statistics())
        share = share_of_way(elapsed_s, self._settings.memory_s)
        self._played = self._played.towards(heard, share) if self._played else heard
        network = self._matcher.predict(self._played, reference, rate)
        return self._guidance.correct(
            network, reference, elapsed_s, lambda: Request(self._window.played(), rate, reference)
        )

    @property
    def _bypassed(self) -> bool:
        return self._guidance.bypass.on and self._settings.amount >= LEAST_AMOUNT_TO_BYPASS

    def _sounds(self) -> bool:
        rate = self._matcher.features.sample_rate_hz
        return active_share(self._window.audio, rate) >= LEAST_ACTIVE_SHARE

    def _confidence(self) -> dict[str, float]:
        if self._answer is None:
            return {}
        symbols = [spec.symbol for spec in self._matcher.plugin.predicted]
        rounded = [round(share, 3) for share in self._answer.confidence]
        return dict(zip(symbols, rounded, strict=True))

    def _status(self, time_s: float, state: str, level_db: float, summary: Summary) -> Status:
        return Status(
            round(time_s, 3),
            state,
            round(level_db, 1),
            round(summary.compute_ms[-1], 2) if summary.compute_ms else 0.0,
            self._driver.sends_per_s,
            self._source.lost,
            self._smoother.setting.values,
            self._confidence(),
            self._bypassed,
            self._guidance.decisions,
            round(self._guidance.last_s, 2),
            list(self._driver.yielded),
            self._driver.lost,
            self._guidance.take_fault() or self._driver.take_fault(),
        )
