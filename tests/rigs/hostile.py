"""OSC packets as an enemy or a broken program sends them; the same ones for the same seed."""

import random
import struct
from collections.abc import Callable, Iterator, Sequence

BUNDLE = b"#bundle\0"
_FAR_FUTURE = 2**64 - 1
_WORDS = (-(2**31), -4, -1, 0, 1, 3, 4, 2**31 - 4, 2**31 - 1)
"""Sizes that a bundle's element cannot have, and some that it can."""
_WILDCARDS = "*?[]{},!-"
_NOT_UTF8 = b"\xff\xfe\xc3\x28"
_LONGEST = 65_507
"""Bytes in a datagram."""


def padded(text: bytes) -> bytes:
    """An OSC string: ended by a null and filled up to whole words."""
    return text + b"\0" * (4 - len(text) % 4)


def bundle(*elements: bytes, time_tag: int = 1) -> bytes:
    """A bundle of packets; it may be nested."""
    sized = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return BUNDLE + struct.pack(">Q", time_tag) + sized


def hostile_packets(good: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """`count` packets, each a good one that one to three mutations have been at."""
    draw = random.Random(seed)
    for _ in range(count):
        packet = draw.choice(good)
        for _ in range(draw.randint(1, 3)):
            packet = draw.choice(_MUTATIONS)(draw, packet)
        yield packet[:_LONGEST]


def _mostly_few(draw: random.Random, *numbers: int) -> int:
    """One of the numbers, the small ones more often: big packets take long to make."""
    return min(draw.choice(numbers) for _ in range(4))


def _bytes_changed(draw: random.Random, packet: bytes) -> bytes:
    changed = bytearray(packet or b"\0")
    for _ in range(draw.randint(1, 4)):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _truncated(draw: random.Random, packet: bytes) -> bytes:
    return packet[: draw.randint(0, len(packet))]


def _word_replaced(draw: random.Random, packet: bytes) -> bytes:
    start = 4 * draw.randint(0, len(packet) // 4)
    return packet[:start] + struct.pack(">i", draw.choice(_WORDS)) + packet[start + 4 :]


def _repeated(draw: random.Random, packet: bytes) -> bytes:
    start, end = sorted(draw.randint(0, len(packet)) for _ in range(2))
    return packet[:end] + packet[start:end] * _mostly_few(draw, 1, 2, 100) + packet[end:]


def _nested(draw: random.Random, packet: bytes) -> bytes:
    for _ in range(_mostly_few(draw, 1, 3, 4, 5, 40, 200)):
        packet = bundle(packet)
    return packet


def _flood(draw: random.Random, packet: bytes) -> bytes:
    copies = min(_mostly_few(draw, 2, 30, 1_000), 8_000 // (len(packet) + 4))
    return bundle(*[packet] * copies)


def _in_far_future(draw: random.Random, packet: bytes) -> bytes:
    return bundle(packet, time_tag=draw.choice((_FAR_FUTURE, 2**63, 2, 0)))


def _wildcards(draw: random.Random, packet: bytes) -> bytes:
    signs = "".join(draw.choice(_WILDCARDS) for _ in range(_mostly_few(draw, 1, 10, 60)))
    return padded(f"/{signs}/a".encode()) + packet[packet.find(b",") :]


def _not_text(draw: random.Random, packet: bytes) -> bytes:
    start = draw.randint(0, len(packet))
    return packet[:start] + _NOT_UTF8 + packet[start + 4 :]


def _more_arguments(draw: random.Random, packet: bytes) -> bytes:
    tags = "".join(draw.choice("ifsdhbTFNIt[]m") for _ in range(_mostly_few(draw, 1, 8, 4_000)))
    return packet[: packet.find(b",")] + padded(f",{tags}".encode()) + packet[:64]


def _odd_number(draw: random.Random, packet: bytes) -> bytes:
    """The last word is what a float of the end of the range, of infinity or of no number is."""
    number = draw.choice((float("nan"), float("inf"), float("-inf"), 3e38, -1e-40))
    return packet[:-4] + struct.pack(">f", number)


def _noise(draw: random.Random, packet: bytes) -> bytes:
    return draw.randbytes(draw.choice((0, 1, 4, 16, 200)))


_MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _bytes_changed,
    _truncated,
    _word_replaced,
    _repeated,
    _nested,
    _flood,
    _in_far_future,
    _wildcards,
    _not_text,
    _more_arguments,
    _odd_number,
    _noise,
)
