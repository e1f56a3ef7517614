"""Names of files that are not what a terminal or a parser expects."""

import os

from bridge.demo.run import INPUT
from tests.faults.acts import apart, inside
from tests.faults.row import Room, Row

LATIN = os.fsdecode(b"caf\xe9.wav")
"""A name that is not UTF-8, as old disks and archives have them."""
MATCH = ("--plugin", "mda-overdrive", "--budget-s", 0)


def latin(room: Room) -> None:
    room.path(LATIN).write_bytes(INPUT.read_bytes())


def match(source: str, out: str) -> tuple[object, ...]:
    return ("match", source, "{reference}", *MATCH, "--out", out)


ROWS = (
    Row(
        "a name that is not UTF-8 is read and written",
        apart(*match(f"{{room}}/{LATIN}", f"{{room}}/wet-{LATIN}")),
        0,
        "wrote {room}/wet-caf\\udce9.wav",
        given=latin,
        makes=(f"wet-{LATIN}",),
    ),
    Row(
        "a missing name that is not UTF-8",
        apart(*match(f"{{room}}/{LATIN}", "{room}/wet.wav")),
        3,
        "caf\\udce9.wav: no such file",
    ),
    Row(
        "a terminal that is ASCII",
        apart(*match("{input}", "{room}/ö.wav"), PYTHONIOENCODING="ascii", LC_ALL="C"),
        0,
        "wrote {room}/\\xf6.wav",
        makes=("ö.wav",),
    ),
    Row(
        "a system that is ASCII",
        apart(
            *match("{room}/ö.wav", "{room}/ä.wav"),
            LC_ALL="C",
            PYTHONUTF8="0",
            PYTHONCOERCECLOCALE="0",
            PYTHONIOENCODING=None,
        ),
        0,
        "wrote {room}/",
        given=lambda room: room.path("ö.wav").write_bytes(INPUT.read_bytes()),
        makes=("ä.wav",),
    ),
    Row(
        "help on a terminal that is ASCII",
        apart("match", "--help", PYTHONIOENCODING="ascii"),
        0,
        "--plugin",
    ),
    Row(
        "brackets are no markup",
        inside(*match("{input}", "{room}/song [remix] :guitar: [bold].wav")),
        0,
        "wrote {room}/song [remix] :guitar: [bold].wav\n",
        makes=("song * :guitar: *.wav",),
    ),
    Row(
        "a line break in a name is one line",
        inside(*match("{room}/a\nb\x1b[31m.wav", "{room}/wet.wav")),
        3,
        "{room}/a\\nb\\x1b[31m.wav: no such file",
    ),
)
