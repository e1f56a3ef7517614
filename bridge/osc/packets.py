"""OSC 1.0 packets to messages and back.

python-osc packs and unpacks messages, but it trusts what it is given: a bundle element of negative
size makes it loop forever, nested bundles exhaust the stack, a future time tag makes it sleep. So
bundles are taken apart here, with every length checked, and time tags are ignored. Numbers that are
not finite neither come in nor go out: nothing a host shows or takes is one.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import BuildError, OscMessageBuilder

from bridge.errors import PacketError

Argument = int | float | str
MAX_BUNDLE_DEPTH = 4
MAX_SEND_BYTES = 1024
_BUNDLE = b"#bundle\0"
_IMMEDIATELY = struct.pack(">Q", 1)
_TYPES = frozenset("ifsdh")


@dataclass(frozen=True)
class Message:
    """An address and its arguments."""

    address: str
    arguments: tuple[Argument, ...] = ()


def decode(packet: bytes) -> list[Message]:
    """The messages of a packet, in order. Raises PacketError where it is malformed."""
    return list(_decode(packet, depth=0))


def _decode(packet: bytes, depth: int) -> Iterator[Message]:
    if not packet.startswith(_BUNDLE):
        yield _decode_message(packet)
        return
    if depth >= MAX_BUNDLE_DEPTH:
        raise PacketError(f"bundles are nested deeper than {MAX_BUNDLE_DEPTH}")
    position = len(_BUNDLE) + len(_IMMEDIATELY)
    if len(packet) < position:
        raise PacketError("a bundle ends inside its time tag")
    while position < len(packet):
        if len(packet) - position < 4:
            raise PacketError("a bundle ends inside an element's size")
        (size,) = struct.unpack_from(">i", packet, position)
        position += 4
        if size <= 0 or size % 4 or size > len(packet) - position:
            raise PacketError(f"a bundle element claims {size} of {len(packet) - position} bytes")
        yield from _decode(packet[position : position + size], depth + 1)
        position += size


def _decode_message(packet: bytes) -> Message:
    if len(packet) % 4 or not packet.startswith(b"/"):
        raise PacketError("a message must start with '/' and fill whole 4-byte words")
    address, position = _string(packet, 0)
    if any(sign in address for sign in "*?[]{}#, "):
        raise PacketError("an incoming address must be plain, without wildcards")
    types, position = _string(packet, position) if position < len(packet) else (",", position)
    if not types.startswith(","):
        raise PacketError("a message has no type tags")
    if unknown := set(types[1:]) - _TYPES:
        raise PacketError(f"argument type {sorted(unknown)[0]!r} is not taken here")
    for tag in types[1:]:
        if tag == "s":
            end = packet.find(b"\0", position)
            position = len(packet) + 1 if end < 0 else end + 4 - end % 4
        else:
            position += 8 if tag in "dh" else 4
    if position != len(packet):
        raise PacketError(f"the arguments {types} need {position} bytes, not {len(packet)}")
    try:
        arguments = OscMessage(packet).params
    # python-osc lets what its own checks miss escape as these.
    except (ParseError, ValueError, IndexError, struct.error) as error:
        raise PacketError(f"a message cannot be read: {error}") from None
    if any(isinstance(argument, float) and not isfinite(argument) for argument in arguments):
        raise PacketError("a message holds a number that is not finite")
    return Message(address, tuple(arguments))


def _string(packet: bytes, start: int) -> tuple[str, int]:
    """A null-terminated ASCII string padded to words, and the position after it."""
    end = packet.find(b"\0", start)
    if end < 0:
        raise PacketError("a string has no end")
    text = packet[start:end]
    if not text.isascii() or any(byte < 0x20 for byte in text):
        raise PacketError("an address or type tag holds characters that are not printable ASCII")
    return text.decode("ascii"), end + 4 - end % 4


def encode(message: Message) -> bytes:
    """A message's datagram: int as i, float as f, str as s.

    Raises PacketError for an address without '/', an argument of another type, and a float that is
    not finite or too large for 32 bits.
    """
    if not message.address.startswith("/"):
        raise PacketError(f"an OSC address starts with '/', not as {message.address!r}")
    builder = OscMessageBuilder(message.address)
    for argument in message.arguments:
        tag = {int: "i", float: "f", str: "s"}.get(type(argument))
        if tag is None:
            raise PacketError(f"{message.address}: cannot send a {type(argument).__name__}")
        if isinstance(argument, float) and not isfinite(argument):
            raise PacketError(f"{message.address}: cannot send {argument}; give a finite number")
        if isinstance(argument, str):
            # The name of a file need not be UTF-8, which is all that goes out.
            argument = argument.encode(errors="backslashreplace").decode()
        builder.add_arg(argument, tag)
    try:
        return builder.build().dgram
    except (BuildError, ParseError, OverflowError) as error:
        raise PacketError(f"{message.address}: cannot be sent ({error})") from None


def encode_bundles(messages: list[Message]) -> Iterator[bytes]:
    """Bundles to be applied at once, each of at most 1024 bytes unless one message is more."""
    body = b""
    for message in messages:
        element = encode(message)
        element = struct.pack(">i", len(element)) + element
        if body and len(_BUNDLE + _IMMEDIATELY + body + element) > MAX_SEND_BYTES:
            yield _BUNDLE + _IMMEDIATELY + body
            body = b""
        body += element
    if body:
        yield _BUNDLE + _IMMEDIATELY + body
