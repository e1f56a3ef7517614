import contextlib
import math
import struct
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.errors import HostError, PacketError
from bridge.osc import Message, OscSocket
from bridge.osc.packets import MAX_SEND_BYTES, decode, encode, encode_bundles
from tests.rigs.hostile import bundle, hostile_packets

ADDRESSES = st.from_regex(r"/[a-z0-9_-]{1,12}(/[a-z0-9_-]{1,12}){0,3}", fullmatch=True)
ARGUMENTS = st.one_of(
    st.integers(-(2**31), 2**31 - 1),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=20),
)
MESSAGES = st.builds(Message, ADDRESSES, st.lists(ARGUMENTS, max_size=5).map(tuple))


@given(MESSAGES)
def test_a_message_survives_the_wire(message: Message) -> None:
    assert decode(encode(message)) == [message]


@given(st.lists(MESSAGES, min_size=1, max_size=40))
def test_bundles_keep_messages_in_order_and_small(messages: list[Message]) -> None:
    bundles = list(encode_bundles(messages))
    assert [m for bundle in bundles for m in decode(bundle)] == messages
    assert all(len(bundle) <= MAX_SEND_BYTES for bundle in bundles)


GOOD = encode(Message("/a/b", (1, 0.5, "x")))


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"x",
        b"/ab",
        b"#bundle\0",
        b"#bundle\0" + bytes(8) + struct.pack(">i", -4),
        b"#bundle\0" + bytes(8) + struct.pack(">i", 2**31 - 4) + GOOD,
        b"#bundle\0" + bytes(8) + b"\0\0",
        bundle(bundle(bundle(bundle(bundle(GOOD))))),
        b"/" + b"*" * 6 + b"\0" + b",\0\0\0",
        b"/a{b}\0\0\0,\0\0\0",
        b"/\xff\xfe\0,\0\0\0",
        b"/abc\0\0\0\0i\0\0\0",
        b"/abc\0\0\0\0,T\0\0",
        b"/abc\0\0\0\0,i\0\0",
        b"/abc\0\0\0\0,f\0\0" + bytes(8),
        b"/abc\0\0\0\0,s\0\0\xff\xff\xff\xff",
        b"/abcdefg",
        b"/abc\0\0\0\0,sf\0abc\0",
        b"/abc\0\0\0\0,fs\0" + bytes(4) + b"abcd",
        b"/abc\0\0\0\0,f\0\0" + struct.pack(">f", math.nan),
        b"/abc\0\0\0\0,d\0\0" + struct.pack(">d", -math.inf),
    ],
)
def test_hostile_packets_are_refused(packet: bytes) -> None:
    with pytest.raises(PacketError):
        decode(packet)


def test_a_far_future_time_tag_is_not_waited_for() -> None:
    started = time.monotonic()
    assert decode(bundle(GOOD, time_tag=2**64 - 1)) == decode(GOOD)
    assert time.monotonic() - started < 1


@given(st.binary(max_size=200))
@example(b"/a\0\0,s\0\0abc\0def\0")
def test_any_bytes_give_messages_or_a_packet_error(packet: bytes) -> None:
    with contextlib.suppress(PacketError):
        decode(packet)


def test_mutated_packets_give_messages_or_a_packet_error() -> None:
    seeds = [GOOD, bundle(GOOD, GOOD), bundle(bundle(GOOD), GOOD)]
    for packet in hostile_packets(seeds, 10_000, seed=4):
        with contextlib.suppress(PacketError):
            decode(packet)


@pytest.mark.parametrize(
    "message",
    [
        Message("a", (1.0,)),
        Message("/a", (1e39,)),
        Message("/a", (math.inf,)),
        Message("/a\0b"),
        Message(""),
    ],
)
def test_what_cannot_be_packed_is_a_packet_error(message: Message) -> None:
    with pytest.raises(PacketError):
        encode(message)


@pytest.mark.parametrize("argument", [True, None, b"x", [1.0]])
def test_what_hosts_do_not_take_is_not_sent(argument: object) -> None:
    with pytest.raises(PacketError, match="cannot send"):
        encode(Message("/a", (argument,)))  # type: ignore[arg-type]


def test_a_socket_drops_rubbish_and_hands_out_the_next_message() -> None:
    with OscSocket() as receiver, OscSocket() as sender:
        to = ("127.0.0.1", receiver.port)
        sender._socket.sendto(b"#bundle\0" + bytes(8) + struct.pack(">i", -4), to)
        sender.send(Message("/ok", (1.0,)), to)
        received = receiver.receive(2.0)
        assert received == ([Message("/ok", (1.0,))], ("127.0.0.1", sender.port))
        assert receiver.dropped == 1


def test_receive_gives_up_in_time() -> None:
    with OscSocket() as receiver:
        started = time.monotonic()
        assert receiver.receive(0.05) is None
        assert time.monotonic() - started < 2


def test_a_taken_port_is_named() -> None:
    with OscSocket() as first, pytest.raises(HostError, match=f"port {first.port} .*--port"):
        OscSocket(first.port)


def test_sockets_stay_on_loopback() -> None:
    with OscSocket() as opened:
        assert opened._socket.getsockname()[0] == "127.0.0.1"
