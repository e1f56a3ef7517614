"""A plugin that renders in a child process: what it does there costs this process nothing.

The child is started when it is needed, and again after a fault. Renders and streams of one effect
share it, one at a time; any thread may ask for them. A call blocks for what the plugin needs, and
at the most for `PATIENCE_S` and some times the length of the audio.
"""

import weakref
from contextlib import suppress
from itertools import count
from typing import Any

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio
from bridge.effects.base import Effect, EffectStream
from bridge.effects.child_process import ChildProcess
from bridge.effects.lv2 import find_lv2
from bridge.effects.vst3_files import find
from bridge.errors import EffectError, PluginFaultError
from bridge.manifest import PluginSpec, Setting

PATIENCE_S = 4.0
"""How long a plugin may take by itself, for a render or a block."""
_TIMES_REAL = 3.0
"""So many times the length of the audio it may take on top."""
_LOAD_S = 30.0


class IsolatedEffect(Effect):
    """One installed plugin, in a process of its own."""

    def __init__(self, plugin: PluginSpec, patience_s: float = PATIENCE_S) -> None:
        """Raises EffectError where it is not installed; the first render shows if it works."""
        super().__init__(plugin)
        _require_installed(plugin)
        self._patience_s = patience_s
        self._child: ChildProcess | None = None
        self._loaded = False
        self._numbers = count()

    @override
    def prepare(self) -> None:
        self._started()

    @override
    def open(self, sample_rate: float, channels: int, setting: Setting) -> EffectStream:
        self.require(setting)
        child, number = self._ready(), next(self._numbers)
        latency = self.ask(child, 0.0, "open", number, sample_rate, channels, setting.normalised)
        return _IsolatedStream(self, child, number, float(sample_rate), latency)

    @override
    def render(self, audio: Audio, sample_rate: float, setting: Setting) -> Audio:
        """As `Effect.render`. Raises PluginFaultError where the plugin fails."""
        self.require(setting)
        audio = np.asarray(audio, np.float32)
        seconds = audio.shape[-1] / sample_rate
        wet = self.ask(self._ready(), seconds, "render", audio, sample_rate, setting.normalised)
        return self.checked(wet)

    def reset_is_fresh(self, audio: Audio, sample_rate: float, setting: Setting) -> bool | None:
        """Whether a plugin that has played and is reset renders as a new one; None: no reset."""
        seconds = 4 * audio.shape[-1] / sample_rate
        arguments = audio, sample_rate, setting.normalised
        answer = self.ask(self._ready(), seconds, "reset_is_fresh", *arguments)
        return None if answer is None else bool(answer)

    @override
    def _open(self, sample_rate: float, channels: int, setting: Setting) -> EffectStream:
        return self.open(sample_rate, channels, setting)

    def close(self) -> None:
        """End the child; another one is started where it is needed."""
        if self._child is not None:
            self._child.close()

    def ask(self, child: ChildProcess, seconds: float, name: str, *arguments: object) -> Any:
        """What the child answers, about so much audio; raises in the plugin's name."""
        limit_s = self._patience_s + _TIMES_REAL * seconds
        try:
            return child.ask(limit_s, name, *arguments)
        except PluginFaultError as fault:
            raise PluginFaultError(
                f"{self.plugin.id} {fault}; leave it out, or report it"
            ) from None

    def checked(self, audio: Audio) -> Audio:
        """What came out. Raises PluginFaultError where it holds no numbers."""
        wet = np.asarray(audio, np.float32)
        if not np.isfinite(wet).all():
            raise PluginFaultError(
                f"{self.plugin.id} gives samples that are no numbers; leave it out"
            )
        return wet

    def _started(self) -> ChildProcess:
        if self._child is None or not self._child.alive:
            self.close()
            self._child, self._loaded = ChildProcess(), False
            weakref.finalize(self, self._child.close)
        return self._child

    def _ready(self) -> ChildProcess:
        child = self._started()
        if not self._loaded:
            self.ask(child, _LOAD_S, "load", self.plugin)
            self._loaded = True
        return child


class _IsolatedStream(EffectStream):
    """A stream in the child; dead with it."""

    def __init__(
        self,
        effect: IsolatedEffect,
        child: ChildProcess,
        number: int,
        sample_rate: float,
        latency_frames: int,
    ) -> None:
        self._effect, self._child, self._number = effect, child, number
        self._rate = sample_rate
        self.latency_frames = latency_frames
        self._closed = False

    @override
    def set(self, setting: Setting) -> None:
        self._ask(0.0, "set", setting.normalised)

    @override
    def process(self, audio: Audio) -> Audio:
        if audio.shape[1] == 0:
            return audio.copy()
        audio = np.asarray(audio, np.float32)
        return self._effect.checked(self._ask(audio.shape[1] / self._rate, "process", audio))

    @override
    def close(self) -> None:
        if not self._closed and self._child.alive:
            self._closed = True
            with suppress(EffectError):
                self._ask(0.0, "close")

    def _ask(self, seconds: float, name: str, *arguments: object) -> Any:
        return self._effect.ask(self._child, seconds, name, self._number, *arguments)


def _require_installed(plugin: PluginSpec) -> None:
    """Raise EffectError unless one of its formats is there; nothing of it is loaded."""
    reasons = []
    for is_given, look in (
        (plugin.formats.lv2, find_lv2),
        (plugin.formats.vst3, find),
    ):
        if is_given:
            try:
                look(plugin)
                return
            except EffectError as error:
                reasons.append(str(error))
    if plugin.formats.builtin is None:
        raise EffectError("; ".join(reasons))
