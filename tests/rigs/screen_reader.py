"""What a screen reader finds of the windows on a display: Qt's accessibility tree, over AT-SPI.

    python -m tests.rigs.screen_reader

Prints the tree of every program on the accessibility bus as JSON. AT-SPI's own library is called by
ctypes, so that nothing but Debian's `at-spi2-core` is needed; see `bus` for the bus it needs.
"""

import ctypes
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.rigs.children import started, wait_for

LIBRARY = "libatspi.so.0"
STATES = {"checked": 4, "enabled": 8, "focusable": 11, "focused": 12, "showing": 25}
"""Of AtspiStateType, those that are told."""
_MOST = 4000
"""A tree with more is not read on."""


@contextmanager
def bus(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A session bus of its own; the environment of windows that tell of themselves there."""
    with TemporaryDirectory() as folder:
        address = f"unix:path={folder}/bus"
        with started("dbus-daemon", "--session", "--nofork", f"--address={address}"):
            wait_for("dbus-daemon", Path(folder, "bus").exists)
            yield environment | {
                "DBUS_SESSION_BUS_ADDRESS": address,
                "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
                "XDG_RUNTIME_DIR": folder,
            }


class Tree:
    """Reads accessible objects by AT-SPI's library."""

    def __init__(self) -> None:
        self._at = ctypes.CDLL(LIBRARY)
        for name in ("get_child_at_index", "get_state_set", "get_value_iface"):
            getattr(self._at, f"atspi_accessible_{name}").restype = ctypes.c_void_p
        for name in ("get_name", "get_role_name", "get_description"):
            getattr(self._at, f"atspi_accessible_{name}").restype = ctypes.c_void_p
        self._at.atspi_get_desktop.restype = ctypes.c_void_p
        self._glib = ctypes.CDLL("libglib-2.0.so.0")
        for name in ("current", "minimum", "maximum"):
            getattr(self._at, f"atspi_value_get_{name}_value").restype = ctypes.c_double
        self._at.atspi_init()
        self._read = 0

    def programs(self) -> list[dict[str, Any]]:
        """The tree of each."""
        desktop = self._at.atspi_get_desktop(0)
        return [self._node(child) for child in self._children(desktop)]

    def _node(self, at: int) -> dict[str, Any]:
        self._read += 1
        states = self._at.atspi_accessible_get_state_set(ctypes.c_void_p(at))
        told: dict[str, Any] = {
            "role": self._text("role_name", at),
            "name": self._text("name", at),
            "description": self._text("description", at),
            "states": [
                name
                for name, number in STATES.items()
                if self._at.atspi_state_set_contains(ctypes.c_void_p(states), number)
            ],
        }
        if value := self._at.atspi_accessible_get_value_iface(ctypes.c_void_p(at)):
            told["value"] = [
                getattr(self._at, f"atspi_value_get_{name}_value")(ctypes.c_void_p(value), None)
                for name in ("minimum", "current", "maximum")
            ]
        told["children"] = [self._node(child) for child in self._children(at)]
        return told

    def _children(self, at: int) -> Iterator[int]:
        count = self._at.atspi_accessible_get_child_count(ctypes.c_void_p(at), None)
        for number in range(count if self._read < _MOST else 0):
            child = self._at.atspi_accessible_get_child_at_index(ctypes.c_void_p(at), number, None)
            if child:
                yield child

    def _text(self, what: str, at: int) -> str:
        told = getattr(self._at, f"atspi_accessible_get_{what}")(ctypes.c_void_p(at), None)
        if not told:
            return ""
        text = ctypes.string_at(told).decode()
        self._glib.g_free(ctypes.c_void_p(told))
        return text


def flat(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node and all below it."""
    yield node
    for child in node["children"]:
        yield from flat(child)


if __name__ == "__main__":
    print(json.dumps(Tree().programs()))
