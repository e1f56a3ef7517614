"""The engine behind its control surface: what is ordered there is done here.

Threads: that of `run`, the analysis thread, hears, answers, sends, and once a hop polls the control
surface's socket, which never makes it wait. What takes time (opening a device, finding a host,
reading a reference) happens on a pool of threads; a keeper's thread writes settings. In processes
of their own: decisions by rendering, and the embedded host where the engine has started one. Only
`/revert` and `/panic` hold the analysis thread, for as long as the host takes to answer.
"""

import json
import logging
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from typing_extensions import override

from bridge import __version__
from bridge.audio.devices import list_devices
from bridge.closing import Closing
from bridge.commands import command_line
from bridge.control.embedded_process import NAME as EMBEDDED_PROCESS
from bridge.control.latest_job import LatestJob
from bridge.control.map_cursor import MapCursor
from bridge.control.nodes import NODES, PARAMETER, Value, parameter_nodes
from bridge.control.parameters import Parameters
from bridge.control.publishing import tell_host, tell_input, tell_reference, tell_work
from bridge.control.reference import Reference
from bridge.control.reference_recorder import ReferenceRecorder
from bridge.control.resources import Resources
from bridge.control.state_store import Kept, StateStore
from bridge.control.surface import Order, Surface, fitting
from bridge.demo.run import INPUT as DEMO_INPUT
from bridge.demo.run import REFERENCE as DEMO_REFERENCE
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Glide
from bridge.engine.live import LiveEngine
from bridge.errors import BridgeError, DeviceError, HostError
from bridge.hosts import discover, embedded, listing
from bridge.manifest import BYPASS, Manifest, PluginSpec

_WORKERS = 6
_FAULT_SHOWN_S = 10.0
_PLUGINS_S = 60.0
_log = logging.getLogger(__name__)


class Service(Closing):
    """Owns the engine and everything it works with."""

    def __init__(self, port: int, folder: Path, log: Path, manifest: Manifest) -> None:
        """`folder` is where settings are kept, `log` the file that the log goes to.

        Raises HostError where the port is taken.
        """
        self.surface = Surface(port, NODES)
        self._folder, self._manifest, self._log_file = folder, manifest, log
        kept = Kept.read(folder)
        self._keeper = StateStore(folder, kept)
        self._of_parameters = {plugin: dict(values) for plugin, values in kept.parameters.items()}
        self._resume = kept.following
        self._engine = LiveEngine()
        self._engine.let_go()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="preparing")
        snapshots = {
            p: {n: dict(v) for n, v in named.items()} for p, named in kept.snapshots.items()
        }
        self._knobs = Parameters(self.surface, self._engine, snapshots)
        self._parts = Resources(
            self.surface,
            self._engine,
            manifest,
            self._pool,
            log.with_name("embedded-host.log"),
            self._choose,
        )
        self._place = MapCursor(self.surface, self._engine, self._knobs, self._parts)
        self._lists = {
            address: LatestJob(self._pool, self._teller(address))
            for address in ("/devices", "/plugins", "/discovered")
        }
        self._learned = LatestJob(self._pool, self._take_learned)
        self._learning: ReferenceRecorder | None = None
        self._told_reference: Reference | None = None
        self._kept: dict[str, object] = {}
        self._overflows_before = 0
        self._fault, self._fault_until_s = "", float("-inf")
        self._start_s = time.monotonic()
        self._stop = Event()
        self._actions = self._all_actions()
        self._restore(kept.settings)

    def run(self, stop: Event) -> None:
        """Serve until `stop` is set or `/quit` comes."""
        self._stop = stop
        self._lists["/devices"].order(_devices)
        self._lists["/plugins"].order(_plugins)
        self._engine.run(stop, on_hop=self._attend)

    @override
    def close(self) -> None:
        """Blocking: give the host its values back, keep the settings, end what was started."""
        self._engine.let_go()
        self._resume = False
        self._keep()
        self._engine.drive(None)
        self._engine.close()
        self._parts.close()
        self._keeper.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.surface.close()

    def _attend(self, now_s: float) -> None:
        """Once a hop."""
        for order in self.surface.poll(now_s):
            self._obey(order)
        self._parts.poll(now_s)
        for listed in self._lists.values():
            listed.poll()
        self._learned.poll()
        if self._resume and self._parts.target:
            self._engine.follow, self._resume = True, False
        self._learn()
        if fault := self._engine.take_fault():
            self._tell_fault(fault)
        self._tell(now_s)
        self.surface.publish(now_s)
        self._keep()

    def _obey(self, order: Order) -> None:
        try:
            if order.node.address.startswith(f"{PARAMETER}/"):
                self._obey_parameter(order)
            else:
                self._actions[order.node.address](order)
        except BridgeError as error:
            self.surface.complain(order, str(error))
            self._tell_fault(str(error))

    def _all_actions(self) -> dict[str, Callable[[Order], None]]:
        """What every address that can be set, or commanded, does."""
        set_and, knobs, parts = self._set_and, self._knobs, self._parts
        tuned = ("/amount", "/memory", "/smoothing", "/attack", "/slew")
        return {
            "/source": set_and(parts.open_source),
            "/source/channels": set_and(parts.open_source),
            "/reference": self._choose_reference,
            "/reference/region": set_and(parts.read_reference),
            "/plugin": set_and(parts.open_model),
            "/host": set_and(parts.connect),
            "/follow": self._follow,
            "/freeze": self._freeze,
            **dict.fromkeys(tuned, set_and(self._tune)),
            "/rendering": set_and(parts.open_model),
            "/bypass": self._bypass,
            "/match": lambda _: self._match(),
            "/arm": lambda order: knobs.arm([str(symbol) for symbol in order.value]),
            "/revert": lambda _: self._revert(),
            "/panic": lambda _: self._panic(),
            "/learn": self._start_learning,
            "/snapshot/store": lambda order: knobs.store(order.text),
            "/snapshot/recall": lambda order: knobs.recall(order.text),
            "/undo": lambda _: knobs.undo(),
            "/redo": lambda _: knobs.redo(),
            "/map": lambda order: self._place.go(float(order.value[0]), float(order.value[1])),
            "/discover": self._discover,
            "/devices/rescan": lambda _: self._lists["/devices"].order(_devices),
            "/audition": self._audition,
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
        _, _, symbol, *rest = order.node.address.split("/")
        if not rest:
            self._knobs.set({symbol: order.number})
        elif rest == ["normalised"]:
            self._knobs.set({symbol: self._knobs.plugin.parameter(symbol).to_real(order.number)})
        else:
            self.surface.tell(order.node.address, *order.value)
            self._tune()

    def _choose(self, plugin: PluginSpec) -> None:
        """Another plugin's model has been taken over."""
        self.surface.describe([*NODES, *parameter_nodes(plugin)])
        self._tell_kept(self._of_parameters.get(plugin.id, {}))
        self._knobs.choose(plugin)
        self._tune()

    def _choose_reference(self, order: Order) -> None:
        self.surface.tell("/reference", *order.value)
        self.surface.tell("/reference/region", 0.0, 0.0)
        self._parts.read_reference()

    def _tune(self) -> None:
        """Settings of the engine, from the values of the nodes."""
        values = self.surface.values

        def number(address: str) -> float:
            return float(values[address][0])

        general = Glide(number("/attack"), number("/smoothing"), number("/slew"))
        glides, locked = {}, set()
        model = self._parts.model
        for spec in model.matcher.plugin.parameters if model else ():
            here = f"{PARAMETER}/{spec.symbol}"
            if number(f"{here}/lock"):
                locked.add(spec.symbol)
            if spec.predicted:
                own = [number(f"{here}/{name}") for name in ("attack", "smoothing", "slew")]
                shared = (general.attack_s, general.release_s, general.slew_s)
                chosen = (a if a >= 0 else b for a, b in zip(own, shared, strict=True))
                glides[spec.symbol] = Glide(*chosen)
        self._engine.settings = LiveSettings(
            number("/amount"), number("/memory"), general, glides, frozenset(locked)
        )

    def _follow(self, order: Order) -> None:
        if order.number:
            self._engine.follow, self._engine.frozen = True, False
        else:
            self._engine.let_go()

    def _match(self) -> None:
        for part, missing in (
            (self._engine.hearing, "nothing is listened to; choose a /source first"),
            (self._engine.reference, "there is no reference; choose a /reference first"),
            (self._engine.hand, "no effect host is connected; choose a /host first"),
        ):
            if part is None:
                raise BridgeError(missing)
        self._engine.match_once()

    def _freeze(self, order: Order) -> None:
        self._engine.frozen = bool(order.number)

    def _bypass(self, order: Order) -> None:
        self._engine.put({BYPASS: order.number})
        if not order.number:
            self._engine.arm([BYPASS])
        self.surface.tell("/bypass", *order.value)

    def _revert(self) -> None:
        if self.surface.values["/bypass"] == (1,):
            self._engine.arm([BYPASS])
        if not self._knobs.revert():
            raise HostError("the host is gone, and keeps what it was sent; look at it")
        self.surface.tell("/bypass", 0)

    def _panic(self) -> None:
        self._engine.let_go()
        self._engine.frozen = False
        self._learning = None
        self._revert()

    def _start_learning(self, order: Order) -> None:
        if self._engine.hearing is None:
            raise DeviceError("nothing is listened to; choose a /source first")
        self._learned.cancel()
        self._learning = ReferenceRecorder(order.number, self._engine.hearing.source.sample_rate)

    def _learn(self) -> None:
        learning, hearing = self._learning, self._engine.hearing
        self.surface.tell("/learn/running", int(learning is not None))
        if learning is None or hearing is None:
            return
        learning.hear(hearing.block)
        self.surface.tell("/learn/progress", round(learning.progress, 3))
        if learning.progress >= 1:
            self._learning = None
            self._learned.order(lambda: learning.write(self._folder / "learned.wav"))

    def _take_learned(self, path: Path) -> None:
        self.surface.tell("/reference", str(path))
        self.surface.tell("/reference/region", 0.0, 0.0)
        self._parts.read_reference()

    def _discover(self, order: Order) -> None:
        url = order.text

        def make() -> str:
            try:
                return json.dumps(listing(discover(url)))
            except BridgeError as error:
                return json.dumps({"error": str(error)})

        self._lists["/discovered"].order(make)

    def _teller(self, address: str) -> Callable[[str], None]:
        return lambda text: self.surface.tell(address, text)

    def _audition(self, order: Order) -> None:
        target = self._parts.target
        parts = urlsplit(target.url if target else "")
        if parts.scheme != embedded.PROFILE.scheme or not (parts.hostname and parts.port):
            raise HostError(
                "only the embedded host can be listened to; in a DAW, use its own switch"
            )
        embedded.listen((parts.hostname, parts.port), order.text, self._text("/reference"))
        self.surface.tell("/audition", order.text)

    def _text(self, address: str) -> str:
        return str(self.surface.values[address][0])

    def _demo(self) -> None:
        self.surface.tell("/source", str(DEMO_INPUT))
        self.surface.tell("/source/channels", "")
        self.surface.tell("/reference", str(DEMO_REFERENCE))
        self.surface.tell("/reference/region", 0.0, 0.0)
        self.surface.tell("/host", EMBEDDED_PROCESS)
        self.surface.tell("/plugin", self._manifest.plugins[0].id)
        self._parts.open_source()
        self._parts.open_model()
        # A model that is there already brings no host with it.
        self._parts.connect()

    def _clear(self) -> None:
        self._fault = ""
        if hearing := self._engine.hearing:
            hearing.clipped = False
            self._overflows_before = hearing.source.lost

    def _tell_fault(self, fault: str) -> None:
        _log.warning("%s", fault)
        self._fault, self._fault_until_s = fault, time.monotonic() + _FAULT_SHOWN_S

    def _tell(self, now_s: float) -> None:
        tell, engine, parts = self.surface.tell, self._engine, self._parts
        passing = self._fault if now_s < self._fault_until_s else ""
        lasting = parts.fault or self._learned.fault
        tell("/engine/fault", lasting or passing or self._keeper.fault)
        tell("/engine/busy", ", ".join(parts.busy))
        tell("/engine/time", round(now_s - self._start_s, 1))
        tell("/follow", int(engine.follow))
        tell("/freeze", int(engine.frozen))
        tell_input(self.surface, engine, self._overflows_before)
        tell_work(self.surface, engine)
        tell_host(self.surface, engine, parts)
        if parts.reference is not self._told_reference:
            tell_reference(self.surface, parts)
            self._told_reference = parts.reference
        self._knobs.tell()
        self._place.tell()

    def _keep(self) -> None:
        """Have all that is kept written, where it is new."""
        kept = {
            address: self.surface.values[address]
            for address, node in self.surface.nodes.items()
            if node.kept
        }
        own = {a: value for a, value in kept.items() if a.startswith(f"{PARAMETER}/")}
        if self._parts.model:
            self._of_parameters[self._parts.model.matcher.plugin.id] = own
        content = {
            "settings": {a: value for a, value in kept.items() if a not in own},
            "parameters": dict(self._of_parameters),
            "snapshots": {p: dict(named) for p, named in self._knobs.snapshots.items()},
            "following": self._engine.follow or self._resume,
        }
        if content != self._kept:
            self._kept = content
            self._keeper.keep(Kept.model_validate(content))

    def _restore(self, settings: Mapping[str, Value]) -> None:
        self.surface.tell("/engine/version", __version__)
        self.surface.tell("/engine/log", str(self._log_file))
        tell_reference(self.surface, self._parts)
        self._tell_kept(settings)
        known = [plugin.id for plugin in self._manifest.plugins if plugin.model]
        if self.surface.values["/plugin"][0] not in known:
            self.surface.tell("/plugin", known[0])
        self._parts.open_source()
        self._parts.open_model()

    def _tell_kept(self, values: Mapping[str, Value]) -> None:
        """Values from an earlier start, as far as they still fit."""
        for address, value in values.items():
            node = self.surface.nodes.get(address)
            if node is None or not node.kept:
                continue
            try:
                self.surface.tell(address, *fitting(node, value))
            except BridgeError as error:
                _log.warning("%s is not restored: %s", address, error)


def _devices() -> str:
    try:
        inputs = [d for d in list_devices() if d["max_input_channels"] > 0]
    except DeviceError as error:
        return json.dumps({"error": str(error)})
    return json.dumps([{"name": d["name"], "channels": d["max_input_channels"]} for d in inputs])


def _plugins() -> str:
    """In a process of its own: loading them all is slow, and one of them may crash."""
    command = command_line("plugins", "--json")
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PLUGINS_S)
    if done.returncode:
        raise BridgeError("the plugins cannot be listed; run `dafx-bridge plugins` to see why")
    return done.stdout.strip()
