"""Files that are no plain files: links, pipes, devices, long names; texts that never end."""

import os
import resource
from collections.abc import Callable

from bridge.demo.run import INPUT
from tests.faults.acts import apart, inside
from tests.faults.row import TONE, Outcome, Room, Row
from tests.faults.rows_names import match

LONGEST = "x" * 251 + ".wav"
DEEP = "[" * 30_000
MONTH_13 = "name: 2026-13-01"


def to(out: str) -> tuple[object, ...]:
    return match("{input}", f"{{room}}/{out}")


def linked(room: Room) -> None:
    """A link to a file elsewhere, as of a disk that is full, to one that is not there, a circle."""
    (room.path("disk")).mkdir()
    room.path("disk/old.wav").write_bytes(INPUT.read_bytes())
    for name, goal in (("old", "disk/old.wav"), ("new", "disk/new.wav"), ("loop", "loop.wav")):
        room.path(f"{name}.wav").symlink_to(goal)


def six(room: Room) -> None:
    room.wav("six.wav", TONE.repeat(6, axis=0))


def profile(content: str) -> Callable[[Room], object]:
    return lambda room: (room.home / "host.yaml").write_text(content)


def without_room(room: Room) -> Outcome:
    """As on a disk that is full: no file may grow beyond this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        return inside(*to("wet.wav"))(room)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


CLOSED = "/" + "x" * 300
"""What can no more be looked at than a folder that is closed to us; to root none is."""


def asked(path: str = "{home}/host.yaml") -> tuple[object, ...]:
    return ("discover", "--host", f"generic://127.0.0.1:7700/TRACK/PLUGIN?profile={path}")


ROWS = (
    Row(
        "the longest name",
        inside(*to(LONGEST)),
        0,
        f"wrote {{room}}/{LONGEST}",
        makes=(LONGEST,),
    ),
    Row("a longer name", inside(*to(f"x{LONGEST}")), 3, "cannot be written (File name too long)"),
    Row(
        "a link is written through",
        inside(*to("old.wav")),
        0,
        "wrote",
        given=linked,
        makes=("old.wav", "disk/old.wav"),
    ),
    Row(
        "a link to what is not there",
        inside(*to("new.wav")),
        0,
        "wrote",
        given=linked,
        makes=("new.wav", "disk/new.wav"),
    ),
    Row(
        "a link that leads in a circle",
        inside(*to("loop.wav")),
        3,
        "loop.wav: cannot be written (its link leads in a circle)",
        given=linked,
    ),
    Row(
        "a pipe to read from",
        inside(*match("{room}/pipe", "{room}/wet.wav")),
        3,
        "is not a file",
        given=lambda room: os.mkfifo(room.path("pipe")),
    ),
    Row("a device to write to", inside(*match("{input}", "/dev/full")), 3, "is not a file"),
    Row(
        "more channels than the format has",
        inside(*match("{room}/six.wav", "{room}/wet.mp3")),
        3,
        "wet.mp3: cannot be written as MP3 (6 channels at 48000 Hz); name a WAV",
        given=six,
    ),
    Row(
        "a profile without end", inside(*asked("/dev/zero")), 7, "/dev/zero: cannot be read (it is"
    ),
    Row("a deep profile", inside(*asked()), 7, "nested too deeply", given=profile(DEEP)),
    Row("month 13", inside(*asked()), 7, "month must be in 1..12", given=profile(MONTH_13)),
    Row(
        "no room", without_room, 3, "cannot be written (the system refuses, as where a disk is full"
    ),
    Row("doctor, closed data", apart("doctor", XDG_DATA_HOME=CLOSED), 0, "predictors load"),
    Row("plugins, closed data", apart("plugins", XDG_DATA_HOME=CLOSED), 0, "mda-overdrive"),
    Row(
        "live embedded, no home",
        apart(
            *("live", "--plugin", "mda-overdrive", "--input", "{input}", "--no-rendering"),
            *("--reference", "{reference}", "--host", "embedded", "--seconds", 5),
            HOME="{room}/file",
        ),
        0,
        "mda-overdrive/drive",
        given=lambda room: room.path("file").write_text("precious"),
    ),
    Row("an empty --state", inside("engine", "--state", ""), 2, "'--state': it is empty"),
    Row("an empty --settings", inside("gui", "--settings", ""), 2, "'--settings': it is empty"),
    Row(
        "an empty --input",
        inside("host", "--plugin", "mda-overdrive", "--input", ""),
        2,
        "--input: it is empty",
    ),
)
