"""The engine's process, watched: a quick engine stands in for the real one, as a real process."""

import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from bridge.control import ControlClient
from bridge.osc import OscSocket
from gui.supervisor import Supervisor
from tests.fake_engine import FakeEngine
from tests.rigs.children import PATIENCE_S


class Watched:
    """A supervisor, and the client that tells it when the engine was heard."""

    def __init__(self, command: list[str] | None = None, port: int = 0) -> None:
        if not port:
            with OscSocket() as osc:
                port = osc.port
        self.client = ControlClient(port)
        command = command or [sys.executable, "-m", "tests.fake_engine", str(port)]
        self.supervisor = Supervisor(command, lambda: self.client.send("/quit"))
        self._heard_s = float("-inf")

    def until(self, state: str) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while self.supervisor.state != state:
            assert time.monotonic() < end_s, self.supervisor.state
            self.look()

    def look(self) -> None:
        if any(message.address == "/engine/time" for message in self.client.poll(0.02)):
            self._heard_s = time.monotonic()
        self.supervisor.look(time.monotonic(), self._heard_s)

    def answers(self, seconds: float = 1.0) -> bool:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            if self.client.poll(0.02):
                return True
        return False


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    yield made
    made.supervisor.release(keep=False)
    made.client.close()


def test_an_engine_is_started_and_started_again_when_it_ends(watched: Watched) -> None:
    watched.until("up")
    first = watched.supervisor.pid
    assert first
    os.kill(first, signal.SIGKILL)
    watched.until("restarting")
    watched.until("up")
    assert watched.supervisor.pid not in (0, first)


def test_a_frozen_engine_is_told_and_can_be_replaced(watched: Watched) -> None:
    watched.until("up")
    first = watched.supervisor.pid
    os.kill(first, signal.SIGSTOP)
    watched.until("frozen")
    watched.supervisor.restart(time.monotonic())
    watched.until("up")
    assert watched.supervisor.pid not in (0, first)


def test_an_engine_that_cannot_start_is_given_up() -> None:
    watched = Watched([sys.executable, "-c", "raise SystemExit('a\\nerror: why')"])
    watched.until("down")
    assert watched.supervisor.reason == "why"
    watched.client.close()


@pytest.mark.parametrize("keep", [False, True])
def test_closing_quits_the_engine_that_was_started_unless_it_is_to_go_on(keep: bool) -> None:
    watched = Watched()
    watched.until("up")
    watched.supervisor.release(keep)
    while watched.client.poll(0.02):
        pass
    assert watched.answers() is keep
    watched.supervisor.release(keep=False)
    watched.client.close()


def test_an_engine_that_ran_before_is_left_alone() -> None:
    with FakeEngine() as engine:
        watched = Watched(port=engine.start().port)
        watched.until("up")
        assert watched.supervisor.pid == 0
        watched.supervisor.release(keep=False)
        assert watched.answers()
        assert engine.ordered("/quit") == []
        watched.client.close()


def test_an_engine_that_is_slow_to_fail_is_given_up_too() -> None:
    supervisor = Supervisor([sys.executable, "-c", "raise SystemExit(7)"], lambda: None)
    clock_s, never_s = 0.0, float("-inf")
    end_s = time.monotonic() + PATIENCE_S
    while supervisor.state != "down":
        assert time.monotonic() < end_s, supervisor.state
        # Each step is longer than a child may take that ends soon.
        clock_s += 6.0 if supervisor.pid == 0 or os.waitid(*_ended(supervisor.pid)) else 0.0
        supervisor.look(clock_s, never_s)
        time.sleep(0.02)
    supervisor.release(keep=False)


def _ended(pid: int) -> tuple[int, int, int]:
    """What `os.waitid` takes to look whether a child has ended, and to leave it to its owner."""
    return os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT
