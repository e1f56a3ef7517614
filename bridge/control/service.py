"""The engine behind its control surface: what is ordered there is done here.

Threads: that of `run`, the analysis thread, hears, answers, sends, and once a hop polls the control
surface's socket, which never makes it wait. What takes time (opening a device, finding a host,
reading a reference) happens on a pool of threads; a store's thread writes settings. In processes
of their own: decisions by rendering, rankings of plugins, and the embedded host where the engine
has started one. Only `/revert` and `/panic` hold the analysis thread, for as long as the host takes
to answer.
"""

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from typing_extensions import override

from bridge.audio.sources import Source
from bridge.chain import Chain, chain_of
from bridge.closing import Closing
from bridge.control.embedded_process import NAME as EMBEDDED_PROCESS
from bridge.control.kept_values import KeptValues, Preset
from bridge.control.latest_job import LatestJob
from bridge.control.listings import Listings
from bridge.control.map_cursor import MapCursor
from bridge.control.nodes import NODES, Leaf, chain_nodes
from bridge.control.output import Output
from bridge.control.parameters import Parameters, told_values
from bridge.control.publishing import (
    tell_closeness,
    tell_host,
    tell_input,
    tell_reference,
    tell_work,
)
from bridge.control.reference import Reference, Region
from bridge.control.reference_recorder import ReferenceRecorder
from bridge.control.resources import Resources
from bridge.control.suggestions import Suggestions, budget_of
from bridge.control.surface import Order, Surface
from bridge.control.tuning import live_settings
from bridge.demo.run import INPUT as DEMO_INPUT
from bridge.demo.run import first_case
from bridge.effects import is_installed
from bridge.engine.live import LiveEngine
from bridge.engine.session import Status, Summary
from bridge.errors import BridgeError, DeviceError, HostError, ManifestError
from bridge.hosts import embedded
from bridge.library import Library
from bridge.manifest import Manifest
from bridge.version import __version__

_WORKERS = 6
_FAULT_SHOWN_S = 10.0
_LOOK_S = 0.02
"""Between two looks whether all is ready."""
_log = logging.getLogger(__name__)


def log_fault(status: Status) -> None:
    """What is done with a status where nobody else takes it."""
    if status.fault:
        _log.warning("%s", status.fault)


class Service(Closing):
    """Owns the engine and everything it works with."""

    def __init__(
        self, port: int, library: Library, folder: Path, log: Path, preset: Preset | None = None
    ) -> None:
        """`folder` is where settings are kept, `log` the file that the log goes to.

        With a preset nothing is kept, and a file is heard once. Raises HostError where the port is
        taken, ManifestError where the library, or the preset's chain, is not valid.
        """
        self.surface = Surface(port, NODES)
        self._library, self._folder, self._log_file = library, folder, log
        self._kept = KeptValues(self.surface, folder, preset)
        self._resume = self._kept.following
        self._engine = LiveEngine()
        self._engine.let_go()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="preparing")
        self._parameters = Parameters(
            self.surface, self._engine, self._kept.snapshots, self._kept.snapshot_names
        )
        self._listings = Listings(self.surface, self._pool)
        self._resources = Resources(
            self.surface,
            self._engine,
            library,
            self._pool,
            log.with_name("embedded-host.log"),
            self._choose,
            self._listings.list_plugins,
            repeat=preset is None,
            restore=preset is None or preset.restore,
        )
        self._output = Output(self.surface)
        self._cursor = MapCursor(self.surface, self._engine, self._parameters, self._resources)
        self._suggestions = Suggestions(self.surface, self._pool, library)
        self._recordings = LatestJob(self._pool, self._take_recording)
        self._recorder: ReferenceRecorder | None = None
        self._told_reference: Reference | None = None
        self._cleared: tuple[Source, int] | None = None
        """The source whose overflows were forgotten, and how many those were."""
        self._match_waits = False
        """Whether a match begins once all it needs is there."""
        self._fault, self._fault_until_s, self._lasting = "", float("-inf"), ""
        self._untold: list[str] = []
        """Faults that no status has told yet."""
        self._start_s = time.monotonic()
        self._stop = Event()
        self._actions = self._all_actions()
        try:
            self._begin(preset)
        except BaseException:
            self.close()
            raise

    def list_choices(self) -> None:
        """Have devices, plugins and rigs listed on the surface."""
        self._listings.list_devices()
        self._listings.list_plugins()

    def get_ready(self) -> None:
        """Blocking, until all that a preset wants is there; raises the error of what is not.

        The source comes last, as nothing of it may be lost.
        """
        self._wait()
        self._resources.open_source()
        self._wait()

    @property
    def reference_advice(self) -> list[str]:
        """What could be better about the reference, one sentence each."""
        reference = self._resources.reference
        return reference.report.advice if reference else []

    @property
    def host_advice(self) -> list[str]:
        """What the connected host keeps from the bridge, one sentence each."""
        connected = self._resources.connected
        return connected.host.profile.untold if connected else []

    def run(
        self,
        stop: Event,
        seconds: float | None = None,
        on_status: Callable[[Status], None] = log_fault,
    ) -> Summary:
        """Serve until `stop` is set, `/quit` comes, `seconds` are over, or the source ends."""
        self._stop = stop

        def report(status: Status) -> None:
            faults, self._untold = [*self._untold, status.fault], []
            on_status(replace(status, fault="; ".join(filter(None, faults))))

        return self._engine.run(stop, seconds, report, self._attend)

    def arm(self, names: Iterable[str]) -> None:
        """Leave these to the model again, as `Parameters.arm` does."""
        self._parameters.arm(names)

    def revert(self) -> bool:
        """Blocking: give the host its values from before back; False where it is gone."""
        self.surface.tell("/bypass", 0)
        return self._parameters.revert()

    @override
    def close(self) -> None:
        """Blocking: give the host its values back, keep the settings, end what was started."""
        self._engine.let_go()
        self._resume = False
        self._keep()
        self._engine.drive(None)
        self._engine.close()
        self._output.close()
        self._suggestions.close()
        self._resources.close()
        self._kept.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.surface.close()

    def _wait(self) -> None:
        while self._resources.busy:
            time.sleep(_LOOK_S)
            self._resources.poll(time.monotonic())
            if error := self._resources.error:
                raise error

    def _attend(self, now_s: float) -> None:
        """Once a hop."""
        for order in self.surface.poll(now_s):
            self._obey(order)
        self._resources.poll(now_s)
        self._output.poll(self._resources.connected, now_s)
        self._listings.poll()
        self._suggestions.poll(self._resources.reference)
        self._recordings.poll()
        if self._resume and self._resources.connected:
            self._engine.follow, self._resume = True, False
        if self._match_waits and not self._resources.busy:
            self._begin_waiting_match()
        self._record()
        if fault := self._engine.take_fault():
            self._tell_fault(fault)
        self._tell(now_s)
        self.surface.publish(now_s)
        self._keep()

    def _obey(self, order: Order) -> None:
        try:
            if order.node.of:
                self._obey_parameter(order)
            else:
                self._actions[order.node.address](order)
        except BridgeError as error:
            self.surface.complain(order, str(error))
            self._tell_fault(str(error))

    def _all_actions(self) -> dict[str, Callable[[Order], None]]:
        """What every address that can be set, or commanded, does."""
        set_and, parameters, resources = self._set_and, self._parameters, self._resources
        tuned = ("/amount", "/averaging", "/smoothing", "/attack", "/slew")
        return {
            "/source": set_and(self._open_source),
            "/source/channels": set_and(self._open_source),
            "/reference": self._choose_reference,
            "/reference/region": self._choose_region,
            "/chain": set_and(resources.open_chain),
            "/host": set_and(resources.connect),
            "/follow": self._follow,
            "/freeze": self._freeze,
            **dict.fromkeys(tuned, set_and(self._tune)),
            "/rendering": set_and(resources.open_chain),
            "/bypass": self._bypass,
            "/match": lambda _: self._match_soon(),
            "/arm": lambda order: parameters.arm([str(name) for name in order.value]),
            "/revert": lambda _: self._revert(),
            "/panic": lambda _: self._panic(),
            "/learn": self._start_recording,
            "/snapshot/store": lambda order: parameters.store(order.text),
            "/snapshot/recall": lambda order: parameters.recall(order.text),
            "/snapshots": lambda order: parameters.replace_snapshots(order.text),
            "/snapshots/named": lambda order: parameters.name_snapshots(order.text),
            "/set": lambda order: parameters.set(told_values(order.text, parameters.chain)),
            "/undo": lambda _: parameters.undo(),
            "/redo": lambda _: parameters.redo(),
            "/map": lambda order: self._cursor.go(float(order.value[0]), float(order.value[1])),
            "/discover": lambda order: self._listings.discover(order.text),
            "/host/test": lambda _: resources.test_host(),
            "/suggest": lambda order: self._suggest(order),
            "/suggest/host": lambda order: self._suggest(order, self._connected_url),
            "/devices/rescan": lambda _: self._listings.list_devices(),
            "/audition": self._audition,
            "/back": lambda order: resources.go_back(order.text),
            "/output": set_and(resources.play),
            "/output/playing": set_and(self._output.send),
            "/output/level": set_and(self._output.send),
            "/demo": lambda _: self._demo(),
            "/clear": lambda _: self._clear(),
            "/quit": lambda _: self._stop.set(),
        }

    def _set_and(self, act: Callable[[], None]) -> Callable[[Order], None]:
        """Remember the value, then act."""

        def obey(order: Order) -> None:
            before = self.surface.values[order.node.address]
            self.surface.tell(order.node.address, *order.value)
            try:
                act()
            except BridgeError:
                self.surface.tell(order.node.address, *before)
                raise

        return obey

    def _obey_parameter(self, order: Order) -> None:
        node = order.node
        match node.leaf:
            case Leaf.VALUE:
                self._parameters.set({node.of: order.number})
            case Leaf.NORMALISED:
                self._parameters.set_normalised(node.of, order.number)
            case _:
                self.surface.tell(node.address, *order.value)
                self._tune()

    def _choose(self, chain: Chain) -> None:
        """Another chain has been taken over."""
        new = self.surface.describe([*NODES, *chain_nodes(chain)])
        self._kept.tell_of(chain.id, new)
        self._parameters.choose(chain)
        self._tune()

    def _open_source(self) -> None:
        self._resources.open_source()
        if self._recorder:
            self._recorder = None
            self._tell_fault("the input has changed, so learning it was stopped; start it anew")

    def _choose_reference(self, order: Order) -> None:
        self._take_recording(Path(order.text) if order.text else None)

    def _choose_region(self, order: Order) -> None:
        begin_s, end_s = (float(bound) for bound in order.value)
        # One that is none is refused before anybody sees it.
        Region(begin_s, end_s)
        self._set_and(self._resources.read_reference)(order)

    def _take_recording(self, path: Path | None) -> None:
        """Another reference from now on, all of it."""
        self.surface.tell("/reference", str(path or ""))
        self.surface.tell("/reference/region", 0.0, 0.0)
        self._resources.read_reference()

    def _tune(self) -> None:
        """Settings of the engine, from the values of the nodes."""
        loaded = self._resources.loaded
        chain = loaded.chain if loaded else None
        self._engine.settings = live_settings(self.surface.values, chain)

    def _follow(self, order: Order) -> None:
        self._match_waits = False
        if not order.number:
            self._engine.let_go()
            return
        if not self._engine.follow:
            self._parameters.turn()
        self._engine.follow, self._engine.frozen = True, False

    def _match_soon(self) -> None:
        """At once, or when what is being prepared is there."""
        if self._resources.busy:
            self._engine.let_go()
            self._match_waits = True
        else:
            self._match()

    def _begin_waiting_match(self) -> None:
        self._match_waits = False
        try:
            self._match()
        except BridgeError as error:
            self._tell_fault(str(error))

    def _match(self) -> None:
        for part, missing in (
            (self._engine.hearing, "nothing is listened to; choose an input first"),
            (self._engine.reference, "there is no reference; choose one first"),
            (self._engine.control, "no effect host is connected; choose one first"),
        ):
            if part is None:
                raise BridgeError(missing)
        if (loaded := self._resources.loaded) and loaded.unable:
            raise loaded.unable
        self._parameters.turn()
        self._engine.match_once()

    def _freeze(self, order: Order) -> None:
        self._engine.frozen = bool(order.number)

    def _bypass(self, order: Order) -> None:
        self._parameters.bypass(bool(order.number))
        self.surface.tell("/bypass", *order.value)

    def _revert(self) -> None:
        self._match_waits = False
        if not self.revert():
            raise HostError("the host is gone, and keeps what it was sent; look at it")

    def _panic(self) -> None:
        self.surface.tell("/output/playing", 0)
        self._output.send()
        self._engine.let_go()
        self._engine.frozen = False
        self._recorder = None
        self._suggestions.stop()
        self._revert()

    def _suggest(self, order: Order, host: str = "") -> None:
        budget_s = budget_of(tuple(map(float, order.value)))
        self._suggestions.ask(self._engine.hearing, self._resources.reference, budget_s, host)

    @property
    def _connected_url(self) -> str:
        """Raises HostError where no host is connected."""
        if self._resources.connected is None:
            raise HostError("no effect host is connected; choose one first")
        return self._resources.connected.url

    def _start_recording(self, order: Order) -> None:
        if self._engine.hearing is None:
            raise DeviceError("nothing is listened to; choose an input first")
        self._recordings.cancel()
        self._recorder = ReferenceRecorder(order.number, self._engine.hearing.source.sample_rate)

    def _record(self) -> None:
        recorder, hearing = self._recorder, self._engine.hearing
        self.surface.tell("/learn/running", int(recorder is not None))
        if recorder is None or hearing is None:
            return
        recorder.hear(hearing.block)
        self.surface.tell("/learn/progress", round(recorder.progress, 3))
        if recorder.progress >= 1:
            self._recorder = None
            self._recordings.order(lambda: recorder.write(self._folder / "learned.wav"))

    def _audition(self, order: Order) -> None:
        connected = self._resources.connected
        parts = urlsplit(connected.url if connected else "")
        if parts.scheme != embedded.PROFILE.scheme or not (parts.hostname and parts.port):
            raise HostError(
                "only the embedded host can be listened to; in a DAW, use its own switch"
            )
        reference = str(self.surface.values["/reference"][0])
        embedded.listen((parts.hostname, parts.port), order.text, reference)
        self.surface.tell("/audition", order.text)

    def _demo(self) -> None:
        reference, made_with = first_case()
        self.surface.tell("/source", str(DEMO_INPUT))
        self.surface.tell("/source/channels", "")
        self.surface.tell("/reference", str(reference))
        self.surface.tell("/reference/region", 0.0, 0.0)
        self.surface.tell("/host", EMBEDDED_PROCESS)
        self.surface.tell("/chain", made_with.plugin.id)
        self._open_source()
        self._resources.open_chain()
        # A chain that is there already brings no host with it.
        self._resources.connect()

    def _clear(self) -> None:
        self._fault = ""
        self._output.clear()
        if hearing := self._engine.hearing:
            hearing.clipped = False
            self._cleared = hearing.source, hearing.source.lost

    @property
    def _overflows(self) -> int:
        """Of the source that is listened to, since they were forgotten."""
        if (hearing := self._engine.hearing) is None:
            return 0
        source, before = self._cleared or (None, 0)
        return hearing.source.lost - (before if source is hearing.source else 0)

    def _tell_fault(self, fault: str) -> None:
        self._untold.append(fault)
        self._fault, self._fault_until_s = fault, time.monotonic() + _FAULT_SHOWN_S

    def _tell(self, now_s: float) -> None:
        tell, engine, resources = self.surface.tell, self._engine, self._resources
        lasting = resources.fault or self._recordings.fault or self._listings.fault
        if lasting != self._lasting:
            self._lasting = lasting
            self._untold += [lasting] if lasting else []
        passing = self._fault if now_s < self._fault_until_s else ""
        tell("/engine/fault", lasting or passing or self._kept.fault)
        tell("/engine/busy", ", ".join(resources.busy))
        tell("/engine/time", round(now_s - self._start_s, 1))
        tell("/follow", int(engine.follow))
        tell("/freeze", int(engine.frozen))
        tell("/match/running", int(engine.matching or self._match_waits))
        tell_input(self.surface, engine, self._overflows)
        tell_work(self.surface, engine)
        tell_closeness(self.surface, engine, resources)
        tell_host(self.surface, engine, resources)
        if resources.reference is not self._told_reference:
            self._told_reference = resources.reference
            tell_reference(self.surface, resources.reference)
        self._parameters.tell()
        self._cursor.tell()

    def _keep(self) -> None:
        """Have all that is kept written, where it is new."""
        loaded = self._resources.loaded
        following = self._engine.follow or self._resume
        self._kept.keep(loaded.chain.id if loaded else "", following)

    def _begin(self, preset: Preset | None) -> None:
        self.surface.tell("/engine/version", __version__)
        self.surface.tell("/engine/log", str(self._log_file))
        tell_reference(self.surface, None)
        self._kept.tell()
        if preset is None:
            self._settle_on_a_chain()
            self._resources.open_source()
        self._tune()
        self._resources.open_chain()

    def _settle_on_a_chain(self) -> None:
        """Where none is kept, or one that nobody knows any more, the first there is."""
        manifest, kept = self._library.manifest, str(self.surface.values["/chain"][0])
        try:
            chain_of(kept, manifest)
        except ManifestError as error:
            if kept:
                self._tell_fault(str(error))
            self.surface.tell("/chain", _first_chain(manifest))


def _first_chain(manifest: Manifest) -> str:
    """A plugin with a model that can be played here, or else any."""
    trained = [plugin for plugin in manifest.plugins if plugin.model]
    known = trained or list(manifest.plugins)
    return next((plugin for plugin in known if is_installed(plugin)), known[0]).id
