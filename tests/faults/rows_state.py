"""Folders for settings and logs, and whose they are; the window's display and engine."""

import time
from collections.abc import Callable

from bridge.osc import OscSocket
from gui.supervisor import Supervisor, engine_command
from gui.views.status import engine_message
from tests.faults.acts import PATIENCE_S, Act, apart, inside
from tests.faults.row import Outcome, Room, Row
from tests.integration.commands import next_line, running

FREE = ("--port", 0, "--query-port", 0)
KEPT = ("--state", "{home}/state")
DESKTOP = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
NO_DISPLAY: dict[str, str | None] = dict.fromkeys(DESKTOP)


def occupied(room: Room) -> None:
    """A file where a folder is wanted."""
    room.path("file").write_text("precious")


def second(room: Room) -> Outcome:
    """Another engine on the folder of one that runs."""
    with running("engine", *FREE, "--state", room.home / "state", "--json") as first:
        next_line(first)
        outcome = inside("engine", *FREE, *KEPT)(room)
        assert f"the engine of process {first.pid} keeps" in outcome.err
    return outcome


def after_a_crash(room: Room) -> Outcome:
    """`running` kills the first one."""
    for _ in range(2):
        with running("engine", *FREE, "--state", room.home / "state", "--json") as engine:
            ready = next_line(engine)
    return Outcome(0, str(ready), "")


def window_says(port: Callable[[OscSocket], int], state: str = "{home}/state") -> Act:
    """What the window tells of an engine that does not start."""

    def act(room: Room) -> Outcome:
        with OscSocket() as taken:
            (folder,) = room.words((state,))
            watch = Supervisor(engine_command(port(taken), folder), lambda: None)
            end_s = time.monotonic() + PATIENCE_S
            try:
                while watch.state != "down":
                    assert time.monotonic() < end_s, watch.state
                    watch.look(time.monotonic(), float("-inf"))
                    time.sleep(0.02)
                return Outcome(0, engine_message(watch.state, watch.reason), "")
            finally:
                watch.release(keep=False)

    return act


ROWS = (
    Row("a second engine", second, 1, "give another folder with --state"),
    Row("a second engine after a crash", after_a_crash, 0, "query_port"),
    Row(
        "engine --state is a file",
        inside("engine", *FREE, "--state", "{room}/file"),
        1,
        "{room}/file: settings cannot be kept there (File exists); give another folder",
        given=occupied,
    ),
    Row(
        "engine --state below a file",
        inside("engine", *FREE, "--state", "{room}/file/state"),
        1,
        "(Not a directory); give another folder with --state",
        given=occupied,
    ),
    Row(
        "engine, a folder in the place of its log",
        inside("engine", *FREE, "--state", "{room}"),
        1,
        "engine.log: the log cannot be written (Is a directory)",
        given=lambda room: room.path("engine.log").mkdir(),
        makes=("engine.lock",),
    ),
    Row(
        "engine, no home",
        inside("engine", *FREE, HOME="{room}/file"),
        1,
        "settings cannot be kept there (Not a directory); give another folder with --state",
        given=occupied,
    ),
    Row(
        "gui --settings is a file",
        inside("gui", "--settings", "{room}/file"),
        1,
        "{room}/file: settings cannot be kept there (File exists); give another folder with"
        " --settings",
        given=occupied,
    ),
    Row(
        "gui --state is a file",
        inside("gui", "--state", "{room}/file"),
        1,
        "give another folder with --state",
        given=occupied,
    ),
    Row(
        "gui, no home",
        inside("gui", HOME="{room}/file"),
        1,
        "settings cannot be kept there (Not a directory); give another folder with --settings",
        given=occupied,
    ),
    Row("gui, no display", apart("gui", **NO_DISPLAY), 1, "no window can be opened ("),
    Row(
        "gui, a display that is not there",
        apart("gui", **(NO_DISPLAY | {"DISPLAY": ":7777"})),
        1,
        "could not connect to display :7777); start it on a desktop, or use `dafx-bridge live`",
    ),
    Row(
        "gui, no such platform",
        apart("gui", QT_QPA_PLATFORM="nonsense"),
        1,
        'Could not find the Qt platform plugin "nonsense"',
    ),
    Row(
        "gui, its port is taken",
        window_says(lambda taken: taken.port),
        0,
        "cannot be opened (Address already in use); choose another with --port. Ctrl+Shift+R",
    ),
)
