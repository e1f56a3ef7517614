"""Carla's one place for a controller: refused, kept, left and found again."""

import socket
import struct
import time
from collections.abc import Iterator

import pytest

from bridge.chain import Chain, chain_of
from bridge.errors import HostError
from bridge.hosts import connect
from bridge.manifest import Manifest
from tests.fake_hosts import FakeCarla
from tests.fake_hosts.base import message

DRIVE = "mda-overdrive/drive"


@pytest.fixture
def one(manifest: Manifest) -> Chain:
    return chain_of("mda-overdrive", manifest)


@pytest.fixture
def fake(one: Chain) -> Iterator[FakeCarla]:
    with FakeCarla(one) as running:
        yield running


def test_a_second_controller_is_told_and_leaves_the_first_in_peace(
    fake: FakeCarla, one: Chain
) -> None:
    with connect(fake.url, one) as first:
        started = time.monotonic()
        for _ in range(2):
            with pytest.raises(HostError, match="another controller is connected"):
                connect(fake.url, one)
        assert time.monotonic() - started < 3
        assert not first.poll().gone
        fake.turn(DRIVE, 0.5)
        heard: dict[str, float] = {}
        deadline = time.monotonic() + 5
        while heard.get(DRIVE) != pytest.approx(0.5):
            assert time.monotonic() < deadline
            heard.update(first.poll().turned)
            time.sleep(0.02)
    with connect(fake.url, one) as second:
        assert second.read()[DRIVE] == pytest.approx(0.5)


@pytest.mark.parametrize("path", ["/ctrl", "/dafx-40000-1"])
def test_after_a_client_was_killed_the_first_try_succeeds(
    fake: FakeCarla, one: Chain, path: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"osc.tcp://127.0.0.1:{server.getsockname()[1]}{path}"
        packet = message("/register", "s", url)
        with socket.create_connection(("127.0.0.1", fake.port)) as call:
            call.sendall(struct.pack(">i", len(packet)) + packet)
            pushed, _ = server.accept()
            while not fake.received:
                time.sleep(0.01)
            # As the system does for a killed process: all that was open is closed.
            pushed.close()
    with connect(fake.url, one) as host:
        assert host.read()[DRIVE] == pytest.approx(fake.values()[DRIVE])
