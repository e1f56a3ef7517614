"""The control surface's parts: table, socket, preparing, keeping, undo, the reference's report."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.control import Access, ControlClient, Node, Order, Surface
from bridge.control.document import tables
from bridge.control.history import History
from bridge.control.latest_job import LatestJob
from bridge.control.nodes import NODES, parameter_nodes
from bridge.control.oscquery import OscQuery
from bridge.control.reference import read_reference
from bridge.control.reference_recorder import ReferenceRecorder
from bridge.control.service import Service
from bridge.control.state_store import FILE, Kept, StateStore
from bridge.errors import AudioError, BridgeError, HostError
from bridge.estimate.matcher import Matcher
from bridge.manifest import Manifest, PluginSpec
from bridge.osc import Message, OscSocket
from tests.rigs.children import wait_for

NODE = Node("/amount", "f", "share", Access.BOTH, (0.0, 1.0), default=(0.5,))
TOLD = Node("/level", "f", "level")
SWITCH = Node("/follow", "i", "on", Access.BOTH, (0, 1), default=(0,))
CHOICE = Node("/recall", "s", "name", Access.WRITE, choices=("A", "B"))
MANY = Node("/arm", "s*", "symbols", Access.WRITE)


@pytest.fixture
def surface() -> Iterator[Surface]:
    subscribe = Node("/subscribe", "", "", Access.WRITE)
    unsubscribe = Node("/unsubscribe", "", "", Access.WRITE)
    nodes = (NODE, TOLD, SWITCH, CHOICE, MANY, subscribe, unsubscribe)
    with Surface(0, nodes) as opened:
        yield opened


@pytest.fixture
def client() -> Iterator[OscSocket]:
    with OscSocket() as opened:
        yield opened


def said(surface: Surface, client: OscSocket, *messages: Message) -> list[Order]:
    """The orders that come of messages."""
    for message in messages:
        client.send(message, ("127.0.0.1", surface.port))
    time.sleep(0.01)
    return surface.poll(0.0)


def told(client: OscSocket) -> list[Message]:
    received = client.receive(0.2)
    return received[0] if received else []


def test_orders_are_clamped_and_numbers_take_the_nodes_type(
    surface: Surface, client: OscSocket
) -> None:
    orders = said(
        surface,
        client,
        Message("/amount", (2,)),
        Message("/follow", (1.0,)),
        Message("/recall", ("B",)),
        Message("/arm", ("drive", "muffle")),
        Message("/arm"),
    )
    assert [order.value for order in orders] == [(1.0,), (1,), ("B",), ("drive", "muffle"), ()]
    assert [type(order.value[0]) for order in orders[:2]] == [float, int]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (Message("/nowhere", (1,)), "no such address"),
        (Message("/level", (1.0,)), "only be asked"),
        (Message("/amount", ("loud",)), "takes a number"),
        (Message("/amount", (0.1, 0.2)), "takes 1 arguments"),
        (Message("/recall", ("C",)), "takes A, B"),
        (Message("/recall", (1,)), "takes a string"),
    ],
)
def test_what_cannot_be_obeyed_is_explained_to_who_sent_it(
    surface: Surface, client: OscSocket, message: Message, why: str
) -> None:
    assert said(surface, client, message) == []
    (error,) = told(client)
    assert error.address == "/error"
    assert error.arguments[0] == message.address
    assert why in str(error.arguments[1])


def test_a_question_is_answered_with_the_newest_value(surface: Surface, client: OscSocket) -> None:
    surface.tell("/level", -20.0)
    assert said(surface, client, Message("/amount"), Message("/level")) == []
    assert [told(client), told(client)] == [
        [Message("/amount", (0.5,))],
        [Message("/level", (-20.0,))],
    ]


def test_subscribers_hear_everything_then_changes_until_their_time_is_up(
    surface: Surface, client: OscSocket
) -> None:
    surface.tell("/level", -20.0)
    said(surface, client, Message("/subscribe"))
    surface.publish(0.1)
    assert {m.address for m in told(client)} == {"/amount", "/follow", "/level"}
    surface.tell("/amount", 0.5)
    surface.tell("/level", -10.0)
    surface.publish(0.2)
    assert told(client) == [Message("/level", (-10.0,))]
    surface.tell("/level", -5.0)
    surface.publish(60.0)
    assert told(client) == []


def test_every_node_that_can_be_set_is_obeyed_and_documented(
    tmp_path: Path, manifest: Manifest
) -> None:
    with Service(0, tmp_path, tmp_path / "engine.log", manifest) as service:
        obeyed = service._actions.keys() | {"/subscribe", "/unsubscribe"}
    assert {node.address for node in NODES if node.access is not Access.READ} == obeyed
    documented = Path("docs/control-surface.md").read_text()
    assert tables(manifest.plugins[0]) in documented


def test_oscquery_describes_nodes_and_values(surface: Surface, overdrive: PluginSpec) -> None:
    surface.describe([*surface.nodes.values(), *parameter_nodes(overdrive)])
    with OscQuery(0, surface) as query:

        def get(path: str) -> dict[str, object]:
            with urllib.request.urlopen(f"http://127.0.0.1:{query.port}{path}", timeout=5) as got:
                answer: dict[str, object] = json.load(got)
                return answer

        drive = get("/parameter/drive")
        assert drive["TYPE"] == "f"
        assert drive["RANGE"] == [{"MIN": 0.0, "MAX": 1.0}]
        assert drive["VALUE"] == [0.0]
        assert get("/amount?VALUE") == {"VALUE": [0.5]}
        assert "VALUE" not in get("/recall")
        assert get("/?HOST_INFO")["OSC_PORT"] == surface.port
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get("/nowhere")


def test_a_client_hears_of_an_engine_that_is_not_there(surface: Surface) -> None:
    with ControlClient(surface.port) as client, pytest.raises(HostError, match="see its log"):
        client.wait(lambda values: "/level" in values, 0.2)


def test_the_newest_order_counts_and_older_things_are_let_go_of() -> None:
    taken: list[str] = []
    dropped: list[str] = []
    go_on = threading.Event()

    def slow() -> str:
        go_on.wait()
        return "old"

    with ThreadPoolExecutor(2) as pool:
        preparing = LatestJob(pool, taken.append, dropped.append)
        preparing.order(slow)
        preparing.order(lambda: "new")
        go_on.set()
        wait_for("the new one", lambda: preparing.poll() or taken)
        wait_for("the old one", lambda: dropped)
    assert (taken, dropped) == (["new"], ["old"])


@pytest.mark.parametrize(
    ("error", "told_as"), [(BridgeError("no such thing"), "no such thing"), (KeyError("x"), "log")]
)
def test_a_failure_becomes_one_line(error: Exception, told_as: str) -> None:
    def fail() -> str:
        raise error

    with ThreadPoolExecutor(1) as pool:
        preparing = LatestJob(pool, lambda _: None)
        preparing.order(fail)
        wait_for("the failure", lambda: preparing.poll() or preparing.fault)
        assert told_as in preparing.fault
        preparing.order(lambda: "")
        wait_for("success", lambda: preparing.poll() or not preparing.busy)
    assert preparing.fault == ""


def test_what_is_kept_is_written_soon_and_whole(tmp_path: Path) -> None:
    kept = Kept(
        settings={"/amount": (0.25,), "/source": ("jack",)},
        snapshots={"mda-overdrive": {"A": {"drive": 0.5}}},
        following=True,
    )
    with StateStore(tmp_path, Kept()) as keeper:
        keeper.keep(kept)
        wait_for("the file", lambda: Kept.read(tmp_path) == kept)
        keeper.keep(kept.model_copy(update={"following": False}))
    assert not Kept.read(tmp_path).following
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "content", ["", "{", '{"snapshots": {"p": {"A": {"x": NaN}}}}', '{"settings": 3}']
)
def test_a_broken_file_is_put_aside(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert Kept.read(tmp_path) == Kept()
    assert (tmp_path / "engine.broken.json").read_text() == content


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with StateStore(tmp_path / "file", Kept()) as keeper:
        keeper.keep(Kept(following=True))
        wait_for("the fault", lambda: keeper.fault)
    assert "cannot be kept" in keeper.fault


def test_undo_goes_back_over_whole_drags() -> None:
    history = History()
    history.changing({"a": 0.0}, ["a"], 0.0)
    history.changing({"a": 0.1}, ["a"], 0.5)
    history.changing({"a": 0.5}, ["a"], 5.0)
    assert history.counts == (2, 0)
    assert history.undo({"a": 0.9}) == {"a": 0.5}
    assert history.undo({"a": 0.5}) == {"a": 0.0}
    assert history.undo({"a": 0.0}) is None
    assert history.redo({"a": 0.0}) == {"a": 0.5}
    history.changing({"a": 0.5}, ["b"], 9.0)
    assert history.counts == (2, 0)


def test_learning_keeps_exactly_what_was_asked_for(
    tmp_path: Path, guitar: tuple[Audio, int]
) -> None:
    audio, rate = guitar
    learning = ReferenceRecorder(1.0, rate)
    for block in np.split(audio[:, : 2 * rate], 40, axis=1):
        if learning.progress < 1:
            learning.hear(block)
    written, written_rate = read_audio(learning.write(tmp_path / "learned.wav"))
    assert written_rate == rate
    assert np.array_equal(written, audio[:, :rate])


def test_what_is_learned_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    learning = ReferenceRecorder(1.0, 48_000)
    learning.hear(np.zeros((1, 48_000), np.float32))
    with pytest.raises(AudioError, match="file: cannot be made"):
        learning.write(tmp_path / "file" / "learned.wav")


def test_a_reference_is_told_what_could_be_better(
    overdrive: PluginSpec, write_wav: Callable[..., Path], guitar: tuple[Audio, int]
) -> None:
    matcher = Matcher(overdrive)
    audio, rate = guitar
    good = read_reference(write_wav("good.wav", audio[:, : 10 * rate], rate), (0, 0), matcher)
    assert good.report.advice == []
    assert len(good.spectrum_db) == matcher.features.mel_bands
    times = np.arange(4 * rate) / rate
    tone = np.sign(np.sin(2 * np.pi * 220 * times)).astype(np.float32)[None]
    bad = read_reference(write_wav("bad.wav", tone, rate), (0.5, 3.5), matcher).report
    assert bad.seconds == pytest.approx(3.0, abs=0.01)
    assert bad.clipped_share == 1.0
    assert [sentence.split()[1] for sentence in bad.advice] == ["is", "is", "hardly"]
