"""What the control surface answers."""

import time
from threading import Event, Thread

from bridge.control.client import ControlClient
from bridge.control.service import Service
from bridge.control.state_store import Kept
from bridge.demo.run import REFERENCE
from bridge.library import Library
from bridge.osc import Argument, Message
from tests.faults.acts import PATIENCE_S, Act
from tests.faults.row import Outcome, Room, Row
from tests.faults.rows_names import LATIN

_ANSWERS = {"/error", "/engine/fault", "/reference/report"}


def told(*orders: tuple[object, ...], folder: str = "state", chain: str = "") -> Act:
    """Give an engine with that chain these orders, and hear what it says of the last."""

    def act(room: Room) -> Outcome:
        kept = room.home / folder
        stop = Event()
        # Nothing is tried by rendering, which takes a process and seconds.
        settings = {"/rendering": (0,), "/reference": (str(REFERENCE),), "/chain": (chain,)}
        Kept(settings={a: value for a, value in settings.items() if value != ("",)}).write(kept)
        with Service(0, Library(), kept, kept / "engine.log") as service:
            thread = Thread(target=service.run, args=(stop,))
            thread.start()
            try:
                said = _ask(service.surface.port, orders)
            finally:
                stop.set()
                thread.join()
        return Outcome(0, "\n".join(f"{m.address} {m.arguments}" for m in said), "")

    return act


def _ask(port: int, orders: tuple[tuple[object, ...], ...]) -> list[Message]:
    with ControlClient(port) as client:
        client.wait(lambda values: values.get("/engine/busy") == ("",), PATIENCE_S)
        client.wait(lambda values: bool(values.get("/reference/report", ("",))[0]), PATIENCE_S)
        said = [Message(address, value) for address, value in client.values.items()]
        for address, *arguments in orders:
            client.send(str(address), *map(_argument, arguments))
            said = []
            end_s = time.monotonic() + PATIENCE_S
            while not _ANSWERS & {message.address for message in said}:
                assert time.monotonic() < end_s, said
                said += client.poll(0.05)
        return said


def _argument(value: object) -> Argument:
    return value if isinstance(value, int | float | str) else str(value)


REGION = "/reference/region"
ROWS = (
    Row(
        "a region behind the end",
        told((REGION, 100.0, 200.0)),
        0,
        "the region begins at 100 s, but the recording ends at 9.5 s; move it",
    ),
    Row(
        "a region that ends before it begins",
        told((REGION, 5.0, 2.0)),
        0,
        "/error ('/reference/region', 'the region ends at 2 s, which is not after its beginning at"
        " 5 s",
        never=("/reference/region (5.0, 2.0)",),
    ),
    Row(
        "a region that goes beyond the end",
        told((REGION, 3.0, 200.0)),
        0,
        "The region ends at 200 s and the recording at 9.5 s; it counts up to there.",
    ),
    Row(
        "a region that is too short",
        told((REGION, 3.0, 3.5)),
        0,
        "lasts 0.50 s but the model needs 2.73 s",
    ),
    Row(
        "values nested without end",
        told(("/set", "[" * 50_000), chain="mda-overdrive"),
        0,
        "it takes a JSON object of numbers",
    ),
    Row(
        "a value of four hundred digits",
        told(("/set", '{"mda-overdrive/drive": ' + "9" * 400 + "}"), chain="mda-overdrive"),
        0,
        "it takes a JSON object of numbers",
    ),
    Row(
        "snapshots nested without end",
        told(("/snapshots", "[" * 50_000), chain="mda-overdrive"),
        0,
        "it takes a JSON object by A, B, C, D",
    ),
    Row("a state folder that is not UTF-8", told(folder=LATIN), 0, "caf\\\\udce9.wav/engine.log"),
)
