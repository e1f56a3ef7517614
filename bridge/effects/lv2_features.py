"""What this host gives an LV2 plugin: URIDs, options, a worker, a log, paths of its state.

No thread: work that a plugin schedules is done at once, on the thread that runs it, and answered
when the run is over, so that a render depends on nothing but its input. Plugins may ask for URIDs
from threads of their own.
"""

import ctypes as c
import tempfile
from collections import deque
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

EXT = "http://lv2plug.in/ns/ext/"
BUF_SIZE = EXT + "buf-size#"
CORE = "http://lv2plug.in/ns/lv2core#"
WORKER_INTERFACE = EXT + "worker#interface"
STATE_INTERFACE = EXT + "state#interface"
LOAD_DEFAULT_STATE = EXT + "state#loadDefaultState"
SEQUENCE = EXT + "atom#Sequence"
CHUNK = EXT + "atom#Chunk"
FIXED_BLOCK = frozenset({BUF_SIZE + "fixedBlockLength", BUF_SIZE + "powerOf2BlockLength"})
"""Features of a plugin that must get the same number of frames at a time."""
_SUCCESS, _NO_SPACE = 0, 3
_SEQUENCE_BYTES = 65_536

_MAP = c.CFUNCTYPE(c.c_uint32, c.c_void_p, c.c_char_p)
_UNMAP = c.CFUNCTYPE(c.c_void_p, c.c_void_p, c.c_uint32)
_URI_TO_ID = c.CFUNCTYPE(c.c_uint32, c.c_void_p, c.c_char_p, c.c_char_p)
_SCHEDULE = c.CFUNCTYPE(c.c_uint32, c.c_void_p, c.c_uint32, c.c_void_p)
_RESPOND = c.CFUNCTYPE(c.c_uint32, c.c_void_p, c.c_uint32, c.c_void_p)
_PRINT = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_uint32, c.c_char_p)
_PATH = c.CFUNCTYPE(c.c_void_p, c.c_void_p, c.c_char_p)
_FREE_PATH = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p)
_RESIZE = c.CFUNCTYPE(c.c_uint32, c.c_void_p, c.c_uint32, c.c_size_t)
_EXTENSION = c.CFUNCTYPE(c.c_void_p, c.c_char_p)


class Feature(c.Structure):
    """LV2_Feature of lv2core/lv2.h."""

    _fields_ = (("uri", c.c_char_p), ("data", c.c_void_p))


class _Option(c.Structure):
    """LV2_Options_Option of lv2/options/options.h."""

    _fields_ = (
        ("context", c.c_uint32),
        ("subject", c.c_uint32),
        ("key", c.c_uint32),
        ("size", c.c_uint32),
        ("type", c.c_uint32),
        ("value", c.c_void_p),
    )


class _Worker(c.Structure):
    """LV2_Worker_Interface of lv2/worker/worker.h."""

    _fields_ = (
        (
            "work",
            c.CFUNCTYPE(c.c_uint32, c.c_void_p, _RESPOND, c.c_void_p, c.c_uint32, c.c_void_p),
        ),
        ("work_response", c.CFUNCTYPE(c.c_uint32, c.c_void_p, c.c_uint32, c.c_void_p)),
        ("end_run", c.CFUNCTYPE(c.c_uint32, c.c_void_p)),
    )


class _Sequence(c.Structure):
    """An LV2_Atom_Sequence of lv2/atom/atom.h, with room for events."""

    _fields_ = (
        ("size", c.c_uint32),
        ("type", c.c_uint32),
        ("body", c.c_uint8 * _SEQUENCE_BYTES),
    )


def _struct(data: object, *functions: object) -> c.Structure:
    """A handle or other first field and the functions after it, as most features are laid out."""
    fields = [("first", c.c_void_p), *((f"f{n}", type(f)) for n, f in enumerate(functions))]
    layout: type[c.Structure] = type("Layout", (c.Structure,), {"_fields_": fields})
    return layout(data, *functions)


class Urids:
    """Numbers for URIs, one table a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: dict[bytes, int] = {}
        self._names: list[c.Array[c.c_char]] = []
        # Kept, as plugins hold pointers to them.
        self._functions = _MAP(self._map), _UNMAP(self._unmap), _URI_TO_ID(self._uri_to_id)
        self.map = _struct(None, self._functions[0])
        self.unmap = _struct(None, self._functions[1])
        self.uri_map = _struct(None, self._functions[2])

    def of(self, uri: str) -> int:
        """The number of a URI, from 1."""
        return self._map(None, uri.encode())

    def _map(self, _handle: object, uri: bytes) -> int:
        with self._lock:
            if uri not in self._numbers:
                self._names.append(c.create_string_buffer(uri))
                self._numbers[uri] = len(self._names)
            return self._numbers[uri]

    def _unmap(self, _handle: object, number: int) -> int | None:
        known = 1 <= number <= len(self._names)
        return c.addressof(self._names[number - 1]) if known else None

    def _uri_to_id(self, _handle: object, _context: bytes, uri: bytes) -> int:
        return self._map(None, uri)


@cache
def urids() -> Urids:
    """The process's one table."""
    return Urids()


class Worker:
    """Does at once what one instance schedules, and answers when its run is over."""

    def __init__(self) -> None:
        self._scheduled: deque[bytes] = deque()
        self._responses: deque[bytes] = deque()
        self.schedule = _SCHEDULE(self._schedule)
        self._respond = _RESPOND(self._take_response)
        self._handle: int | None = None
        self._interface: _Worker | None = None

    def attach(self, handle: int, interface: int | None) -> None:
        """From here on it works for this instance; `interface` is the plugin's worker, if any."""
        self._handle = handle
        self._interface = _Worker.from_address(interface) if interface else None

    @property
    def is_wanted(self) -> bool:
        """Whether the plugin has work for it."""
        return self._interface is not None

    def answer(self) -> None:
        """Hand over what came of the work; after every run."""
        worker = self._interface
        if worker is None:
            return
        while self._scheduled:
            # Of the time before it was known who does it.
            self._work(self._scheduled.popleft())
        while self._responses:
            answer = self._responses.popleft()
            worker.work_response(self._handle, len(answer), answer)
        if worker.end_run:
            worker.end_run(self._handle)

    def _schedule(self, _handle: object, size: int, data: int | None) -> int:
        order = c.string_at(data, size) if data else b""
        if self._interface is None:
            self._scheduled.append(order)
        else:
            self._work(order)
        return _SUCCESS

    def _work(self, order: bytes) -> None:
        if self._interface is not None:
            self._interface.work(self._handle, self._respond, None, len(order), order)

    def _take_response(self, _handle: object, size: int, data: int | None) -> int:
        self._responses.append(c.string_at(data, size) if data else b"")
        return _SUCCESS


class HostFeatures:
    """All features for one instance; must live as long as the instance does."""

    def __init__(self, sample_rate: float, block_frames: int) -> None:
        """It is told that it gets at most `block_frames` at once."""
        table = urids()
        self.worker = Worker()
        self._log = _PRINT(lambda *_: 0)
        self._path, self._free_path = _PATH(_own_path), _FREE_PATH(_free)
        self._resize = _RESIZE(lambda *_: _NO_SPACE)
        self._kept: list[object] = [c.c_int32(block_frames), c.c_int32(0), c.c_float(sample_rate)]
        block, least, rate = self._kept
        options = (_Option * 6)(
            _option(BUF_SIZE + "maxBlockLength", "Int", block),
            _option(BUF_SIZE + "nominalBlockLength", "Int", block),
            _option(BUF_SIZE + "minBlockLength", "Int", least),
            _option(BUF_SIZE + "sequenceSize", "Int", self._keep(c.c_int32(_SEQUENCE_BYTES))),
            _option(EXT + "parameters#sampleRate", "Float", rate),
        )
        data = {
            EXT + "urid#map": table.map,
            EXT + "urid#unmap": table.unmap,
            EXT + "uri-map": table.uri_map,
            EXT + "options#options": options,
            EXT + "worker#schedule": _struct(None, self.worker.schedule),
            EXT + "log#log": _struct(None, self._log, self._log),
            EXT + "state#makePath": _struct(None, self._path),
            EXT + "state#mapPath": _struct(None, self._path, self._path),
            EXT + "state#freePath": _struct(None, self._free_path),
            EXT + "resize-port#resize": _struct(None, self._resize),
        }
        self._kept.append(data)
        features = [_feature(uri, c.addressof(each)) for uri, each in data.items()]
        features += [_feature(uri, None) for uri in sorted(_FLAGS)]
        self._kept.append(features)
        self.array = (c.POINTER(Feature) * (len(features) + 1))(*features)
        """Ends with NULL, as LV2 has it."""

    def attach(self, handle: int, extension_data: int | None) -> None:
        """Tell of the instance that was made with these features."""
        ask = _EXTENSION(extension_data) if extension_data else None
        self.worker.attach(handle, ask(WORKER_INTERFACE.encode()) if ask else None)

    def _keep(self, value: object) -> object:
        self._kept.append(value)
        return value


_FLAGS = FIXED_BLOCK | {
    BUF_SIZE + "boundedBlockLength",
    LOAD_DEFAULT_STATE,
    EXT + "state#threadSafeRestore",
    CORE + "hardRTCapable",
    CORE + "inPlaceBroken",
    CORE + "isLive",
}
_DATA = frozenset(
    EXT + name
    for name in (
        *("urid#map", "urid#unmap", "uri-map", "options#options", "worker#schedule", "log#log"),
        *("state#makePath", "state#mapPath", "state#freePath", "resize-port#resize"),
    )
)
SUPPORTED = _FLAGS | _DATA
"""Every feature that a plugin may require here."""


class AtomPort:
    """The buffer of one atom port: events come in never, and what comes out is dropped."""

    def __init__(self, is_input: bool) -> None:
        self._is_input = is_input
        self._sequence = _Sequence()
        self.address = c.addressof(self._sequence)
        self.clear()

    def clear(self) -> None:
        """Make it empty, before every run."""
        if self._is_input:
            self._sequence.size, self._sequence.type = 8, urids().of(SEQUENCE)
            c.memset(c.addressof(self._sequence) + 8, 0, 8)
        else:
            self._sequence.size, self._sequence.type = _SEQUENCE_BYTES, urids().of(CHUNK)


def _option(key: str, kind: str, value: Any) -> _Option:
    table = urids()
    return _Option(
        0, 0, table.of(key), c.sizeof(value), table.of(f"{EXT}atom#{kind}"), c.addressof(value)
    )


def _feature(uri: str, data: int | None) -> "c._Pointer[Feature]":
    return c.pointer(Feature(uri.encode(), data))


def _own_path(_handle: object, path: bytes) -> int | None:
    """A file of the plugin's own, below the system's folder for temporary files; malloc'd."""
    wanted = Path(path.decode(errors="replace"))
    if not wanted.is_absolute():
        wanted = Path(tempfile.gettempdir(), "dafx-bridge-lv2", wanted)
        wanted.parent.mkdir(parents=True, exist_ok=True)
    return _libc().strdup(str(wanted).encode())  # type: ignore[no-any-return]


def _free(_handle: object, path: int | None) -> None:
    _libc().free(path)


@cache
def _libc() -> c.CDLL:
    libc = c.CDLL(None)
    libc.strdup.restype, libc.strdup.argtypes = c.c_void_p, [c.c_char_p]
    libc.free.restype, libc.free.argtypes = None, [c.c_void_p]
    return libc
