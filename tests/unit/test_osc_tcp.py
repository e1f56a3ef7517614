import random
import socket
import struct
from collections.abc import Iterator

import pytest

from bridge.errors import HostError
from bridge.osc import Message
from bridge.osc.packets import encode
from bridge.osc.tcp import OscTcp

GOOD = encode(Message("/ctrl/cb", (5, 0.5, "x")))


def framed(packet: bytes) -> bytes:
    return struct.pack(">i", len(packet)) + packet


@pytest.fixture
def bridge() -> Iterator[OscTcp]:
    with OscTcp() as opened:
        yield opened


def host(bridge: OscTcp) -> socket.socket:
    return socket.create_connection(("127.0.0.1", bridge.port))


def drain(bridge: OscTcp) -> list[Message]:
    told: list[Message] = []
    while messages := bridge.receive(0.05):
        told += messages
    return told


def test_packets_come_whole_however_they_are_cut(bridge: OscTcp) -> None:
    stream = framed(GOOD) * 20
    with host(bridge) as connection:
        for start in range(0, len(stream), 7):
            connection.sendall(stream[start : start + 7])
        assert len(drain(bridge)) == 20
    assert bridge.receive(1.0) is None
    assert bridge.closed_by_host


@pytest.mark.parametrize("size", [0, -4, 7, 2**31 - 1, 65_540])
def test_a_size_that_cannot_be_ends_the_connection(bridge: OscTcp, size: int) -> None:
    with host(bridge) as connection:
        connection.sendall(struct.pack(">i", size) + bytes(64))
        assert drain(bridge) == []
    assert bridge.closed_by_host
    with host(bridge) as connection:
        connection.sendall(framed(GOOD))
        assert drain(bridge) == [Message("/ctrl/cb", (5, 0.5, "x"))]


def test_mutated_streams_leave_the_next_connection_unharmed(bridge: OscTcp) -> None:
    draw = random.Random(5)
    for _ in range(300):
        stream = bytearray(framed(GOOD) * 4)
        for _ in range(draw.randint(1, 5)):
            stream[draw.randrange(len(stream))] = draw.randrange(256)
        with host(bridge) as connection:
            connection.sendall(stream[: draw.randint(1, len(stream))])
            connection.shutdown(socket.SHUT_WR)
            while not bridge.closed_by_host:
                bridge.receive(1.0)
        bridge.hang_up()
        assert not bridge.connected
    with host(bridge) as connection:
        connection.sendall(framed(GOOD))
        assert len(drain(bridge)) == 1


def test_a_second_caller_does_not_disturb_the_first(bridge: OscTcp) -> None:
    with host(bridge) as first:
        first.sendall(framed(GOOD))
        assert len(drain(bridge)) == 1
        with host(bridge) as second:
            second.sendall(framed(GOOD))
            assert drain(bridge) == []
        first.sendall(framed(GOOD))
        assert len(drain(bridge)) == 1


def test_nobody_there_is_told(bridge: OscTcp) -> None:
    with OscTcp() as other:
        nobody = ("127.0.0.1", other.port)
    with pytest.raises(HostError, match="nothing takes a connection"):
        bridge.send(Message("/register", ("x",)), nobody)
