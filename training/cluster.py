"""A Dask cluster as an executor.

The client connects to a scheduler over TCP, here or on another computer, and keeps a thread of its
own for it. Whoever can reach a scheduler can run code on its workers: it belongs into a network
whose members trust each other.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from typing_extensions import override

from bridge.effects import load_effect
from bridge.library import Library
from bridge.manifest import PluginSpec, Setting
from bridge.version import __version__
from training.errors import TrainingError

try:
    import distributed
except ModuleNotFoundError:
    distributed = None  # type: ignore[assignment]

LOST: tuple[type[Exception], ...] = (distributed.KilledWorker,) if distributed else ()
"""What a piece of work ends with where worker after worker died of it."""
SCHEDULER = "DASK_SCHEDULER_ADDRESS"
"""The environment variable that Dask's own programs read, too."""
_PATIENCE_S = 10
_RATE_HZ, _FRAMES, _PARTS = 48_000, 24_000, 8
_TOLERANCE = 1e-3
"""Processors differ in the last bits; versions of a plugin that matter differ by more."""


@dataclass(frozen=True)
class Installed:
    """What is installed where the work comes from."""

    version: str
    """Of dafx-bridge."""
    sounds: tuple[tuple[PluginSpec, tuple[float, ...]], ...]
    """How loud each plugin makes noise, in a few parts."""

    @classmethod
    def here(cls, plugins: Sequence[PluginSpec]) -> "Installed":
        """Of this process."""
        return cls(__version__, tuple((plugin, _sound(plugin)) for plugin in plugins))

    def check(self) -> None:
        """Raise TrainingError where this process has other versions."""
        if self.version != __version__:
            raise TrainingError(
                f"a worker has dafx-bridge {__version__}, and the work needs {self.version};"
                " install the same version on every computer"
            )
        for plugin, sound in self.sounds:
            if not np.allclose(sound, _sound(plugin), rtol=_TOLERANCE, atol=1e-6):
                raise TrainingError(
                    f"a worker's {plugin.name} sounds other than the one here, so it is another"
                    " version; install the same one on every computer"
                )


def _sound(plugin: PluginSpec) -> tuple[float, ...]:
    noise = np.random.default_rng(0).standard_normal((1, _FRAMES)).astype(np.float32) * 0.1
    wet = load_effect(plugin).render(noise, _RATE_HZ, Setting.default(plugin))
    return tuple(float(part.std()) for part in np.array_split(wet[0], _PARTS))


_checked: set[Installed] = set()
"""What this process was compared with."""


def _run(needed: Installed, function: Callable[..., Any], *arguments: Any) -> Any:
    if needed not in _checked:
        needed.check()
        _checked.add(needed)
    return function(*arguments)


class _Cluster(Executor):
    def __init__(self, client: Any, needed: Installed) -> None:
        self._inner: Executor = client.get_executor(pure=False)
        self._needed = needed

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self._inner.submit(partial(_run, self._needed, fn), *args, **kwargs)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The cluster of the scheduler at an address such as `tcp://192.168.1.7:8786`.

    Every worker compares its plugins with those here before its first piece of work. Raises
    TrainingError where none answers, has no workers, or has some of several threads.
    """
    if distributed is None:
        raise TrainingError("a cluster needs Dask: pip install 'dafx-bridge[cluster]'")
    logging.getLogger("distributed").setLevel(logging.ERROR)
    needed = Installed.here(Library().manifest.plugins)
    try:
        client = distributed.Client(address, timeout=_PATIENCE_S)
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"no Dask scheduler answers at {address}: {error}; start one, or unset {SCHEDULER}"
        ) from error
    with client:
        threads = client.nthreads()
        if not threads:
            raise TrainingError(f"the scheduler at {address} has no workers yet; start some")
        if max(threads.values()) > 1:
            raise TrainingError(
                "plugins need workers of one thread each: dask worker --nthreads 1 --no-nanny"
            )
        yield _Cluster(client, needed)
