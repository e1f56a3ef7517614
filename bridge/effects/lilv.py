"""The part of lilv that hosting needs, through ctypes (liblilv-0, ISC licence).

lilv is not thread-safe: `LOCK` is held in every call of it. `CDLL` drops the GIL while a plugin
runs. The `lilv_instance_*` helpers are inline functions of lilv's header, so the plugin's own
descriptor is called instead.
"""

import ctypes as c
import ctypes.util
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from bridge.errors import EffectError
from bridge.system import remedy

LOCK = threading.RLock()
_EXT = "http://lv2plug.in/ns/ext/"
_BUF_SIZE = _EXT + "buf-size#"
_CORE = "http://lv2plug.in/ns/lv2core#"
_M_PERTURB = -6
_TRIED_RATE_HZ, _TRIED_FRAMES = 48_000.0, 1024

_SIGNATURES: dict[str, tuple[type | None, list[type]]] = {
    "world_new": (c.c_void_p, []),
    "world_load_all": (None, [c.c_void_p]),
    "world_get_all_plugins": (c.c_void_p, [c.c_void_p]),
    "new_uri": (c.c_void_p, [c.c_void_p, c.c_char_p]),
    "node_as_string": (c.c_char_p, [c.c_void_p]),
    "plugins_get_by_uri": (c.c_void_p, [c.c_void_p, c.c_void_p]),
    "plugin_get_num_ports": (c.c_uint32, [c.c_void_p]),
    "plugin_get_port_by_index": (c.c_void_p, [c.c_void_p, c.c_uint32]),
    "plugin_get_port_ranges_float": (None, [c.c_void_p] * 4),
    "plugin_has_latency": (c.c_bool, [c.c_void_p]),
    "plugin_get_latency_port_index": (c.c_uint32, [c.c_void_p]),
    "plugin_instantiate": (c.c_void_p, [c.c_void_p, c.c_double, c.c_void_p]),
    "port_is_a": (c.c_bool, [c.c_void_p] * 3),
    "port_get_symbol": (c.c_void_p, [c.c_void_p] * 2),
    "instance_free": (None, [c.c_void_p]),
}


class Descriptor(c.Structure):
    """LV2_Descriptor of lv2core/lv2.h: the plugin's entry points."""

    _fields_ = (
        ("uri", c.c_char_p),
        ("instantiate", c.c_void_p),
        ("connect_port", c.CFUNCTYPE(None, c.c_void_p, c.c_uint32, c.c_void_p)),
        ("activate", c.CFUNCTYPE(None, c.c_void_p)),
        ("run", c.CFUNCTYPE(None, c.c_void_p, c.c_uint32)),
        ("deactivate", c.CFUNCTYPE(None, c.c_void_p)),
        ("cleanup", c.c_void_p),
        ("extension_data", c.c_void_p),
    )


class Instance(c.Structure):
    """LilvInstanceImpl of lilv/lilv.h."""

    _fields_ = (
        ("descriptor", c.POINTER(Descriptor)),
        ("handle", c.c_void_p),
        ("pimpl", c.c_void_p),
    )


class Feature(c.Structure):
    """LV2_Feature of lv2core/lv2.h."""

    _fields_ = (("uri", c.c_char_p), ("data", c.c_void_p))


class _UridMap(c.Structure):
    """LV2_URID_Map of lv2/urid/urid.h."""

    _fields_ = (
        ("handle", c.c_void_p),
        ("map", c.CFUNCTYPE(c.c_uint32, c.c_void_p, c.c_char_p)),
    )


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


class Lilv:
    """liblilv with typed functions and all installed bundles loaded."""

    def __init__(self) -> None:
        """Raises EffectError where liblilv is not installed."""
        try:
            library = c.CDLL(ctypes.util.find_library("lilv-0") or "liblilv-0.so.0")
        except OSError:
            raise EffectError(
                "LV2 plugins need liblilv, which is not installed: "
                + remedy(
                    linux="apt install liblilv-0-0",
                    mac="brew install lilv",
                    windows="it is not offered there; use a VST3 or a built-in plugin",
                )
            ) from None
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, f"lilv_{name}")
            function.restype, function.argtypes = result, arguments
        self._library = library
        self._urids: dict[bytes, int] = {}
        self._map = _UridMap(None, _UridMap._fields_[1][1](self._urid))
        self.world = self.call("world_new")
        self.call("world_load_all", self.world)

    def call(self, name: str, *arguments: object) -> int:
        """Call `lilv_NAME` under the lock; bundles are read when they are first asked about."""
        with quiet():
            result: int = getattr(self._library, f"lilv_{name}")(*arguments)
            return result

    @cache  # noqa: B019 — one Lilv lives as long as the process
    def uri(self, uri: str) -> int:
        """The node of a URI, made once."""
        return self.call("new_uri", self.world, uri.encode())

    def plugin(self, uri: str) -> int | None:
        """The installed plugin of that URI, or None."""
        plugins = self.call("world_get_all_plugins", self.world)
        return self.call("plugins_get_by_uri", plugins, self.uri(uri)) or None

    def is_a(self, plugin: int, port: int, kind: str) -> bool:
        """Whether a port is of an lv2core class such as 'AudioPort'."""
        return bool(self.call("port_is_a", plugin, port, self.uri(_CORE + kind)))

    def symbol(self, plugin: int, port: int) -> str:
        """A port's symbol."""
        with LOCK:
            name = self._library.lilv_node_as_string(self.call("port_get_symbol", plugin, port))
        return bytes(name).decode()

    def instantiate(
        self, plugin: int, sample_rate: float, block_frames: int
    ) -> "c._Pointer[Instance] | None":
        """A fresh instance, its buffers zeroed, or None where the plugin refuses.

        It is told that it gets at most `block_frames` at once.
        """
        block, rate = c.c_int32(block_frames), c.c_float(sample_rate)
        options = (_Option * 4)(
            self._option(_BUF_SIZE + "maxBlockLength", "Int", block),
            self._option(_BUF_SIZE + "nominalBlockLength", "Int", block),
            self._option(_EXT + "parameters#sampleRate", "Float", rate),
        )
        features = (c.POINTER(Feature) * 4)(
            _feature(_EXT + "urid#map", c.addressof(self._map)),
            _feature(_EXT + "options#options", c.addressof(options)),
            _feature(_BUF_SIZE + "boundedBlockLength", None),
        )
        with LOCK, _zeroed_memory():
            instance = self.call(
                "plugin_instantiate", plugin, sample_rate, c.cast(features, c.c_void_p)
            )
        return c.cast(instance, c.POINTER(Instance)) if instance else None

    def opens(self, plugin: int) -> bool:
        """Whether its library is there and makes an instance."""
        instance = self.instantiate(plugin, _TRIED_RATE_HZ, _TRIED_FRAMES)
        if instance is not None:
            self.call("instance_free", instance)
        return instance is not None

    def _option(self, key: str, kind: str, value: "c._SimpleCData[Any]") -> _Option:
        return _Option(
            0,
            0,
            self._urid(None, key.encode()),
            c.sizeof(value),
            self._urid(None, (_EXT + "atom#" + kind).encode()),
            c.addressof(value),
        )

    def _urid(self, _handle: object, uri: bytes) -> int:
        with LOCK:
            return self._urids.setdefault(uri, len(self._urids) + 1)


def _feature(uri: str, data: int | None) -> "c._Pointer[Feature]":
    return c.pointer(Feature(uri.encode(), data))


@cache
def lilv() -> Lilv:
    """The process's one lilv world. Raises EffectError where liblilv is not installed."""
    with LOCK:
        return Lilv()


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what lilv prints itself: it complains about every broken bundle on the computer.

    It prints through C's `stderr`, which is another file meanwhile. Python and other processes
    write past that, so what they say is heard. One thread at a time, or the last would put back
    what the first has put there.
    """
    with LOCK:
        stream, nowhere = _c_stderr()
        if stream is None:
            yield
            return
        kept, stream.value = stream.value, nowhere
        try:
            yield
        finally:
            stream.value = kept


@cache
def _c_stderr() -> tuple[c.c_void_p | None, int | None]:
    """C's variable, and a file that goes nowhere; None where the variable cannot be changed."""
    libc = c.CDLL(None)
    # Elsewhere, as in musl, it is a constant.
    name = "stderr" if hasattr(libc, "gnu_get_libc_version") else "__stderrp"
    if not hasattr(libc, name):
        return None, None
    libc.fopen.restype, libc.fopen.argtypes = c.c_void_p, [c.c_char_p, c.c_char_p]
    return c.c_void_p.in_dll(libc, name), libc.fopen(os.fsencode(os.devnull), b"w")


@contextmanager
def _zeroed_memory() -> Iterator[None]:
    """Let glibc's malloc hand out zeros: mda Delay reads memory it never wrote.

    glibc does so for blocks of more than about 1 KB, as delay lines are; smaller ones can come
    from a thread's cache, which keeps what was in them.
    """
    libc = c.CDLL(None)
    if not hasattr(libc, "mallopt"):
        yield
        return
    libc.mallopt(_M_PERTURB, 255)
    try:
        yield
    finally:
        libc.mallopt(_M_PERTURB, 0)
