"""Every socket that receives, under packets from an enemy: no hang, no crash, nothing grows."""

import math
import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.chain import chain_of
from bridge.hosts import connect
from bridge.manifest import Manifest
from bridge.osc import Message, OscSocket, tcp, udp
from bridge.osc.packets import decode, encode
from tests.fake_hosts import FAKES, FakeBitwig
from tests.fake_hosts.base import FakeHost
from tests.fake_hosts.carla import FakeCarla
from tests.following import following, holds
from tests.integration.commands import host_running
from tests.rigs.hostile import bundle, hostile_packets

PACKETS = 200_000
GROWTH_BYTES = 16 << 20
PATIENCE_S = 30.0
PARAMETER = "/mda-overdrive/drive"
GOOD = [
    encode(Message(PARAMETER, (0.25,))),
    encode(Message("/live/device/set/parameter/value", (0, 1, 2, 0.5))),
    bundle(encode(Message("/a", ("text", 1))), bundle(encode(Message(PARAMETER)))),
]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def enemy() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        yield opened


def memory_bytes(pid: int) -> int:
    """What a process holds in memory now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_a_socket_takes_200_000_hostile_packets(
    enemy: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    handed_out = 0
    with OscSocket() as receiver:
        to = ("127.0.0.1", receiver.port)
        before = memory_bytes(os.getpid())
        for packet in hostile_packets(GOOD, PACKETS, seed=1):
            enemy.sendto(packet, to)
            handed_out += receiver.receive(0) is not None
        grown = memory_bytes(os.getpid()) - before
        # Nothing was lost on the way: each was handed out or dropped.
        assert handed_out + receiver.dropped == PACKETS
        assert receiver.dropped > PACKETS / 2
        enemy.sendto(encode(Message("/ok", (1.0,))), to)
        received = receiver.receive(1.0)
    assert received
    assert received[0] == [Message("/ok", (1.0,))]
    assert grown < GROWTH_BYTES
    assert len(caplog.records) <= 10


def test_the_embedded_host_outlives_hostile_packets(enemy: socket.socket) -> None:
    with host_running("mda-overdrive") as (child, port), OscSocket() as client:
        to = ("127.0.0.1", port)
        before = memory_bytes(child.pid)
        for number, packet in enumerate(hostile_packets(GOOD, 20_000, seed=2)):
            enemy.sendto(packet, to)
            # Ten at a time fit into the socket's buffer, so that all of them are taken.
            if number % 10 == 9:
                value = number / 2**15
                client.send(Message(PARAMETER, (value,)), to)
                client.send(Message(PARAMETER), to)
                received = client.receive(30.0)
                assert received == ([Message(PARAMETER, (value,))], to)
        assert child.poll() is None
        assert memory_bytes(child.pid) - before < GROWTH_BYTES


@pytest.mark.parametrize("fake", FAKES, ids=lambda fake: fake.scheme)
def test_a_client_of_each_host_outlives_hostile_answers(
    fake: type[FakeHost],
    manifest: Manifest,
    enemy: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: list[bytes] = []
    opened: list[OscSocket] = []

    class Watched(OscSocket):
        def __init__(self, port: int = 0) -> None:
            super().__init__(port)
            opened.append(self)

    def remembering(packet: bytes) -> list[Message]:
        answers.append(packet)
        return decode(packet)

    monkeypatch.setattr("bridge.hosts.osc_dialect.OscSocket", Watched)
    for transport in (udp, tcp):
        monkeypatch.setattr(transport, "decode", remembering)
    chain = chain_of("mda-overdrive" if fake is FakeBitwig else "mda-overdrive,mda-delay", manifest)
    with fake(chain) as running, connect(running.url, chain) as host:
        if host.profile.reads:
            host.read()
        running.turn("mda-overdrive/drive", 0.75)
        host.poll()
        for transport in (udp, tcp):
            monkeypatch.setattr(transport, "decode", decode)

        def attack(packet: bytes) -> bool:
            if not isinstance(running, FakeCarla):
                enemy.sendto(packet, ("127.0.0.1", opened[0].port))
                return True
            # It tells everything over one connection, packets of whole words.
            whole = packet + bytes(-len(packet) % 4) or bytes(4)
            return running.tell_bytes(struct.pack(">i", len(whole)) + whole)

        def take_news() -> None:
            for address, value in host.poll().values:
                assert math.isfinite(value)
                if chain.is_switch(address):
                    assert value in (0.0, 1.0)
                else:
                    spec = chain.parameter(address).spec
                    assert spec.min <= value <= spec.max

        for packet in hostile_packets(answers or GOOD, 5_000, seed=3):
            deadline = time.monotonic() + PATIENCE_S
            while not attack(packet):
                # Some are taken for a knob's turn, and Carla is registered with anew to see whose.
                assert time.monotonic() < deadline
                take_news()
            take_news()
        host.find()
        host.set({"mda-overdrive/drive": 0.5})
        near = pytest.approx(0.5, abs=max(2 * running.step, 1e-6))
        deadline = time.monotonic() + PATIENCE_S
        # A host may answer before it has taken what came in by another way.
        while host.profile.reads and host.read()["mda-overdrive/drive"] != near:
            assert time.monotonic() < deadline


def test_a_stream_that_is_no_packets_costs_a_registration_with_carla(manifest: Manifest) -> None:
    with FakeCarla(chain_of("mda-overdrive", manifest)) as fake, following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        loop.until(lambda: fake.tell_bytes(struct.pack(">i", 7) + bytes(64)))
        loop.until(lambda: loop.driver.lost)
        loop.until(lambda: not loop.driver.lost)
        loop.sweep("mda-overdrive/drive", 0.5)
        loop.until(lambda: holds(fake, loop.goal))
        assert loop.driver.yielded == {}
