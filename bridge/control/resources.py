"""What the engine works with: source, chain, reference and host, made ready and exchanged.

Each is wanted by values of the control surface, made on a thread of a pool, and taken over on the
analysis thread between two hops. What was used before is closed on a thread of the pool. Once a
second a thread of the pool looks whether the library or the reference has changed.
"""

import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

from bridge.audio.sources import Source, open_source, parse_channels
from bridge.chain import Chain, chain_of
from bridge.closing import Closing
from bridge.control.choices import Choices
from bridge.control.connected_host import ConnectedHost, LeftHost, Played, connect_host
from bridge.control.embedded_process import NAME as EMBEDDED
from bridge.control.file_watch import FileWatch, Stamps, stamps_of
from bridge.control.latest_job import LatestJob
from bridge.control.loaded_chain import LoadedChain, load_chain_models
from bridge.control.reference import Reference, Region, read_reference
from bridge.control.surface import Surface
from bridge.engine.live import LiveEngine
from bridge.errors import BridgeError, HostError, ManifestError
from bridge.library import Library
from bridge.manifest import Manifest

_LOOK_S = 1.0
_NAMES = {"model": "chain"}
"""Choices whose job has another name."""


@dataclass(frozen=True)
class _Look:
    """What was found on disk."""

    chain: Chain | None
    """The one that was wanted then."""
    manifest: Manifest | None
    """None where it is not valid."""
    fault: str
    """What is wrong with it; empty where nothing is."""
    models: Stamps
    path: str
    """Of the reference that was wanted then."""
    reference: Stamps


class Resources(Closing):
    """Keeps what the engine works with as the control surface wants it."""

    def __init__(
        self,
        surface: Surface,
        engine: LiveEngine,
        library: Library,
        pool: Executor,
        log: Path,
        on_chain: Callable[[Chain], None],
        on_library: Callable[[], None],
        repeat: bool = True,
        restore: bool = True,
    ) -> None:
        """`on_chain` is called when another chain has been taken over, `on_library` when plugins
        or rigs have changed; `log` is where an embedded host prints. `repeat` plays a file again
        and again; `restore` gives a host that is left its values back."""
        self._surface, self._engine, self._library = surface, engine, library
        self._pool, self._log = pool, log
        self._on_chain, self._on_library = on_chain, on_library
        self._repeat, self._restore = repeat, restore
        self.source: Source | None = None
        self.loaded: LoadedChain | None = None
        self.connected: ConnectedHost | None = None
        self.reference: Reference | None = None
        self._sources = LatestJob(pool, self._take_source, Closing.close)
        self._chains = LatestJob(pool, self._take_chain, Closing.close)
        self._hosts = LatestJob(pool, self._take_host, Closing.close)
        self._references = LatestJob(pool, self._take_reference)
        self._looks = LatestJob(pool, self._take_look)
        self._trials = LatestJob(pool, self._take_trial)
        self._choices = Choices(surface)
        self._wanted: Chain | None = None
        """What `/chain` names, loaded or not."""
        self._left: Future[LeftHost] | None = None
        """What the chain before this one has left of its host."""
        self._waits_for_source = False
        """Whether the host is connected once the source is there."""
        self._goes_on = False
        """Whether another chain is to go on with the host."""
        self._looked_s = float("-inf")
        self._manifest = library.manifest
        self._library_fault = ""
        self._model_watch, self._reference_watch = FileWatch(), FileWatch()

    @property
    def busy(self) -> list[str]:
        """What is being made ready."""
        busy = [name for name, job in self._jobs() if job.busy]
        return [*busy, "host"] if self._waits_for_source else busy

    @property
    def on_trial(self) -> bool:
        """Whether a knob of the host is turned there and back."""
        return self._trials.busy

    @property
    def settled(self) -> bool:
        """Whether the engine works with the source, the chain and the reference that are wanted."""
        jobs: tuple[LatestJob[Any], ...] = (self._sources, self._chains, self._references)
        return not any(job.busy or job.error for job in jobs)

    @property
    def error(self) -> BridgeError | None:
        """Why something is missing; None where nothing is."""
        found = (job.error for _, job in self._jobs() if job.error)
        return next(found, None) or (self.loaded.unable if self.loaded else None)

    @property
    def fault(self) -> str:
        """`error`, or what is wrong with the library, as one line; empty where all is well."""
        return str(self.error or self._library_fault)

    def go_back(self, name: str) -> None:
        """Take up again the source, reference, chain or host that is used, or was last."""
        self._choices.go_back(name)
        match name:
            case "source":
                # It was never left.
                self._sources.cancel()
            case "reference":
                self._references.cancel()
            case "chain":
                self._chains.cancel()
                self._wanted = self.loaded.chain if self.loaded else None
            case _:
                self.connect()

    def poll(self, now_s: float) -> None:
        """Take over what is ready, and look from time to time whether files have changed."""
        for _, job in self._jobs():
            job.poll()
        self._looks.poll()
        self._trials.poll()
        self._choices.tell(
            {_NAMES.get(name, name): str(job.error) for name, job in self._jobs() if job.error}
        )
        if now_s >= self._looked_s + _LOOK_S and not self._looks.busy:
            self._looked_s = now_s
            self._looks.order(self._look())
        if self._waits_for_source and not self._sources.busy:
            self._connect()
        if self._hosts.busy:
            return
        if self._goes_on:
            self._go_on()
        elif self.connected and not self.connected.alive:
            self.connect()

    def open_source(self) -> None:
        """Listen to what `/source` names. Raises BridgeError for channels that are no numbers."""
        name, channels = self._text("/source"), self._text("/source/channels")
        self._choices.ask("source")
        if name:
            chosen = parse_channels(channels or "first")
            self._sources.order(lambda: open_source(name, chosen, self._repeat))
        else:
            self._sources.cancel()
            self._take_source(None)

    def open_chain(self) -> None:
        """Answer for what `/chain` names. Raises ManifestError where it names nothing known."""
        library, rendering = self._library, self._surface.values["/rendering"] == (1,)
        self._wanted = chain = chain_of(self._text("/chain"), library.manifest)
        self._surface.tell("/chain", chain.id)
        self._choices.ask("chain")
        self._chains.order(lambda: load_chain_models(chain, library, rendering))

    def read_reference(self) -> None:
        """Analyse what `/reference` names; later, where no chain is loaded yet."""
        path = self._text("/reference")
        begin_s, end_s = (float(bound) for bound in self._surface.values["/reference/region"])
        self._choices.ask("reference")
        if not path:
            self._references.cancel()
            self._take_reference(None)
        elif loaded := self.loaded:
            listener = loaded.estimator.listener
            self._references.order(
                lambda: read_reference(Path(path), Region(begin_s, end_s), listener)
            )

    def connect(self) -> None:
        """Drive the host at `/host`, from its own values on; later, where no chain is loaded."""
        left, self._left, self._goes_on = self._left, None, False
        if left:
            self._pool.submit(lambda: left.result().close())
        if connected := self._leave_host():
            self._pool.submit(connected.close)
        self._connect()

    def test_host(self) -> None:
        """Turn one knob of the host there and back; the engine lets go of it meanwhile.

        Raises HostError where none is connected.
        """
        connected = self.connected
        if connected is None:
            raise HostError("no effect host is connected; choose one first")
        if self._trials.busy:
            return
        self._engine.drive(None)

        def trial() -> tuple[ConnectedHost, str]:
            try:
                return connected, connected.try_knob().as_json()
            except BridgeError as error:
                return connected, json.dumps({"error": str(error)})

        self._surface.tell("/host/tested", "")
        self._trials.order(trial)

    def play(self) -> None:
        """Have the embedded host play what is listened to, where it is to; its settings stay."""
        if self.connected and self.connected.plays_another_than(self._played):
            self._goes_on = True

    @property
    def _played(self) -> Played:
        return self._choices.used("source"), self._text("/output")

    @override
    def close(self) -> None:
        """Blocking: end everything, and give the host its values back."""
        for _, job in self._jobs():
            job.cancel()
        left = self._left.result() if self._left else None
        for part in (left, self.connected, self.loaded, self.source):
            if part:
                part.close()

    def _jobs(self) -> list[tuple[str, LatestJob[Any]]]:
        return [
            ("model", self._chains),
            ("reference", self._references),
            ("host", self._hosts),
            ("source", self._sources),
        ]

    def _text(self, address: str) -> str:
        return str(self._surface.values[address][0])

    def _take_source(self, source: Source | None) -> None:
        old, self.source = self.source, source
        self._choices.take("source")
        self._engine.listen_to(source)
        if old:
            self._pool.submit(old.close)
        self.play()

    def _take_chain(self, loaded: LoadedChain) -> None:
        old, self.loaded = self.loaded, loaded
        self._choices.take("chain")
        self._engine.answer_with(loaded.estimator, loaded.decider)
        if old:
            self._pool.submit(old.close)
        if old is None or old.chain != loaded.chain:
            self._engine.drive(None)
            self._on_chain(loaded.chain)
            self._goes_on = True
        if self._engine.hearing is None:
            self._engine.listen_to(self.source)
        self.read_reference()

    def _go_on(self) -> None:
        """With the host that the chain before has driven, or with the first."""
        self._goes_on = False
        connected = self._leave_host()
        if connected and self.loaded:
            self._left = self._pool.submit(connected.leave, self.loaded.chain)
        self._connect()

    def _connect(self) -> None:
        url, played, loaded = self._text("/host"), self._played, self.loaded
        self._choices.ask("host")
        # A host of the engine's own begins with what it plays.
        self._waits_for_source = url == EMBEDDED and self._sources.busy
        if self._waits_for_source:
            return
        if not url or loaded is None:
            self._hosts.cancel()
            return
        chain, left = loaded.chain, self._left

        def make() -> ConnectedHost:
            before = left.result() if left else None
            return connect_host(url, chain, played, self._log, self._restore, before)

        self._hosts.order(make)

    def _take_host(self, connected: ConnectedHost) -> None:
        self.connected, self._left = connected, None
        self._choices.take("host")
        self.play()
        if not self._goes_on:
            self._engine.drive(connected.control)

    def _take_trial(self, trial: tuple[ConnectedHost, str]) -> None:
        tried, told = trial
        self._surface.tell("/host/tested", told)
        if tried is self.connected:
            self._engine.drive(tried.control)

    def _leave_host(self) -> ConnectedHost | None:
        connected, self.connected = self.connected, None
        self._engine.drive(None)
        return connected

    def _take_reference(self, reference: Reference | None) -> None:
        self.reference = reference
        self._choices.take("reference")
        self._engine.set_reference(reference.analysis if reference else None)

    def _look(self) -> Callable[[], _Look]:
        library, chain, path = self._library, self._wanted, self._text("/reference")
        plugins = [slot.plugin for slot in chain.slots] if chain else []

        def look() -> _Look:
            models = stamps_of(library.model_files(plugins))
            reference = stamps_of([Path(path)] if path else [])
            try:
                fault = next(iter(library.faults), "")
                return _Look(chain, library.manifest, fault, models, path, reference)
            except ManifestError as error:
                return _Look(chain, None, str(error), models, path, reference)

        return look

    def _take_look(self, look: _Look) -> None:
        self._library_fault = look.fault
        if look.manifest and look.manifest != self._manifest:
            self._manifest = look.manifest
            self._on_library()
        try:
            if self._model_watch.changed(look.chain, look.models) or self._is_another(look.chain):
                self.open_chain()
        except ManifestError as error:
            self._library_fault = str(error)
        changed = self._reference_watch.changed(look.path, look.reference)
        if changed and look.path == self._text("/reference"):
            self.read_reference()

    def _is_another(self, chain: Chain | None) -> bool:
        """Whether the library has the chain that is wanted otherwise by now."""
        if chain is None or chain is not self._wanted:
            return False
        return chain_of(chain.id, self._manifest) != chain
