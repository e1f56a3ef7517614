"""A terminal that is closed, and other ends: as with Ctrl-C, nothing half-done stays."""

import signal
import time

from bridge.demo.run import INPUT, REFERENCE
from tests.faults.acts import Act, hang_up, until
from tests.faults.row import Outcome, Room, Row
from tests.faults.services import answers, free_port, moved, with_a_host

HOST = ("host", "--plugin", "mda-overdrive", "--port", 0, "--input", "{input}", "--repeat")
WRITING = (*HOST, "--out", "{room}/wet.wav")
MATCH = (
    *("match", "{input}", "{reference}", "--plugin", "mda-overdrive"),
    *("--out", "{room}/wet.wav", "--budget-s", 10),
)
FOLLOW = ("--input", str(INPUT), "--reference", str(REFERENCE), "--no-rendering")


def live(url: str) -> Act:
    command = ("live", "--plugin", "mda-overdrive", *FOLLOW, "--host", url)
    return hang_up(command, moved(url))


def writes(room: Room) -> bool:
    return any(path.stat().st_size > 100_000 for path in room.folder.iterdir())


def searches(_room: Room) -> bool:
    """Whether some of its ten seconds are over."""
    time.sleep(3)
    return True


def engine(room: Room) -> Outcome:
    port = free_port()
    command = ("engine", "--port", port, "--query-port", 0, "--state", "{home}/state")
    return hang_up(command, lambda _: answers(port))(room)


def window(room: Room) -> Outcome:
    """Its engine is in no terminal, and must end all the same."""
    port = free_port()
    command = ("gui", "--port", port, "--state", "{home}/state", "--settings", "{home}/window")
    outcome = hang_up(command, lambda _: answers(port), QT_QPA_PLATFORM="offscreen")(room)
    assert not answers(port)
    return outcome


ROWS = (
    Row(
        "host --out, SIGTERM",
        until(signal.SIGTERM, command=WRITING, ready="listens"),
        0,
        "frames processed",
        makes=("wet.wav",),
    ),
    Row(
        "host --out, SIGHUP",
        until(signal.SIGHUP, command=WRITING, ready="listens"),
        0,
        "frames processed",
        makes=("wet.wav",),
    ),
    Row(
        "host --out, nohup",
        until(signal.SIGHUP, signal.SIGTERM, command=WRITING, ready="listens", nohup=True),
        0,
        "frames processed",
        makes=("wet.wav",),
    ),
    Row("host --out, terminal closed", hang_up(WRITING, writes), 0, "", makes=("wet.wav",)),
    Row("live, terminal closed", with_a_host(live), 0, ""),
    Row("engine, terminal closed", engine, 0, ""),
    Row("gui, terminal closed", window, 0, ""),
    Row("match, terminal closed", hang_up(MATCH, searches), 129, ""),
)
