"""The child of `ChildProcess`: it runs plugins on its main thread, and answers through a pipe.

A thread reads the requests, and ends the process when nobody is there to ask any more, whatever a
plugin does meanwhile. Standard output and input are closed to plugins: the pipe is a copy of them.
"""

import os
import sys
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

from bridge.arrays import Audio
from bridge.effects.base import Effect, EffectStream
from bridge.effects.child_process import receive, send
from bridge.effects.loading import load_here
from bridge.errors import EffectError
from bridge.manifest import PluginSpec, Setting


class Renderer:
    """What a child can be asked for."""

    def __init__(self) -> None:
        self._effect: Effect | None = None
        self._streams: dict[int, EffectStream] = {}

    def load(self, plugin: PluginSpec) -> None:
        """Have this plugin from here on. Raises EffectError as `load_effect` does."""
        self._effect = load_here(plugin)

    def render(self, audio: Audio, sample_rate: float, normalised: tuple[float, ...]) -> Audio:
        """Whole audio, as `Effect.render` has it."""
        return self._loaded.render(audio, sample_rate, self._setting(normalised))

    def reset_is_fresh(
        self, audio: Audio, sample_rate: float, normalised: tuple[float, ...]
    ) -> bool | None:
        """Whether it renders as new once it is reset, as `Effect.reset_is_fresh` has it."""
        return self._loaded.reset_is_fresh(audio, sample_rate, self._setting(normalised))

    def open(
        self, number: int, sample_rate: float, channels: int, normalised: tuple[float, ...]
    ) -> int:
        """A stream of that number; its latency in frames."""
        stream = self._loaded.open(sample_rate, channels, self._setting(normalised))
        self._streams[number] = stream
        return stream.latency_frames

    def process(self, number: int, audio: Audio) -> Audio:
        """The next block of a stream."""
        return self._streams[number].process(audio)

    def set(self, number: int, normalised: tuple[float, ...]) -> None:
        """Turn a stream's knobs."""
        self._streams[number].set(self._setting(normalised))

    def close(self, number: int) -> None:
        """Free a stream."""
        self._streams.pop(number).close()

    def call(self, function: Callable[..., object], *arguments: object) -> object:
        """What any function of a module answers."""
        return function(*arguments)

    @property
    def _loaded(self) -> Effect:
        if self._effect is None:
            raise EffectError("no plugin is loaded; load one first")
        return self._effect

    def _setting(self, normalised: tuple[float, ...]) -> Setting:
        return Setting(self._loaded.plugin, normalised)


def main() -> None:
    """The child's whole life."""
    requests, answers = _own_pipes()
    waiting: SimpleQueue[tuple[str, tuple[Any, ...]]] = SimpleQueue()
    Thread(target=_listen, args=(requests, waiting), name="requests", daemon=True).start()
    renderer = Renderer()
    while True:
        name, arguments = waiting.get()
        try:
            answer = True, getattr(renderer, name)(*arguments)
        # Whatever goes wrong here is for the one who asks.
        except Exception as error:
            answer = False, " ".join(str(error).split()) or type(error).__name__
        send(answers, answer)


def _own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Where requests come from and answers go; nobody else can write there by mistake."""
    sys.stdout.flush()
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nowhere, standard)
    return requests, answers


def _listen(requests: IO[bytes], waiting: "SimpleQueue[tuple[str, tuple[Any, ...]]]") -> None:
    try:
        while True:
            waiting.put(receive(requests))
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main()
