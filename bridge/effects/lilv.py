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
from pathlib import Path
from urllib.parse import unquote, urlparse

from bridge.effects.lv2_features import HostFeatures, urids
from bridge.errors import EffectError
from bridge.system import remedy

LOCK = threading.RLock()
_M_PERTURB = -6
_STAYS = getattr(os, "RTLD_LAZY", 0) | getattr(os, "RTLD_NODELETE", 0)
_TRIED_RATE_HZ, _TRIED_FRAMES = 48_000.0, 1024

_SIGNATURES: dict[str, tuple[type | None, list[type]]] = {
    "world_new": (c.c_void_p, []),
    "world_load_all": (None, [c.c_void_p]),
    "world_get_all_plugins": (c.c_void_p, [c.c_void_p]),
    "plugins_begin": (c.c_void_p, [c.c_void_p]),
    "plugins_get": (c.c_void_p, [c.c_void_p] * 2),
    "plugins_is_end": (c.c_bool, [c.c_void_p] * 2),
    "plugins_next": (c.c_void_p, [c.c_void_p] * 2),
    "new_uri": (c.c_void_p, [c.c_void_p, c.c_char_p]),
    "node_as_string": (c.c_char_p, [c.c_void_p]),
    "node_as_float": (c.c_float, [c.c_void_p]),
    "node_free": (None, [c.c_void_p]),
    "nodes_begin": (c.c_void_p, [c.c_void_p]),
    "nodes_get": (c.c_void_p, [c.c_void_p] * 2),
    "nodes_is_end": (c.c_bool, [c.c_void_p] * 2),
    "nodes_next": (c.c_void_p, [c.c_void_p] * 2),
    "nodes_free": (None, [c.c_void_p]),
    "plugins_get_by_uri": (c.c_void_p, [c.c_void_p, c.c_void_p]),
    "plugin_get_uri": (c.c_void_p, [c.c_void_p]),
    "plugin_get_name": (c.c_void_p, [c.c_void_p]),
    "plugin_get_bundle_uri": (c.c_void_p, [c.c_void_p]),
    "plugin_get_value": (c.c_void_p, [c.c_void_p] * 2),
    "plugin_get_num_ports": (c.c_uint32, [c.c_void_p]),
    "plugin_get_port_by_index": (c.c_void_p, [c.c_void_p, c.c_uint32]),
    "plugin_get_port_ranges_float": (None, [c.c_void_p] * 4),
    "plugin_has_latency": (c.c_bool, [c.c_void_p]),
    "plugin_get_latency_port_index": (c.c_uint32, [c.c_void_p]),
    "plugin_instantiate": (c.c_void_p, [c.c_void_p, c.c_double, c.c_void_p]),
    "port_is_a": (c.c_bool, [c.c_void_p] * 3),
    "port_get_symbol": (c.c_void_p, [c.c_void_p] * 2),
    "port_get_name": (c.c_void_p, [c.c_void_p] * 2),
    "port_get_value": (c.c_void_p, [c.c_void_p] * 3),
    "port_get_scale_points": (c.c_void_p, [c.c_void_p] * 2),
    "scale_points_begin": (c.c_void_p, [c.c_void_p]),
    "scale_points_get": (c.c_void_p, [c.c_void_p] * 2),
    "scale_points_is_end": (c.c_bool, [c.c_void_p] * 2),
    "scale_points_next": (c.c_void_p, [c.c_void_p] * 2),
    "scale_points_free": (None, [c.c_void_p]),
    "scale_point_get_label": (c.c_void_p, [c.c_void_p]),
    "scale_point_get_value": (c.c_void_p, [c.c_void_p]),
    "state_new_from_world": (c.c_void_p, [c.c_void_p] * 3),
    "state_restore": (None, [c.c_void_p] * 4 + [c.c_uint32, c.c_void_p]),
    "state_free": (None, [c.c_void_p]),
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
        self._made: set[int] = set()
        """Plugins that have had an instance."""
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

    def plugins(self) -> Iterator[tuple[str, int]]:
        """URI and plugin of all that are installed."""
        found = self.call("world_get_all_plugins", self.world)
        for plugin in self._each("plugins", found):
            uri = self._text(self.call("plugin_get_uri", plugin))
            if uri:
                yield uri, plugin

    def name(self, plugin: int) -> str:
        """What a person calls it; empty where its description does not say."""
        return self._text_of_own(self.call("plugin_get_name", plugin))

    def bundle(self, plugin: int) -> str:
        """The URI of the folder that it lies in."""
        return self._text(self.call("plugin_get_bundle_uri", plugin))

    def values(self, plugin: int, predicate: str) -> list[str]:
        """What its description says of a property, as text."""
        return self._texts(self.call("plugin_get_value", plugin, self.uri(predicate)))

    def is_a(self, plugin: int, port: int, kind: str) -> bool:
        """Whether a port is of the class of that URI."""
        return bool(self.call("port_is_a", plugin, port, self.uri(kind)))

    def symbol(self, plugin: int, port: int) -> str:
        """A port's symbol."""
        return self._text(self.call("port_get_symbol", plugin, port))

    def port_name(self, plugin: int, port: int) -> str:
        """What a person calls a port."""
        return self._text_of_own(self.call("port_get_name", plugin, port))

    def port_values(self, plugin: int, port: int, predicate: str) -> list[str]:
        """What its description says of a port's property, as text."""
        return self._texts(self.call("port_get_value", plugin, port, self.uri(predicate)))

    def port_ranges(self, plugin: int, count: int) -> list[list[float]]:
        """Minima, maxima and defaults of all `count` ports; NaN where there is none."""
        ranges = [(c.c_float * count)() for _ in range(3)]
        self.call("plugin_get_port_ranges_float", plugin, *ranges)
        return [list(each) for each in ranges]

    def scale_points(self, plugin: int, port: int) -> list[tuple[str, float]]:
        """Label and value of a port's named values, by value."""
        found = self.call("port_get_scale_points", plugin, port)
        if not found:
            return []
        points = [
            (
                self._text(self.call("scale_point_get_label", point)),
                float(self.call("node_as_float", self.call("scale_point_get_value", point))),
            )
            for point in self._each("scale_points", found)
        ]
        self.call("scale_points_free", found)
        return sorted(points, key=lambda point: point[1])

    def instantiate(
        self, plugin: int, sample_rate: float, features: HostFeatures
    ) -> "c._Pointer[Instance] | None":
        """A fresh instance, its buffers zeroed, or None where the plugin refuses.

        What its library brings with it stays loaded: some of that cannot be loaded twice. The
        plugin's own library goes with its last instance, and comes back as new.
        """
        is_first, before = plugin not in self._made, set[str]()
        if is_first:
            before = _libraries()
        with LOCK, _zeroed_memory():
            instance = self.call(
                "plugin_instantiate", plugin, sample_rate, c.cast(features.array, c.c_void_p)
            )
        if not instance:
            return None
        made = c.cast(instance, c.POINTER(Instance))
        if is_first:
            self._made.add(plugin)
            own = unquote(urlparse(self.bundle(plugin)).path)
            for path in _libraries() - before:
                if not path.startswith(own):
                    c.CDLL(path, mode=_STAYS)
        features.attach(made.contents.handle, made.contents.descriptor.contents.extension_data)
        return made

    def restore_default(
        self, plugin: int, instance: "c._Pointer[Instance]", features: HostFeatures
    ) -> None:
        """Give it the state that its description says it starts with, where it has one."""
        node = self.call("plugin_get_uri", plugin)
        table = c.addressof(urids().map)
        state = self.call("state_new_from_world", self.world, table, node)
        if state:
            array = c.cast(features.array, c.c_void_p)
            self.call("state_restore", state, instance, None, None, 0, array)
            self.call("state_free", state)

    def opens(self, plugin: int) -> bool:
        """Whether its library is there and makes an instance."""
        features = HostFeatures(_TRIED_RATE_HZ, _TRIED_FRAMES)
        instance = self.instantiate(plugin, _TRIED_RATE_HZ, features)
        if instance is not None:
            self.call("instance_free", instance)
        return instance is not None

    def _each(self, kind: str, collection: int) -> Iterator[int]:
        """The members of one of lilv's collections."""
        place = self.call(f"{kind}_begin", collection)
        while not self.call(f"{kind}_is_end", collection, place):
            yield self.call(f"{kind}_get", collection, place)
            place = self.call(f"{kind}_next", collection, place)

    def _texts(self, nodes: int) -> list[str]:
        """What nodes say; frees them."""
        if not nodes:
            return []
        texts = [self._text(node) for node in self._each("nodes", nodes)]
        self.call("nodes_free", nodes)
        return texts

    def _text(self, node: int) -> str:
        if not node:
            return ""
        with LOCK:
            text = self._library.lilv_node_as_string(node)
        return bytes(text or b"").decode(errors="replace")

    def _text_of_own(self, node: int) -> str:
        """What a node says that is ours to free."""
        text = self._text(node)
        if node:
            self.call("node_free", node)
        return text


def _libraries() -> set[str]:
    """Paths of the libraries that are loaded, where the system tells."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return set()
    return {path for line in lines if ".so" in (path := line[line.find("/") :])}


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
