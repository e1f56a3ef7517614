"""The control surface: table, socket, jobs, store, parameters, undo, service, references."""

import json
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.control import Access, ControlClient, Node, Order, Surface
from bridge.control.document import tables
from bridge.control.history import History, Standing
from bridge.control.kept_values import Preset
from bridge.control.latest_job import LatestJob
from bridge.control.nodes import NODES, Leaf, chain_nodes, node_address
from bridge.control.oscquery import OscQuery, tree
from bridge.control.parameters import Parameters, told_values
from bridge.control.reference import Region, read_reference
from bridge.control.reference_recorder import ReferenceRecorder
from bridge.control.service import Service
from bridge.control.state_store import FILE, Kept, StateStore
from bridge.control.tuning import live_settings
from bridge.drive.parameter_control import ParameterControl
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Glide
from bridge.engine.live import LiveEngine
from bridge.errors import AudioError, BridgeError, HostError, ManifestError, ModelError
from bridge.estimate.answer import Answer
from bridge.estimate.closeness import Closeness, Verdict
from bridge.estimate.estimator import Estimator
from bridge.library import Layer, Library
from bridge.manifest import Manifest, PluginSpec
from bridge.osc import Message, OscSocket
from tests.doubles import BlockSource, MemoryHost
from tests.rigs.children import wait_for
from tests.user_table import USER_TABLE

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
    with Service(0, Library(), tmp_path, tmp_path / "engine.log") as service:
        obeyed = service._actions.keys() | {"/subscribe", "/unsubscribe"}
    assert {node.address for node in NODES if node.access is not Access.READ} == obeyed
    documented = Path("docs/control-surface.md").read_text()
    assert tables(Chain.of_plugin(manifest.plugins[0])) in documented


def test_oscquery_describes_nodes_and_values(surface: Surface, overdrive: PluginSpec) -> None:
    surface.describe([*surface.nodes.values(), *chain_nodes(Chain.of_plugin(overdrive))])
    with OscQuery(0, surface) as query:

        def get(path: str) -> dict[str, object]:
            with urllib.request.urlopen(f"http://127.0.0.1:{query.port}{path}", timeout=5) as got:
                answer: dict[str, object] = json.load(got)
                return answer

        drive = get("/parameter/mda-overdrive/drive")
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
        job = LatestJob(pool, taken.append, dropped.append)
        job.order(slow)
        job.order(lambda: "new")
        go_on.set()
        wait_for("the new one", lambda: job.poll() or taken)
        wait_for("the old one", lambda: dropped)
    assert (taken, dropped) == (["new"], ["old"])


@pytest.mark.parametrize(
    ("error", "told_as"), [(BridgeError("no such thing"), "no such thing"), (KeyError("x"), "log")]
)
def test_a_failure_becomes_one_line(error: Exception, told_as: str) -> None:
    def fail() -> str:
        raise error

    with ThreadPoolExecutor(1) as pool:
        job = LatestJob(pool, lambda _: None)
        job.order(fail)
        wait_for("the failure", lambda: job.poll() or job.fault)
        assert told_as in job.fault
        job.order(lambda: "")
        wait_for("success", lambda: job.poll() or not job.busy)
    assert job.fault == ""


def test_what_is_kept_is_written_soon_and_whole(tmp_path: Path) -> None:
    kept = Kept(
        settings={"/amount": (0.25,), "/source": ("jack",)},
        chains={"mda-overdrive": {"/parameter/mda-overdrive/drive/lock": (1,)}},
        snapshots={"mda-overdrive": {"A": {"mda-overdrive/drive": 0.5}}},
        following=True,
    )
    with StateStore(tmp_path, Kept()) as store:
        store.keep(kept)
        wait_for("the file", lambda: Kept.read(tmp_path) == kept)
        store.keep(kept.model_copy(update={"following": False}))
    assert not Kept.read(tmp_path).following
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


RELEASED: dict[str, Any] = {
    "settings": {
        "/source": ["jack"],
        "/source/channels": ["1,2"],
        "/reference": ["/home/me/reference.wav"],
        "/reference/region": [0.0, 0.0],
        "/plugin": ["mda-delay"],
        "/host": ["embedded"],
        "/amount": [0.5],
        "/memory": [2.0],
        "/smoothing": [0.25],
        "/attack": [0.25],
        "/slew": [0.0],
        "/rendering": [1],
    },
    "parameters": {
        "mda-overdrive": {"/parameter/drive/lock": [1], "/parameter/drive/slew": [-1.0]},
        "mda-delay": {"/parameter/feedback/smoothing": [3.0]},
    },
    "snapshots": {"mda-overdrive": {"A": {"drive": 0.25, "output": 0.5}}},
    "following": True,
}
"""What version 0.1 has written."""


def test_a_file_from_before_chains_is_understood(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps(RELEASED))
    kept = Kept.read(tmp_path)
    assert kept.settings["/chain"] == ("mda-delay",)
    assert kept.settings["/averaging"] == (2.0,)
    assert not {"/plugin", "/memory"} & kept.settings.keys()
    assert kept.settings["/source"] == ("jack",)
    assert kept.chains == {
        "mda-overdrive": {
            "/parameter/mda-overdrive/drive/lock": (1,),
            "/parameter/mda-overdrive/drive/slew": (-1.0,),
        },
        "mda-delay": {"/parameter/mda-delay/feedback/smoothing": (3.0,)},
    }
    assert kept.snapshots == {
        "mda-overdrive": {"A": {"mda-overdrive/drive": 0.25, "mda-overdrive/output": 0.5}}
    }
    assert kept.following
    kept.write(tmp_path)
    assert Kept.read(tmp_path) == kept


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        '{"snapshots": {"p": {"A": {"x": NaN}}}}',
        '{"settings": 3}',
        '{"parameters": {"p": 3}}',
    ],
)
def test_a_broken_file_is_put_aside(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert Kept.read(tmp_path) == Kept()
    assert (tmp_path / "engine.broken.json").read_text() == content


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with StateStore(tmp_path / "file", Kept()) as store:
        store.keep(Kept(following=True))
        wait_for("the fault", lambda: store.fault)
    assert "cannot be kept" in store.fault


def test_undo_goes_back_over_whole_drags() -> None:
    history = History()

    def at(**values: float) -> Standing:
        return Standing(values)

    history.changing(at(a=0.0), ["a"], 0.0)
    history.changing(at(a=0.1), ["a"], 0.5)
    history.changing(at(a=0.5), ["a"], 5.0)
    assert history.counts == (2, 0)
    # What has moved elsewhere meanwhile is not touched.
    assert history.undo(at(a=0.9, b=0.3)) == at(a=0.5)
    assert history.undo(at(a=0.5)) == at(a=0.0)
    assert history.undo(at(a=0.0)) is None
    assert history.redo(at(a=0.0)) == at(a=0.5)
    history.changing(at(a=0.5), ["b"], 9.0)
    assert history.counts == (2, 0)


def test_learning_keeps_exactly_what_was_asked_for(
    tmp_path: Path, guitar: tuple[Audio, int]
) -> None:
    audio, rate = guitar
    recorder = ReferenceRecorder(1.0, rate)
    for block in np.split(audio[:, : 2 * rate], 40, axis=1):
        if recorder.progress < 1:
            recorder.hear(block)
    written, written_rate = read_audio(recorder.write(tmp_path / "learned.wav"))
    assert written_rate == rate
    assert np.array_equal(written, audio[:, :rate])


def test_what_is_learned_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    recorder = ReferenceRecorder(1.0, 48_000)
    recorder.hear(np.zeros((1, 48_000), np.float32))
    with pytest.raises(AudioError, match="file: cannot be made"):
        recorder.write(tmp_path / "file" / "learned.wav")


def test_a_reference_is_told_what_could_be_better(
    overdrive: PluginSpec, write_wav: Callable[..., Path], guitar: tuple[Audio, int]
) -> None:
    listener = Estimator(Chain.of_plugin(overdrive), Library()).listener
    audio, rate = guitar
    whole = write_wav("good.wav", audio[:, : 10 * rate], rate)
    good = read_reference(whole, Region(), listener)
    assert good.report.advice == []
    assert len(good.spectrum_db) == listener.features.mel_bands
    times = np.arange(4 * rate) / rate
    tone = np.sign(np.sin(2 * np.pi * 220 * times)).astype(np.float32)[None]
    bad = read_reference(write_wav("bad.wav", tone, rate), Region(0.5, 3.5), listener).report
    assert bad.seconds == pytest.approx(3.0, abs=0.01)
    assert bad.clipped_share == 1.0
    assert [sentence.split()[1] for sentence in bad.advice] == ["is", "is", "hardly"]


@pytest.mark.parametrize(
    ("begin_s", "end_s", "says"),
    [
        (5.0, 2.0, r"ends at 2 s, which is not after its beginning at 5 s"),
        (5.0, 5.0, r"ends at 5 s, which is not after its beginning at 5 s"),
        (5.0, 0.0, r"ends at 0 s, which is not after its beginning at 5 s"),
        (100.0, 200.0, r"begins at 100 s, but the recording ends at 9\.5 s"),
    ],
)
def test_a_region_that_is_none_is_refused(
    begin_s: float,
    end_s: float,
    says: str,
    overdrive: PluginSpec,
    write_wav: Callable[..., Path],
    guitar: tuple[Audio, int],
) -> None:
    audio, rate = guitar
    path = write_wav("reference.wav", audio[:, : round(9.5 * rate)], rate)
    listener = Estimator(Chain.of_plugin(overdrive), Library()).listener
    with pytest.raises(AudioError, match=says):
        read_reference(path, Region(begin_s, end_s), listener)


def test_values_stay_where_a_slot_does(surface: Surface, manifest: Manifest) -> None:
    before = chain_of("mda-overdrive,mda-delay", manifest)
    after = chain_of("mda-ambience,mda-overdrive", manifest)
    lock = node_address("mda-overdrive/drive", Leaf.LOCK)
    surface.describe(chain_nodes(before))
    surface.tell(lock, 1)
    surface.tell(node_address("mda-delay/feedback", Leaf.LOCK), 1)
    new = surface.describe(chain_nodes(after))
    assert surface.values[lock] == (1,)
    assert not any("mda-delay" in address for address in surface.values)
    assert {node.of.partition("/")[0] for node in chain_nodes(after) if node.address in new} == {
        "mda-ambience"
    }


def test_a_slot_of_another_plugin_is_another(surface: Surface, manifest: Manifest) -> None:
    """The `drive` of the two rigs are different plugins, and so are their values."""
    of_mda = list(chain_nodes(chain_of("mda-amp", manifest)))
    of_pedalboard = list(chain_nodes(chain_of("guitar-amp", manifest)))
    surface.describe(of_mda)
    shared = {n.address for n in of_mda} & {n.address for n in of_pedalboard}
    values = [n for n in of_pedalboard if n.address in shared and n.limits != (0, 1)]
    surface.describe(of_pedalboard)
    assert values
    assert all(surface.values[n.address] == n.default for n in values if n.default)


def test_every_parameter_slot_and_bypass_has_its_nodes(manifest: Manifest) -> None:
    chain = chain_of("guitar-amp", manifest)
    nodes = {node.address: node for node in chain_nodes(chain)}
    assert len(nodes) == len(list(chain_nodes(chain)))
    for parameter in chain.parameters:
        node = nodes[node_address(parameter.address)]
        start = parameter.slot.start.values[parameter.spec.symbol]
        assert (node.of, node.leaf, node.default) == (parameter.address, Leaf.VALUE, (start,))
        assert (node.limits, node.unit) == (
            (parameter.spec.min, parameter.spec.max),
            parameter.spec.unit,
        )
        assert node_address(parameter.address, Leaf.LOCK) in nodes
    for slot, switch in zip(chain.slots, chain.switches, strict=True):
        told = {leaf for leaf in Leaf if node_address(switch, leaf) in nodes}
        assert told == {Leaf.VALUE, Leaf.BY, Leaf.YOURS, Leaf.LOCK, Leaf.PREDICTED}
        assert nodes[f"/slot/{slot.id}/confidence"].types == "f"


def test_settings_come_from_the_nodes(manifest: Manifest) -> None:
    chain = chain_of("mda-overdrive,mda-delay", manifest)
    values = {node.address: node.default for node in (*NODES, *chain_nodes(chain))}
    assert live_settings(values, chain) == LiveSettings(
        glides={parameter.address: Glide() for parameter in chain.predicted}
    )
    values["/smoothing"] = (2.0,)
    values[node_address("mda-delay/feedback", Leaf.SMOOTHING)] = (0.5,)
    values[node_address("mda-delay/bypass", Leaf.LOCK)] = (1,)
    settings = live_settings(values, chain)
    assert settings.glide == Glide(release_s=2.0)
    assert settings.glide_of("mda-delay/feedback") == Glide(release_s=0.5)
    assert settings.glide_of("mda-overdrive/drive") == Glide(release_s=2.0)
    assert settings.locked == {"mda-delay/bypass"}


@pytest.fixture
def amplifier(manifest: Manifest) -> Chain:
    return chain_of("mda-overdrive,mda-delay", manifest)


@pytest.fixture
def engine(amplifier: Chain) -> Iterator[LiveEngine]:
    """One that drives a host in memory."""
    host = MemoryHost(ChainSetting.start(amplifier).all_values)
    with LiveEngine() as opened:
        opened.drive(ParameterControl(host, amplifier))
        yield opened


@pytest.fixture
def parameters(surface: Surface, engine: LiveEngine, amplifier: Chain) -> Parameters:
    surface.describe([*NODES, *chain_nodes(amplifier)])
    chosen = Parameters(surface, engine, {}, {})
    chosen.choose(amplifier)
    return chosen


def own(engine: LiveEngine) -> dict[str, float]:
    assert engine.control
    return engine.control.driver.own.all_values


def yielded(engine: LiveEngine) -> set[str]:
    assert engine.control
    return set(engine.control.driver.yielded)


def test_what_is_set_is_yours_slot_by_slot(
    surface: Surface, engine: LiveEngine, parameters: Parameters
) -> None:
    parameters.set({"mda-delay/feedback": 0.125})
    parameters.set({"mda-overdrive/bypass": 1.0})
    parameters.tell()
    values = surface.values
    assert values[node_address("mda-delay/feedback")] == (0.125,)
    assert values[node_address("mda-overdrive/bypass")] == (1,)
    for address in ("mda-delay/feedback", "mda-overdrive/bypass"):
        assert values[node_address(address, Leaf.YOURS)] == (1,)
        assert values[node_address(address, Leaf.BY)] == ("you",)
    assert values[node_address("mda-delay/bypass", Leaf.YOURS)] == (0,)
    parameters.arm(["mda-delay"])
    assert yielded(engine) == {"mda-overdrive/bypass"}
    parameters.set({"mda-delay/feedback": 0.5})
    parameters.arm(["feedback", "mda-overdrive/bypass"])
    assert yielded(engine) == set()
    with pytest.raises(ManifestError, match="no parameter 'nonsense'"):
        parameters.arm(["nonsense"])
    with pytest.raises(ManifestError, match="mda-overdrive/output, mda-delay/output"):
        parameters.arm(["output"])


def test_undo_takes_back_what_was_changed_and_nothing_else(
    engine: LiveEngine, parameters: Parameters
) -> None:
    before = own(engine)
    parameters.set({"mda-delay/feedback": 0.125})
    parameters.set({"mda-overdrive/bypass": 1.0})
    parameters.undo()
    assert own(engine) == before | {"mda-delay/feedback": 0.125}
    # Whose they were is taken back too.
    assert yielded(engine) == {"mda-delay/feedback"}
    parameters.undo()
    assert yielded(engine) == set()
    parameters.redo()
    assert own(engine) == before | {"mda-delay/feedback": 0.125}
    assert yielded(engine) == {"mda-delay/feedback"}


def test_what_the_model_turned_is_one_step_back_and_nobodys(
    surface: Surface, engine: LiveEngine, parameters: Parameters, amplifier: Chain
) -> None:
    before = own(engine)
    parameters.set({"mda-delay/feedback": 0.125})
    engine.follow = True
    parameters.turn()
    parameters.tell()
    # It has moved nothing yet.
    assert surface.values["/history"] == (1, 0)
    control = engine.control
    assert control
    answer = ChainSetting.start(amplifier).with_values({"mda-overdrive/drive": 0.75})
    for hop in range(100):
        control.listen(hop * 0.1, True)
        control.towards(answer, engine.settings, 0.1)
        control.send(hop * 0.1)
        parameters.tell()
    drive = node_address("mda-overdrive/drive")
    assert surface.values[drive][0] == pytest.approx(0.75, abs=0.01)
    assert surface.values[f"{drive}/by"] == ("model",)
    assert surface.values["/history"] == (2, 0)
    turned = own(engine)
    parameters.undo()
    parameters.tell()
    assert not engine.turning
    assert own(engine) == before | {"mda-delay/feedback": 0.125}
    assert yielded(engine) == {"mda-delay/feedback"}
    assert surface.values[f"{drive}/by"] == ("you",)
    assert surface.values["/history"] == (1, 1)
    parameters.redo()
    assert own(engine) == pytest.approx(turned)
    assert yielded(engine) == {"mda-delay/feedback"}
    # Let go, it glides on from where the knobs are.
    parameters.undo()
    control.towards(answer, engine.settings, 0.01)
    assert control.setting.all_values["mda-overdrive/drive"] < 0.3


def test_oscquery_outlives_odd_requests(
    surface: Surface, capfd: pytest.CaptureFixture[str]
) -> None:
    with OscQuery(0, surface) as query:

        def ask(request: bytes) -> bytes:
            with socket.create_connection(("127.0.0.1", query.port), timeout=10) as client:
                client.sendall(request)
                return client.makefile("rb").readline()

        assert b" 400 " in ask(b"GET http://[::1 HTTP/1.1\r\n\r\n")
        assert b" 404 " in ask(b"GET /../%00%ff HTTP/1.1\r\n\r\n")
        assert b" 414 " in ask(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n")
        with socket.create_connection(("127.0.0.1", query.port)) as client:
            # Hangs up hard, before it is answered.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b" 200 " in ask(b"GET / HTTP/1.1\r\n\r\n")
    assert capfd.readouterr().err == ""


def test_a_host_may_go_while_the_model_turns(
    surface: Surface, engine: LiveEngine, parameters: Parameters
) -> None:
    engine.follow = True
    parameters.turn()
    control, engine.control = engine.control, None
    parameters.tell()
    engine.control = control
    # What another host holds is no turn.
    parameters.tell()
    assert surface.values["/history"] == (0, 0)
    assert own(engine)


def test_several_values_are_set_as_one_change(
    engine: LiveEngine, parameters: Parameters, amplifier: Chain
) -> None:
    before = own(engine)
    text = '{"mda-delay/feedback": 0.25, "mda-overdrive/drive": 7, "mda-delay/bypass": 1}'
    parameters.set(told_values(text, amplifier))
    wanted = {"mda-delay/feedback": 0.25, "mda-overdrive/drive": 1.0, "mda-delay/bypass": 1.0}
    assert own(engine) == before | wanted
    parameters.undo()
    assert own(engine) == before
    endless = ("[" * 60_000, '{"mda-delay/feedback": ' + "9" * 400 + "}")
    for wrong in (
        "",
        "[1]",
        '{"mda-delay/feedback": "loud"}',
        '{"a/b": 1}',
        '{"a/b": NaN}',
        *endless,
    ):
        with pytest.raises(BridgeError):
            told_values(wrong, amplifier)


def test_snapshots_hold_every_slot_with_its_bypass(
    surface: Surface, engine: LiveEngine, parameters: Parameters, amplifier: Chain
) -> None:
    before = own(engine)
    parameters.store("A")
    parameters.set({"mda-delay/feedback": 0.125, "mda-overdrive/bypass": 1.0})
    parameters.recall("A")
    assert own(engine) == before
    assert json.loads(str(surface.values["/snapshots"][0])) == {"A": before}
    # The chain has lost a parameter since.
    parameters.snapshots[amplifier.id]["B"] = {"mda-delay/gone": 1.0, "mda-delay/feedback": 0.25}
    parameters.recall("B")
    assert own(engine) == before | {"mda-delay/feedback": 0.25}


def test_snapshots_have_names_and_come_from_elsewhere(
    surface: Surface, engine: LiveEngine, parameters: Parameters, amplifier: Chain
) -> None:
    parameters.store("A")
    parameters.replace_snapshots('{"B": {"mda-delay/feedback": 0.25, "mda-overdrive/drive": 7}}')
    parameters.name_snapshots('{"B": "wide é", "C": ""}')
    told = [json.loads(str(surface.values[a][0])) for a in ("/snapshots", "/snapshots/named")]
    assert told == [
        {"B": {"mda-delay/feedback": 0.25, "mda-overdrive/drive": 1.0}},
        {"B": "wide é"},
    ]
    parameters.recall("B")
    assert own(engine)["mda-delay/feedback"] == 0.25
    for wrong in ("", "[1]", '{"E": {}}', '{"A": 1}', '{"A": {"mda-delay/none": 1}}'):
        with pytest.raises(BridgeError):
            parameters.replace_snapshots(wrong)
    assert list(parameters.snapshots[amplifier.id]) == ["B"]


def test_bypass_of_all_is_yours_until_it_is_taken_back(
    engine: LiveEngine, parameters: Parameters, amplifier: Chain
) -> None:
    parameters.bypass(True)
    assert {own(engine)[switch] for switch in amplifier.switches} == {1.0}
    assert yielded(engine) == set(amplifier.switches)
    parameters.bypass(False)
    assert {own(engine)[switch] for switch in amplifier.switches} == {0.0}
    assert yielded(engine) == set()


PATIENCE_S = 90.0
"""On a busy computer; what comes is not waited for."""


class Engine:
    """A service on a thread of its own, and a client of its."""

    def __init__(self, folder: Path, library: Library | None = None, preset: Preset | None = None):
        self.stop = threading.Event()
        self.service = Service(0, library or Library(), folder, folder / "engine.log", preset)
        self.client = ControlClient(self.service.surface.port)
        self.thread = threading.Thread(target=self.service.run, args=(self.stop,))

    def __enter__(self) -> "Engine":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()
        self.client.close()
        self.service.close()

    def until(self, **wanted: object) -> None:
        """Wait for values; `__` stands for `/` in an address."""
        values = {f"/{name.replace('__', '/')}": (value,) for name, value in wanted.items()}
        self.client.wait(lambda told: told.items() >= values.items(), PATIENCE_S)

    def told(self, address: str) -> Any:
        """A value that is JSON."""
        return json.loads(str(self.client.values[address][0]))


def test_a_region_is_refused_before_anybody_sees_it(tmp_path: Path, reference_path: Path) -> None:
    with Engine(tmp_path) as engine:
        engine.client.send("/reference", str(reference_path))
        engine.client.send("/reference/region", 1.0, 4.0)
        engine.client.wait(lambda told: told.get("/reference/region") == (1.0, 4.0), 30)
        engine.client.send("/reference/region", 5.0, 2.0)
        engine.client.wait(lambda told: told.get("/error", ("",))[0] == "/reference/region", 30)
        assert "ends at 2 s" in str(engine.client.values["/error"][1])
        assert engine.client.values["/reference/region"] == (1.0, 4.0)


def test_another_source_ends_learning(
    tmp_path: Path, write_wav: Callable[..., Path], guitar: tuple[Audio, int]
) -> None:
    first, second = (write_wav(name, *guitar) for name in ("first.wav", "second.wav"))
    with Engine(tmp_path) as engine:
        engine.client.send("/source", str(first))
        engine.until(input__connected=1)
        engine.client.send("/learn", 2.0)
        engine.client.wait(lambda told: float(told.get("/learn/progress", (0,))[0]) > 0.1, 30)
        engine.client.send("/source", str(second))
        engine.until(learn__running=0)
        assert "learning it was stopped" in str(engine.client.values["/engine/fault"][0])
        engine.until(input__device="second.wav")
        time.sleep(2.5)
        engine.client.poll(0.1)
        assert engine.client.values["/reference"] == ("",)
    assert not (tmp_path / "learned.wav").exists()


def test_a_choice_that_fails_leaves_what_is_used_and_can_be_taken_back(
    tmp_path: Path, reference_path: Path, write_wav: Callable[..., Path], guitar: tuple[Audio, int]
) -> None:
    first, broken = write_wav("first.wav", *guitar), tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    with Engine(tmp_path) as engine:
        engine.client.send("/source", str(first))
        engine.client.send("/reference", str(reference_path))
        engine.until(input__connected=1, reference__used=str(reference_path), engine__busy="")
        for name, used in (
            ("source", str(first)),
            ("reference", str(reference_path)),
            ("chain", engine.client.values["/chain"][0]),
        ):
            engine.client.send(f"/{name}", "mda-leslie" if name == "chain" else str(broken))
            if name == "chain":
                engine.until(chain__used="mda-leslie", engine__busy="")
                continue
            engine.client.wait(lambda told, n=name: told[f"/{n}/fault"] != ("",), 30)
            assert "broken.wav" in str(engine.client.values[f"/{name}/fault"][0])
            assert engine.client.values[f"/{name}/used"] == (used,)
            assert engine.client.values[f"/{name}"] == (str(broken),)
            engine.client.send("/back", name)
            engine.until(**{f"{name}__fault": "", name: used})
        assert engine.service._engine.hearing


def test_a_match_waits_for_what_is_being_prepared(
    tmp_path: Path, reference_path: Path, write_wav: Callable[..., Path], guitar: tuple[Audio, int]
) -> None:
    source = write_wav("first.wav", *guitar)
    with Engine(tmp_path) as engine:
        engine.until(engine__busy="")
        client = engine.client
        client.send("/match")
        client.wait(lambda told: told.get("/error", ("",))[0] == "/match", 30)
        client.send("/source", str(source))
        client.send("/reference", str(reference_path))
        client.send("/host", "embedded")
        client.send("/match")
        engine.until(match__running=1, follow=0)
        engine.until(host__state="connected", host__used="embedded")
        # It goes on until it has come to an answer.
        drive_by = "/parameter/mda-overdrive/drive/by"
        client.wait(lambda told: told.get(drive_by) == ("model",), PATIENCE_S)
        engine.until(match__running=0)
        assert client.values["/history"] == (1, 0)
        # Another input: what is set stays so.
        drive = client.values["/parameter/mda-overdrive/drive"]
        client.send("/parameter/mda-overdrive/muffle", 0.875)
        client.wait(lambda told: told["/parameter/mda-overdrive/muffle/yours"] == (1,), 30)
        other = write_wav("second.wav", *guitar)
        client.send("/source", str(other))
        client.wait(lambda told: told["/host/state"] != ("connected",), 30)
        engine.until(host__state="connected", source__used=str(other))
        time.sleep(0.5)
        client.poll(0.1)
        assert client.values["/parameter/mda-overdrive/drive"] == pytest.approx(drive, abs=0.01)
        assert client.values["/parameter/mda-overdrive/muffle"] == (0.875,)
        assert client.values["/parameter/mda-overdrive/muffle/yours"] == (1,)


def test_overflows_are_those_of_the_source_that_is_heard(
    tmp_path: Path, write_wav: Callable[..., Path], guitar: tuple[Audio, int]
) -> None:
    class Overflowing(BlockSource):
        lost = 7

    second = write_wav("second.wav", *guitar)
    with Engine(tmp_path) as engine:
        engine.until(engine__busy="")
        engine.service._resources._take_source(Overflowing([guitar[0][:, :2048]] * 9999, guitar[1]))
        engine.until(input__overflows=7)
        engine.client.send("/clear")
        engine.until(input__overflows=0)
        engine.client.send("/source", str(second))
        engine.until(input__device="second.wav")
        engine.client.poll(0.2)
        assert engine.client.values["/input/overflows"] == (0,)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """What is shipped, and a user's layer that is empty yet."""
    return Library((*Library().layers, Layer(tmp_path / "plugins.yaml", tmp_path / "models")))


def test_a_plugin_without_a_predictor_is_a_normal_plugin(tmp_path: Path, library: Library) -> None:
    library.layers[1].manifest.write_text(USER_TABLE)
    with Engine(tmp_path, library) as engine:
        engine.client.send("/rendering", 0)
        engine.client.send("/chain", "my-gain")
        engine.client.wait(lambda told: "/parameter/my-gain/gain_db" in told, 30)
        (slot,) = engine.told("/slots")
        assert slot == {
            "id": "my-gain",
            "plugin": "my-gain",
            "name": "My Gain",
            "kind": "gain",
            "optional": False,
            "model": False,
            "place": "",
        }
        engine.client.wait(
            lambda told: "My Gain can only be matched by rendering" in str(told["/engine/fault"]),
            30,
        )
        engine.client.send("/rendering", 1)
        engine.until(engine__fault="", engine__busy="")


def test_where_no_plugin_has_a_model_there_is_a_chain_all_the_same(tmp_path: Path) -> None:
    table = tmp_path / "shipped.yaml"
    table.write_text(USER_TABLE)
    library = Library((Layer(table, Library().layers[0].models),))
    with Engine(tmp_path, library) as engine:
        engine.until(chain="my-gain", engine__busy="")
        assert engine.client.values["/engine/fault"] == ("",)


def test_a_library_that_changes_is_noticed(tmp_path: Path, library: Library) -> None:
    table = library.layers[1].manifest
    with Engine(tmp_path, library) as engine:
        engine.client.send("/chain", "my-gain")
        engine.client.wait(lambda told: told.get("/error", ("",))[0] == "/chain", 30)
        table.write_text(USER_TABLE)
        engine.client.send("/chain", " my-rig ")
        engine.client.wait(lambda told: "/parameter/first/gain_db" in told, 30)
        assert engine.client.values["/chain"] == ("my-rig",)
        time.sleep(1.5)
        table.write_text(USER_TABLE.replace("slot: first", "slot: other"))
        engine.client.wait(lambda told: "/parameter/other/gain_db" in told, 30)
        # A rig that is gone leaves what is driven as it is.
        table.write_text(USER_TABLE.replace("id: my-rig", "id: renamed"))
        engine.client.wait(lambda told: "my-rig" in str(told["/engine/fault"]), 30)
        assert [slot["id"] for slot in engine.told("/slots")] == ["other"]


def test_how_near_it_is_is_never_told_of_something_else(
    tmp_path: Path,
    reference_path: Path,
    write_wav: Callable[..., Path],
    guitar: tuple[Audio, int],
    overdrive: PluginSpec,
) -> None:
    chain = Chain.of_plugin(overdrive)
    dry = ChainSetting.start(chain).without([overdrive.id])
    near = Closeness(1.25, 1.25, 0.5, 2.0, 0.125)
    decision = Answer(dry, (0.5,) * 3, (0.5,), closeness=near)
    unknown, first, second = (-1.0,) * 5, *(write_wav(f"{n}.wav", *guitar) for n in range(2))
    with Engine(tmp_path) as engine:
        client = engine.client
        client.send("/rendering", 0)
        client.send("/source", str(first))
        engine.until(input__connected=1, engine__busy="", verdict="")
        live, resources = engine.service._engine, engine.service._resources
        assert client.values["/closeness"] == unknown

        for address, another in (
            ("/reference", first),
            ("/reference/region", (1.0, 4.0)),
            ("/reference", tmp_path / "none.wav"),
            ("/source", second),
            ("/chain", "mda-delay"),
        ):
            wait_for("what was ordered last", lambda: not resources.busy)
            before = live.reference
            client.send("/reference", str(reference_path))
            wait_for("it", lambda old=before: live.reference is not old and resources.settled)
            wait_for("an answer", lambda: live.answer)
            live.refinement.newest = decision
            engine.until(verdict="this plugin cannot come nearer")
            assert client.values["/closeness"] == (1.25, 1.25, 0.5, 2.0, 0.125)
            client.send(address, *(another if isinstance(another, tuple) else [str(another)]))
            engine.until(verdict="")
            assert client.values["/closeness"] == unknown, address
        surface = engine.service.surface
        described = tree(surface.nodes, dict(surface.values))["CONTENTS"]
    assert (described["closeness"]["TYPE"], described["closeness"]["ACCESS"]) == ("fffff", 1)
    assert described["closeness"]["VALUE"] == list(unknown)
    assert described["verdict"]["RANGE"] == [{"VALS": [verdict.value for verdict in Verdict]}]


def test_what_is_answered_is_told_of_parameters_that_no_network_knows(
    surface: Surface, engine: LiveEngine, parameters: Parameters, amplifier: Chain
) -> None:
    found = ChainSetting.of_predicted(amplifier, [0.25] * len(amplifier.predicted))
    engine.answer = Answer(found, (0.5,) * len(amplifier.predicted), (0.0, 0.0))
    untrained = engine.answer.setting.chain.slots[1].plugin.model_copy(update={"model": None})
    slots = (amplifier.slots[0], replace(amplifier.slots[1], plugin=untrained))
    chain = replace(amplifier, slots=slots)
    parameters.choose(chain)
    engine.answer = Answer(
        ChainSetting.of_predicted(chain, found.predicted), engine.answer.confidence, (0.0, 0.0)
    )
    parameters.tell()
    feedback = "mda-delay/feedback"
    assert surface.values[node_address(feedback, Leaf.PREDICTED)] == (found.values[feedback],)
    assert node_address(feedback, Leaf.CONFIDENCE) not in surface.values
    assert node_address("mda-overdrive/drive", Leaf.CONFIDENCE) in surface.values


def test_what_was_kept_before_chains_is_there_again(tmp_path: Path) -> None:
    none = {"/source": [""], "/reference": [""], "/host": [""]}
    settings = RELEASED["settings"] | none | {"/plugin": ["mda-overdrive"]}
    before = RELEASED | {"settings": settings}
    (tmp_path / FILE).write_text(json.dumps(before))
    with Engine(tmp_path) as engine:
        engine.until(chain="mda-overdrive", amount=0.5, averaging=2.0)
        engine.client.wait(lambda told: told.get("/parameter/mda-overdrive/drive/lock") == (1,), 30)
        assert engine.told("/snapshots") == {
            "A": {"mda-overdrive/drive": 0.25, "mda-overdrive/output": 0.5}
        }


def test_a_preset_keeps_nothing_and_reads_nothing_kept(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps(RELEASED))
    before = (tmp_path / FILE).read_bytes()
    preset = Preset({"/chain": ("mda-overdrive",), "/amount": (0.75,)})
    with Engine(tmp_path, preset=preset) as engine:
        engine.until(chain="mda-overdrive", amount=0.75, averaging=LiveSettings().averaging_s)
        engine.client.send("/amount", 0.25)
        engine.until(amount=0.25)
    assert (tmp_path / FILE).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ({"/chain": ("my-gain",), "/rendering": (0,)}, ModelError),
        ({"/chain": ("mda-overdrive",), "/reference": ("/no/such.wav",)}, AudioError),
        ({"/chain": ("mda-overdrive",), "/host": ("nonsense",)}, HostError),
        ({"/chain": ("mda-overdrive",), "/source": ("/no/such.wav",)}, AudioError),
    ],
)
def test_what_a_preset_lacks_is_raised(
    tmp_path: Path, library: Library, wanted: dict[str, tuple[str]], kind: type[BridgeError]
) -> None:
    library.layers[1].manifest.write_text(USER_TABLE)
    log = tmp_path / "engine.log"
    with Service(0, library, tmp_path, log, Preset(wanted)) as service, pytest.raises(kind):
        service.get_ready()


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [({"/chain": ("no-such",)}, ManifestError), ({"/amount": (float("nan"),)}, BridgeError)],
)
def test_a_preset_that_is_none_is_refused(
    tmp_path: Path, wanted: dict[str, tuple[str]], kind: type[BridgeError]
) -> None:
    with pytest.raises(kind):
        Service(0, Library(), tmp_path, tmp_path / "engine.log", Preset(wanted))
