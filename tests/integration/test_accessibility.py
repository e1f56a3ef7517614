"""The window as a screen reader finds it, and as a keyboard alone works it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.control import ControlClient
from bridge.demo.run import INPUT, REFERENCE
from tests.fake_engine import FakeEngine
from tests.integration.commands import PATIENCE_S
from tests.integration.test_gui import free_port
from tests.rigs.children import started, wait_for
from tests.rigs.display import display
from tests.rigs.screen_reader import bus, flat

# In one worker, which opens the window that is read once.
pytestmark = [pytest.mark.xdist_group("accessibility"), pytest.mark.timeout(400)]
DRIVE = "/parameter/mda-overdrive/drive"
ROLES = {
    "push button": "press",
    "toggle button": "switch",
    "check box": "switch",
    "combo box": "choose",
    "list item": "choose",
    "slider": "move",
    "spin button": "type",
    "text": "type",
    "page tab list": "choose",
    "page tab": "choose",
    "table": "read",
    "canvas": "look",
    "menu item": "press",
}
"""What can be done with what a screen reader calls so."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    """All that the window tells, beside an engine with an effect in the embedded host."""
    folder = tmp_path_factory.mktemp("window")
    with FakeEngine() as fake, display() as screen, bus(screen) as environment:
        fake.start()
        gui = [sys.executable, "-m", "bridge", "gui", "--port", fake.port]
        with (
            ControlClient(fake.port) as client,
            started(*gui, "--settings", folder, env=environment, log=folder / "log"),
        ):
            client.send("/chain", "mda-overdrive")
            client.wait(lambda values: DRIVE in values, PATIENCE_S)
            for address, value in (
                ("/source", "Scarlett 2i2 USB"),
                ("/reference", str(REFERENCE)),
                ("/host", "embedded"),
                (DRIVE, 0.5),
            ):
                client.send(address, value)
            fake.tell("/output/device", "Scarlett 2i2 USB")
            reading = [sys.executable, "-m", "tests.rigs.screen_reader"]

            def read() -> list[dict[str, Any]] | None:
                told = subprocess.run(
                    reading, env=environment, capture_output=True, text=True, timeout=120
                )
                assert told.returncode == 0, told.stderr
                nodes = [node for program in json.loads(told.stdout) for node in flat(program)]
                there = {node["name"] for node in nodes}
                return nodes if any(name.startswith("Drive, 50") for name in there) else None

            yield wait_for("the window's tree", read, PATIENCE_S)


def worked(tree: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What one can come to with the Tab key."""
    return [
        node
        for node in tree
        if {"focusable", "showing"} <= set(node["states"]) and node["role"] not in _AROUND
    ]


_AROUND = ("frame", "application", "menu bar", "menu", "scroll pane", "filler", "panel", "label")


def test_every_control_has_a_name_and_a_role(tree: list[dict[str, Any]]) -> None:
    found = worked(tree)
    assert len(found) > 30
    for node in found:
        assert node["name"].strip(), node
        assert node["role"] in ROLES, node


def test_a_list_says_what_is_chosen_and_what_for(tree: list[dict[str, Any]]) -> None:
    told = {node["description"]: node["name"] for node in worked(tree)}
    assert told["Input device"] == "Scarlett 2i2 USB"
    assert told["Input channels"] == "Ch 1 + 2"
    assert told["Plugin or rig"] == "mda Overdrive (overdrive)"
    assert told["Kind of host"] == "Embedded host, no DAW"
    assert told["Output device"] == "System's output"


def test_every_value_can_be_read(tree: list[dict[str, Any]]) -> None:
    sliders = [node for node in worked(tree) if node["role"] == "slider"]
    names = " ".join(node["name"] for node in sliders)
    for name in ("Drive", "Muffle", "Output", "Amount", "steady", "level"):
        assert name in names
    for node in sliders:
        low, now, high = node["value"]
        assert low <= now <= high
        assert high > low
    drive = next(node for node in sliders if node["name"].startswith("Drive"))
    assert "50.0 %" in drive["name"]
    assert drive["value"][1] == pytest.approx(500, abs=1)


def test_what_is_on_says_so(tree: list[dict[str, Any]]) -> None:
    told = {node["name"]: node["states"] for node in worked(tree)}
    assert "checked" in told["Hear matched"]
    assert "checked" not in told["Hear dry"]
    assert "checked" not in told["Follow"]
    assert next(n["name"] for n in tree if n["role"] == "frame").startswith("dafx-bridge")
    near = next(node for node in tree if node["name"].startswith("Distance to the sound"))
    assert near["description"]
    assert any(node["name"].startswith("Input peak") for node in tree)
    assert any("Input: " in node["name"] for node in tree)


class Keys:
    """A keyboard, at a display with a window manager."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def press(self, *keys: str) -> None:
        self._xdotool("key", "--delay", "60", *keys)

    def type(self, words: str) -> None:
        """These, and Return."""
        self._xdotool("type", "--delay", "40", words)
        time.sleep(0.5)
        self.press("Return")

    def window(self, name: str) -> None:
        """Wait for a window of that name, and for the focus to be in it."""

        def there() -> bool:
            seen = self._xdotool("getactivewindow", "getwindowname", check=False)
            return name in seen

        wait_for(name, there, PATIENCE_S)
        time.sleep(0.3)

    def _xdotool(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=check,
        )
        return done.stdout


def test_the_first_minute_by_keys_alone(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "bridge", "gui", "--port", port]
    folders = ["--state", tmp_path / "engine", "--settings", tmp_path / "window"]
    with (
        display() as screen,
        started("openbox", env=screen),
        started(*command, *folders, env=screen, log=tmp_path / "log") as window,
        ControlClient(port) as client,
    ):
        keys = Keys(screen)

        def told(address: str, *value: object) -> None:
            client.wait(lambda values: values.get(address) == value, PATIENCE_S)

        keys.window("dafx-bridge")
        client.wait(lambda values: "/plugins" in values, PATIENCE_S)
        time.sleep(1)
        # A file as input: the last entry of the list.
        keys.press("alt+1", "alt+Down", "End", "Return")
        keys.window("Listen to a file")
        keys.type(str(INPUT))
        told("/source", str(INPUT))
        keys.window("dafx-bridge")
        keys.press("ctrl+o")
        keys.window("The sound you want")
        keys.type(str(REFERENCE))
        told("/reference", str(REFERENCE))
        keys.window("dafx-bridge")
        # Another plugin, and the one from before again.
        told("/chain", "mda-overdrive")
        keys.press("alt+3", "alt+Down", "Down", "Return")
        client.wait(lambda values: values["/chain"] != ("mda-overdrive",), PATIENCE_S)
        # The window hears of it a moment later.
        time.sleep(1)
        keys.press("alt+3", "alt+Down", "Up", "Return")
        told("/chain", "mda-overdrive")
        keys.press("alt+4", "Tab", "space")
        told("/host", "embedded")
        told("/host/state", "connected")
        keys.press("alt+2", "m")
        told("/match/running", 1)
        told("/match/running", 0)
        before = client.values[DRIVE]
        told(f"{DRIVE}/by", "model")
        for key, heard in (("1", "dry"), ("2", "matched"), ("3", "reference")):
            keys.press(key)
            told("/audition", heard)
        keys.press("p", "Left", "Left", "Left")
        told(f"{DRIVE}/yours", 1)
        assert client.values[DRIVE] != before
        keys.press("BackSpace")
        told(f"{DRIVE}/yours", 0)
        keys.press("ctrl+s")
        keys.window("Preset")
        keys.type("mine")
        wait_for("the preset", (tmp_path / "window" / "presets" / "mine.dafx").exists)
        keys.window("dafx-bridge")
        keys.press("ctrl+shift+o")
        keys.window("Presets")
        keys.press("Return")
        client.wait(lambda values: "references" in str(values["/reference"][0]), PATIENCE_S)
        keys.window("dafx-bridge")
        keys.press("ctrl+q")
        wait_for("its end", lambda: window.poll() is not None, PATIENCE_S)
