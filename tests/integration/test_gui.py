"""The window with the real engine, real models and the embedded host, on a display of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.chain import chain_of
from bridge.control import ControlClient
from bridge.library import Library
from bridge.osc import Message, OscSocket
from gui.supervisor import engine_command
from gui.views.closeness import closeness_view
from tests.integration.commands import PATIENCE_S, host_running
from tests.rigs.display import display

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def screen() -> Iterator[dict[str, str]]:
    with display() as environment:
        yield environment


def free_port() -> int:
    with OscSocket() as osc:
        return osc.port


def asked(port: int, address: str) -> float:
    """What the effect host itself says."""
    with OscSocket() as osc:
        for _ in range(50):
            osc.send(Message(address), ("127.0.0.1", port))
            if received := osc.receive(0.2):
                return float(received[0][0].arguments[0])
    raise TimeoutError(address)


def settle(client: ControlClient, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        client.poll(0.05)


def test_a_session_from_an_empty_window_to_a_match(screen: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    with host_running("mda-overdrive") as (_, host_port):
        done = subprocess.run(
            [sys.executable, "-m", "tests.rigs.gui_session", str(port), tmp_path, str(host_port)],
            env=screen,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        saw = json.loads(done.stdout)
        assert saw["before"] == {"drive": 0, "muffle": 0, "output": 500}
        assert saw["after"]["drive"] > 300
        assert set(saw["changes"]) == {"model"}
        one, other = saw["engines"]
        assert other not in (0, one)
        assert saw["remembered"][0] == "mda-overdrive"
        assert saw["remembered"][2] == 1.0
        # The engine that was killed gave nothing back, so the host kept what it was sent; the one
        # after it was told to quit, and the values from before it came back.
        assert asked(host_port, "/mda-overdrive/drive") == pytest.approx(
            saw["after"]["drive"] / 1000, abs=0.1
        )
    with ControlClient(port) as client:
        settle(client, 1.0)
        assert not client.values


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_without_its_window_the_engine_goes_on_sending(
    ending: signal.Signals, screen: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "bridge", "gui", "--port", str(port)]
    folders = ["--state", str(tmp_path / "engine"), "--settings", str(tmp_path / "window")]
    window = subprocess.Popen([*command, *folders], env=screen)
    try:
        with ControlClient(port) as client:
            client.wait(lambda values: "/parameter/mda-overdrive/drive" in values, PATIENCE_S)
            client.send("/demo")
            client.wait(lambda values: values.get("/host/state") == ("connected",), PATIENCE_S)
            client.send("/follow", 1)
            client.wait(lambda values: values.get("/host/sends", (0,))[0] > 0, PATIENCE_S)
            assert window.poll() is None
            os.kill(window.pid, ending)
            before_s = client.values["/engine/time"][0]
            settle(client, 3.0)
            assert client.values["/engine/time"][0] > before_s + 2.0
            client.wait(lambda values: values["/host/sends"][0] > 0, PATIENCE_S)
            client.send("/quit")
            # Its last word; then its port is free.
            time.sleep(0.5)
    finally:
        window.kill()
        window.wait(PATIENCE_S)


def test_what_is_learnt_of_the_dry_input_is_called_dry(tmp_path: Path) -> None:
    port, library = free_port(), Library()
    engine = subprocess.Popen(engine_command(port, str(tmp_path)))
    try:
        with ControlClient(port) as client:
            client.wait(lambda values: "/engine/time" in values, PATIENCE_S)
            client.send("/demo")
            client.wait(lambda values: values.get("/state") == ("matching",), PATIENCE_S)
            client.send("/learn", 10.0)
            learnt = str(tmp_path / "learned.wav")
            client.wait(lambda values: values.get("/reference") == (learnt,), PATIENCE_S)
            client.wait(lambda values: values.get("/verdict", ("",)) != ("",), 3 * PATIENCE_S)
            chain = chain_of(str(client.values["/chain"][0]), library.manifest)
            view = closeness_view(client.values, chain)
            assert view.words == "The reference sounds dry: bypass"
            client.send("/quit")
            engine.wait(PATIENCE_S)
    finally:
        engine.kill()
        engine.wait(PATIENCE_S)
