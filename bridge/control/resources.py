"""What the engine works with: source, model, reference and host, made ready and exchanged.

Each is wanted by values of the control surface, made on a thread of a pool, and taken over on the
analysis thread between two hops. What was used before is closed on a thread of the pool.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

from bridge.audio.sources import Source, open_source, parse_channels
from bridge.closing import Closing
from bridge.control.embedded_process import NAME as EMBEDDED_PROCESS
from bridge.control.embedded_process import EmbeddedProcess
from bridge.control.latest_job import LatestJob
from bridge.control.reference import Reference, read_reference
from bridge.control.surface import Surface
from bridge.drive.parameter_control import ParameterControl
from bridge.engine.live import LiveEngine
from bridge.errors import ModelError
from bridge.estimate.matcher import Matcher
from bridge.estimate.sound_map import SoundMap, load_map
from bridge.hosts import Host, connect
from bridge.manifest import Manifest, PluginSpec
from bridge.search.worker import SearchWorker

_LOOK_S = 1.0
_log = logging.getLogger(__name__)


@dataclass
class Model(Closing):
    """What answers for one plugin."""

    matcher: Matcher
    decider: SearchWorker | None
    sound_map: SoundMap | None
    """None where there is none for this plugin."""

    @override
    def close(self) -> None:
        if self.decider:
            self.decider.close()


@dataclass
class ConnectedHost(Closing):
    """A host that is connected."""

    url: str
    host: Host
    hand: ParameterControl
    own: EmbeddedProcess | None
    """Where the engine has started it."""

    @override
    def close(self) -> None:
        """Blocking: give the host its values back first."""
        self.hand.revert()
        self.hand.close()
        self.host.close()
        if self.own:
            self.own.close()


class Resources(Closing):
    """Keeps the engine's parts as the control surface wants them."""

    def __init__(
        self,
        surface: Surface,
        engine: LiveEngine,
        manifest: Manifest,
        pool: Executor,
        log: Path,
        on_model: Callable[[PluginSpec], None],
    ) -> None:
        """`on_model` is called when another plugin's model has been taken over; `log` is where an
        embedded host prints."""
        self._surface, self._engine, self._manifest = surface, engine, manifest
        self._pool, self._log, self._on_model = pool, log, on_model
        self.source: Source | None = None
        self.model: Model | None = None
        self.target: ConnectedHost | None = None
        self.reference: Reference | None = None
        self._sources = LatestJob(pool, self._take_source, Closing.close)
        self._models = LatestJob(pool, self._take_model, Closing.close)
        self._targets = LatestJob(pool, self._take_target, Closing.close)
        self._references = LatestJob(pool, self._take_reference)
        self._looks = LatestJob(pool, self._take_look)
        self._looked_s = float("-inf")
        self._stamps: dict[Path, float] = {}

    @property
    def busy(self) -> list[str]:
        """What is being made ready."""
        return [name for name, preparing in self._named() if preparing.busy]

    @property
    def fault(self) -> str:
        """Why a part is missing; empty where none is."""
        return next((p.fault for _, p in self._named() if p.fault), "")

    def poll(self, now_s: float) -> None:
        """Take over what is ready, and look from time to time whether files have changed."""
        for _, preparing in self._named():
            preparing.poll()
        self._looks.poll()
        if now_s >= self._looked_s + _LOOK_S and not self._looks.busy:
            self._looked_s = now_s
            self._looks.order(self._look())
        own = self.target.own if self.target else None
        if own and not own.alive and not self._targets.busy:
            self.connect()

    def open_source(self) -> None:
        """Listen to what `/source` names. Raises BridgeError for channels that are no numbers."""
        name, channels = self._text("/source"), self._text("/source/channels")
        if name:
            chosen = parse_channels(channels or "first")
            self._sources.order(lambda: open_source(name, chosen, repeat=True))
        else:
            self._sources.cancel()
            self._take_source(None)

    def open_model(self) -> None:
        """Answer with the model of `/plugin`. Raises ManifestError where it names none."""
        plugin = self._manifest.plugin(self._text("/plugin"))
        rendering = self._surface.values["/rendering"] == (1,)

        def make() -> Model:
            matcher = Matcher(plugin)
            matcher.warm_up()
            decider = SearchWorker(plugin) if rendering else None
            return Model(matcher, decider, _map_of(plugin))

        self._models.order(make)

    def read_reference(self) -> None:
        """Analyse what `/reference` names; later, where there is no model yet."""
        path = self._text("/reference")
        begin, end = (float(bound) for bound in self._surface.values["/reference/region"])
        if not path:
            self._references.cancel()
            self._take_reference(None)
        elif model := self.model:
            self._references.order(lambda: read_reference(Path(path), (begin, end), model.matcher))

    def connect(self) -> None:
        """Turn the knobs of the host at `/host`; later, where there is no model yet."""
        self._leave_target()
        url, source = self._text("/host"), self._text("/source")
        if not url or self.model is None:
            self._targets.cancel()
            return
        plugin = self.model.matcher.plugin
        self._targets.order(lambda: _connect(url, plugin, source, self._log))

    @override
    def close(self) -> None:
        """Blocking: end everything, and give the host its values back."""
        for _, preparing in self._named():
            preparing.cancel()
        for part in (self.target, self.model, self.source):
            if part:
                part.close()

    def _named(self) -> list[tuple[str, LatestJob[Any]]]:
        return [
            ("source", self._sources),
            ("model", self._models),
            ("reference", self._references),
            ("host", self._targets),
        ]

    def _text(self, address: str) -> str:
        return str(self._surface.values[address][0])

    def _take_source(self, source: Source | None) -> None:
        old, self.source = self.source, source
        self._engine.listen_to(source)
        if old:
            self._pool.submit(old.close)
        if self.target and self.target.own:
            # It plays what is listened to.
            self.connect()

    def _take_model(self, model: Model) -> None:
        old, self.model = self.model, model
        plugin = model.matcher.plugin
        another = old is None or old.matcher.plugin != plugin
        if another:
            self._leave_target()
        self._engine.ask(model.matcher, model.decider)
        if old:
            self._pool.submit(old.close)
        if another:
            self._on_model(plugin)
            self._engine.listen_to(self.source)
            self.connect()
        self.read_reference()

    def _take_reference(self, reference: Reference | None) -> None:
        self.reference = reference
        self._engine.set_reference(reference.analysis if reference else None)

    def _take_target(self, target: ConnectedHost) -> None:
        self.target = target
        self._engine.drive(target.hand)

    def _leave_target(self) -> None:
        target, self.target = self.target, None
        self._engine.drive(None)
        if target:
            self._pool.submit(target.close)

    def _look(self) -> Callable[[], dict[Path, float]]:
        files = list(self.model.matcher.files) if self.model else []
        if path := self._text("/reference"):
            files.append(Path(path))
        return lambda: {file: _stamp(file) for file in files}

    def _take_look(self, stamps: dict[Path, float]) -> None:
        """A file that is missing for a moment is being replaced, and read when it is there."""
        there = {file: stamp for file, stamp in stamps.items() if stamp}
        changed = {f for f, stamp in there.items() if self._stamps.get(f, stamp) != stamp}
        self._stamps |= there
        reference = Path(self._text("/reference"))
        if changed - {reference}:
            self.open_model()
        elif changed:
            self.read_reference()


def _map_of(plugin: PluginSpec) -> SoundMap | None:
    try:
        return load_map(plugin)
    except ModelError as error:
        _log.warning("no sound map: %s", error)
        return None


def _connect(url: str, plugin: PluginSpec, source: str, log: Path) -> ConnectedHost:
    """Blocking. Raises HostError where there is no such host."""
    own = EmbeddedProcess(plugin, source, log) if url == EMBEDDED_PROCESS else None
    try:
        url = own.url if own else url
        host = connect(url, plugin)
        try:
            return ConnectedHost(url, host, ParameterControl(host, plugin), own)
        except BaseException:
            host.close()
            raise
    except BaseException:
        if own:
            own.close()
        raise


def _stamp(file: Path) -> float:
    """When it was last written; 0 where it is not there."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
