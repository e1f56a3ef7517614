"""The live loop: every hop, hear the newest window, predict, glide, send.

Runs on its caller's thread, the analysis thread; that thread sleeps between hops and nothing else
blocks it: a device is captured by PortAudio's own thread into a ring, and OSC is sent without
waiting. After a stall the loop goes on with the newest audio; hops that were missed are skipped.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

import numpy as np

from bridge.analysis.windows import active_share, rms_db
from bridge.arrays import Audio
from bridge.audio.sources import Source
from bridge.engine.matcher import Analysis, Matcher
from bridge.engine.sending import Sender
from bridge.engine.smoothing import Smoother, blend, share_of_way
from bridge.engine.window import LiveWindow
from bridge.errors import BridgeError
from bridge.hosts import Host
from bridge.manifest import Setting

STATUS_S = 0.25
_REMEMBERED_HOPS = 72_000
"""An hour of hops: what percentiles are taken of."""
LEAST_ACTIVE_SHARE = 0.5
"""Values are held where less of the window sounds: the models know playing, not its absence."""


@dataclass(frozen=True)
class LiveSettings:
    """How the player wants to be followed."""

    amount: float = 1.0
    """0 leaves the host's own values, 1 takes the prediction."""
    memory_s: float = 3.0
    """Time constant of what is remembered of the playing: longer is steadier, shorter quicker."""
    smoothing_s: float = 0.25
    """Time constant of the parameters' glide."""

    def __post_init__(self) -> None:
        """Refuse an amount outside 0..1 and negative times."""
        if not 0 <= self.amount <= 1:
            raise BridgeError(f"amount must lie in 0..1, not {self.amount}")
        for name in ("memory_s", "smoothing_s"):
            if not getattr(self, name) >= 0:
                raise BridgeError(f"{name} must be 0 or more, not {getattr(self, name)}")


@dataclass(frozen=True)
class Status:
    """What the engine is doing now."""

    time_s: float
    state: str
    """'filling' until a whole window was heard, 'silent' while values are held, 'matching'."""
    level_db: float
    latency_ms: float
    """From a complete hop to its datagram."""
    sends_per_s: int
    lost: int
    values: dict[str, float]


@dataclass
class Summary:
    """What happened between start and end."""

    hops: int = 0
    predictions: int = 0
    sends: int = 0
    skipped_hops: int = 0
    lost: int = 0
    compute_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_HOPS))

    def percentile_ms(self, percent: float) -> float:
        """Compute time from a complete hop to its datagram; 0 where nothing was predicted."""
        return float(np.percentile(self.compute_ms, percent)) if self.compute_ms else 0.0


class LiveEngine:
    """Follows one source with one plugin in one host."""

    def __init__(
        self,
        source: Source,
        matcher: Matcher,
        reference: Analysis,
        host: Host,
        settings: LiveSettings,
    ) -> None:
        """Reads the host's own values. Raises HostError where it does not answer."""
        self._source = source
        self._matcher = matcher
        self._reference = reference
        self._settings = settings
        self._window = LiveWindow(source.sample_rate, matcher.features)
        self._base = Setting.of_values(matcher.plugin, host.read())
        self._played: Analysis | None = None
        self._target = self._base
        self._smoother = Smoother(self._base, settings.smoothing_s)
        self._sender = Sender(host)
        self._last_hop_s = 0.0
        self._warm_up()

    def _warm_up(self) -> None:
        """A first inference is slow; let it happen before it counts."""
        noise = np.random.default_rng(0).standard_normal(self._matcher.features.window_frames)
        analysis = self._matcher.analyse_window(noise.astype(np.float32))
        self._matcher.predict(analysis, self._reference, self._source.sample_rate)

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
        if summary.sends:
            summary.sends += self._sender.finish(self._smoother.setting)
        return summary

    def _hop(self, now_s: float, summary: Summary) -> tuple[str, float]:
        """One hop; the state and the level of what was heard."""
        started = time.perf_counter()
        block = self._source.read()
        self._window.push(block)
        elapsed_s, self._last_hop_s = now_s - self._last_hop_s, now_s
        level_db = rms_db(block) if block.size else rms_db(np.zeros(1, np.float32))
        if not self._window.full:
            return "filling", level_db
        window = self._window.audio
        sounding = self._sounds(window)
        if sounding:
            played = self._matcher.analyse_window(window)
            share = share_of_way(elapsed_s, self._settings.memory_s)
            self._played = self._played.towards(played, share) if self._played else played
            rate = self._source.sample_rate
            answer = self._matcher.predict(self._played, self._reference, rate)
            self._target = blend(self._base, answer, self._settings.amount)
            summary.predictions += 1
        # Until there is an answer to give, the knobs are the player's alone.
        if summary.predictions and self._settings.amount > 0:
            setting = self._smoother.towards(self._target, elapsed_s)
            summary.sends += self._sender.update(setting, now_s)
        summary.compute_ms.append(1000 * (time.perf_counter() - started))
        return ("matching" if sounding else "silent"), level_db

    def _sounds(self, window: Audio) -> bool:
        rate = self._matcher.features.sample_rate_hz
        return active_share(window, rate) >= LEAST_ACTIVE_SHARE

    def _status(self, time_s: float, state: str, level_db: float, summary: Summary) -> Status:
        return Status(
            round(time_s, 3),
            state,
            round(level_db, 1),
            round(summary.compute_ms[-1], 2) if summary.compute_ms else 0.0,
            self._sender.sends_per_s,
            self._source.lost,
            self._smoother.setting.values,
        )
