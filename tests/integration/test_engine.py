"""The engine as a process, steered over its control surface alone."""

import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.control import ControlClient
from bridge.control.history import ONE_CHANGE_S
from bridge.control.nodes import NODES, Access
from bridge.demo.run import INPUT, REFERENCE
from bridge.estimate.sound_map import load_map
from bridge.library import ENCODER_FOLDER, MANIFEST, MODEL_FILE, MODELS
from bridge.manifest import PluginSpec
from bridge.osc import Message
from bridge.osc.packets import encode
from tests.integration.commands import PATIENCE_S, next_line, running
from tests.rigs.hostile import hostile_packets
from tests.user_table import USER_TABLE

Engine = tuple[subprocess.Popen[str], ControlClient]


@contextmanager
def engine(state: Path) -> Iterator[Engine]:
    arguments = ("engine", "--port", 0, "--query-port", 0, "--state", state, "--json")
    with (
        running(*arguments) as process,
        ControlClient(next_line(process)["ready"]["port"]) as client,
    ):
        yield process, client


def value(client: ControlClient, address: str) -> object:
    return client.values.get(address, (None,))[0]


def until(client: ControlClient, **wanted: object) -> None:
    """Wait for values; `__` stands for `/` in an address, and parameters are mda Overdrive's."""
    addresses = {
        f"/{name.replace('__', '/')}".replace("/parameter/", "/parameter/mda-overdrive/"): told
        for name, told in wanted.items()
    }
    client.wait(lambda values: all(values.get(a) == (v,) for a, v in addresses.items()), PATIENCE_S)


def near(client: ControlClient, address: str, wanted: float) -> None:
    client.wait(
        lambda values: abs(float(values.get(address, (-1,))[0]) - wanted) < 1e-4, PATIENCE_S
    )


def settle(client: ControlClient, seconds: float) -> None:
    """Go on listening for a while."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        client.poll(0.05)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[ControlClient]:
    """An engine that plays the demo into its own embedded host."""
    with engine(tmp_path) as (process, client):
        client.send("/demo")
        until(client, host__state="connected", input__connected=1)
        yield client
        client.send("/quit")
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr
        said = process.stderr.read().splitlines()
        assert all(line.startswith("WARNING: ") for line in said), said


def test_match_comes_to_the_reference_and_stays(demo: ControlClient) -> None:
    truth = json.loads((REFERENCE.parent / "truth.json").read_text())["values"]
    until(demo, state="matching")
    assert value(demo, "/amount") == 1.0
    assert value(demo, "/parameter/mda-overdrive/drive/by") in (None, "host")
    demo.send("/match")
    demo.wait(lambda values: int(values["/decisions"][0]) >= 1, PATIENCE_S)
    demo.wait(lambda values: values["/parameter/mda-overdrive/drive/by"] == ("model",), PATIENCE_S)
    settle(demo, 2.0)
    for symbol, wanted in truth.items():
        assert float(str(value(demo, f"/parameter/mda-overdrive/{symbol}"))) == pytest.approx(
            wanted, abs=0.3
        )
    assert value(demo, "/follow") == 0


def test_what_the_player_sets_is_his_until_armed(demo: ControlClient) -> None:
    demo.send("/follow", 1)
    until(demo, parameter__drive__by="model", state="matching")
    demo.send("/parameter/mda-overdrive/drive", 0.05)
    near(demo, "/parameter/mda-overdrive/drive", 0.05)
    until(demo, parameter__drive__yours=1, parameter__drive__by="you")
    demo.send("/snapshot/store", "A")
    # What follows sooner would be the same change.
    time.sleep(1.2 * ONE_CHANGE_S)
    demo.send("/parameter/mda-overdrive/drive/normalised", 0.9)
    near(demo, "/parameter/mda-overdrive/drive", 0.9)
    demo.send("/undo")
    near(demo, "/parameter/mda-overdrive/drive", 0.05)
    demo.send("/redo")
    near(demo, "/parameter/mda-overdrive/drive", 0.9)
    demo.send("/snapshot/recall", "A")
    near(demo, "/parameter/mda-overdrive/drive", 0.05)
    demo.send("/parameter/mda-overdrive/drive/lock", 1)
    demo.send("/arm")
    until(demo, parameter__drive__yours=0, parameter__drive__lock=1)
    settle(demo, 1.0)
    near(demo, "/parameter/mda-overdrive/drive", 0.05)
    demo.send("/parameter/mda-overdrive/drive/lock", 0)
    demo.wait(lambda values: float(values["/parameter/mda-overdrive/drive"][0]) > 0.1, PATIENCE_S)
    demo.send("/parameter/mda-overdrive/bypass", 1)
    until(demo, host__bypassed=1, parameter__bypass=1, parameter__bypass__by="you")
    demo.send("/arm", "mda-overdrive")
    until(demo, host__bypassed=0, parameter__bypass__yours=0)
    demo.send("/bypass", 1)
    until(demo, host__bypassed=1)
    demo.send("/panic")
    until(demo, host__bypassed=0, follow=0)
    near(demo, "/parameter/mda-overdrive/drive", 0.0)
    near(demo, "/parameter/mda-overdrive/output", 0.5)


def test_a_place_on_the_sound_map_sets_every_parameter(
    demo: ControlClient, overdrive: PluginSpec
) -> None:
    demo.wait(lambda values: {"/map/input", "/map/reference"} <= values.keys(), PATIENCE_S)
    demo.wait(lambda values: len(values.get("/map/heard", ())) >= 3 * 20, PATIENCE_S)
    heard = np.reshape(demo.values["/map/heard"], (-1, 3)).astype(float)
    assert ((heard[:, :2] >= 0) & (heard[:, :2] <= 1)).all()
    assert (heard[:, 2] > 0).all()
    demo.send("/map", 0.25, 0.75)
    demo.wait(lambda values: values["/map"] == pytest.approx((0.25, 0.75)), PATIENCE_S)
    wanted = load_map(overdrive).setting_at(0.25, 0.75).values
    for symbol, there in wanted.items():
        near(demo, f"/parameter/mda-overdrive/{symbol}", there)
        until(demo, **{f"parameter__{symbol}__by": "you"})
    settle(demo, 1.0)
    assert demo.values["/map"] == pytest.approx((0.25, 0.75))
    demo.send("/parameter/mda-overdrive/output", 1.0)
    demo.wait(lambda values: values["/map"] != pytest.approx((0.25, 0.75)), PATIENCE_S)


def test_editing_the_chain_keeps_what_stays(demo: ControlClient) -> None:
    drive, feedback = "/parameter/mda-overdrive/drive", "/parameter/mda-delay/feedback"
    demo.send(drive, 0.75)
    until(demo, parameter__drive__yours=1, parameter__drive__by="you")
    demo.send("/parameter/mda-overdrive/muffle/lock", 1)
    demo.send("/chain", "mda-delay,mda-overdrive")
    demo.wait(lambda values: feedback in values and values["/host/state"] == ("connected",), 60)
    slots = json.loads(str(value(demo, "/slots")))
    assert [slot["id"] for slot in slots] == ["mda-delay", "mda-overdrive"]
    assert all(slot["place"] for slot in slots)
    near(demo, drive, 0.75)
    until(demo, parameter__drive__yours=1, parameter__drive__by="you", parameter__muffle__lock=1)
    demo.send(feedback, 0.125)
    near(demo, feedback, 0.125)
    demo.send("/chain", "mda-delay")
    demo.wait(lambda values: len(json.loads(str(values["/slots"][0]))) == 1, PATIENCE_S)
    demo.wait(lambda values: values["/host/state"] == ("connected",), PATIENCE_S)
    near(demo, feedback, 0.125)
    demo.send("/revert")
    # Back to before anything was set, also by the chains before this one.
    near(demo, feedback, 0.7)
    assert value(demo, "/engine/fault") == ""


def test_a_rig_is_matched_once_rendering_has_answered(demo: ControlClient) -> None:
    demo.send("/chain", "mda-amp")
    demo.wait(lambda values: "/parameter/cabinet/bias" in values, PATIENCE_S)
    until(demo, host__state="connected", state="matching")
    assert "/parameter/cabinet/bias/confidence" not in demo.values
    demo.send("/match")
    demo.wait(lambda values: values.get("/parameter/drive/drive/by") == ("model",), PATIENCE_S)
    assert int(demo.values["/decisions"][0]) >= 1
    for slot in ("drive", "cabinet", "delay", "reverb"):
        assert 0 <= float(demo.values[f"/slot/{slot}/confidence"][0]) <= 1
        assert demo.values[f"/parameter/{slot}/bypass/predicted"][0] in (0, 1)


def test_plugins_and_rigs_are_listed_with_those_that_come_later(
    demo: ControlClient, user_data: Path
) -> None:
    def ids(address: str) -> set[str]:
        return {entry["id"] for entry in json.loads(str(demo.values.get(address, ("[]",))[0]))}

    demo.wait(lambda _: "mda-overdrive" in ids("/plugins"), PATIENCE_S)
    demo.wait(lambda _: {"guitar-amp", "vocal"} <= ids("/rigs"), PATIENCE_S)
    table = user_data / "dafx-bridge" / MANIFEST.name
    table.parent.mkdir(exist_ok=True)
    table.write_text(USER_TABLE)
    try:
        demo.wait(lambda _: "my-gain" in ids("/plugins") and "my-rig" in ids("/rigs"), PATIENCE_S)
        demo.send("/chain", "my-rig")
        demo.wait(lambda values: "/parameter/first/gain_db" in values, PATIENCE_S)
    finally:
        table.unlink()


def test_learning_makes_the_input_the_reference(demo: ControlClient) -> None:
    demo.send("/learn", 4.0)
    demo.wait(lambda values: str(values["/reference"][0]).endswith("learned.wav"), PATIENCE_S)
    demo.wait(lambda values: '"seconds": 4.0' in str(values.get("/reference/report")), PATIENCE_S)


def test_learning_that_cannot_be_kept_is_told_and_changes_nothing(
    demo: ControlClient, tmp_path: Path
) -> None:
    before = value(demo, "/reference")
    (tmp_path / "learned.wav").mkdir()
    demo.send("/learn", 1.0)
    demo.wait(
        lambda values: "learned.wav: is not a file" in str(values["/engine/fault"]), PATIENCE_S
    )
    assert (value(demo, "/reference"), value(demo, "/learn/running")) == (before, 0)
    (tmp_path / "learned.wav").rmdir()
    demo.send("/learn", 4.0)
    demo.wait(lambda values: str(values["/reference"][0]).endswith("learned.wav"), PATIENCE_S)
    until(demo, engine__fault="")


def test_a_reference_that_changes_on_disk_is_read_again(
    demo: ControlClient, write_wav: Callable[..., Path], guitar: tuple[Audio, int]
) -> None:
    audio, rate = guitar
    path = write_wav("reference.wav", audio[:, : 9 * rate], rate)
    demo.send("/reference", str(path))
    demo.wait(lambda values: '"seconds": 9.0' in str(values["/reference/report"]), PATIENCE_S)
    settle(demo, 1.5)
    write_wav("reference.wav", np.tanh(20 * audio[:, : 6 * rate]), rate)
    demo.wait(lambda values: '"seconds": 6.0' in str(values["/reference/report"]), PATIENCE_S)
    path.unlink()
    settle(demo, 1.5)
    assert value(demo, "/engine/fault") == ""


def test_a_model_that_changes_on_disk_is_loaded_without_a_gap(demo: ControlClient) -> None:
    demo.send("/amount", 1.0)
    demo.send("/follow", 1)
    until(demo, state="matching", parameter__drive__by="model")
    settle(demo, 1.5)
    drive = float(str(value(demo, "/parameter/mda-overdrive/drive")))
    (MODELS / ENCODER_FOLDER / MODEL_FILE).touch()
    seen = []
    demo.wait(lambda values: "model" in str(values["/engine/busy"]), PATIENCE_S)
    while "model" in str(value(demo, "/engine/busy")):
        seen += demo.poll(0.05)
    end_s = time.monotonic() + 2
    while time.monotonic() < end_s:
        seen += demo.poll(0.05)
    assert not [m for m in seen if m.address in ("/host/state", "/state")]
    drives = [float(m.arguments[0]) for m in seen if m.address == "/parameter/mda-overdrive/drive"]
    assert all(abs(now - drive) < 0.2 for now in drives)


def test_other_sounds_are_played_by_the_embedded_host_only(demo: ControlClient) -> None:
    demo.send("/audition", "reference")
    until(demo, audition="reference")
    demo.send("/host", "")
    until(demo, host__state="none")
    demo.send("/audition", "dry")
    demo.wait(lambda values: values.get("/error", ("",))[0] == "/audition", PATIENCE_S)


def test_mistakes_are_told_in_a_sentence_and_change_nothing(demo: ControlClient) -> None:
    for address, wrong in (
        ("/chain", "no-such-plugin"),
        ("/source", "no-such-device"),
        ("/reference", "/no/such/file.wav"),
        ("/host", "ardour://127.0.0.1:1/x/y"),
    ):
        demo.send(address, wrong)
        demo.wait(lambda values: values["/engine/fault"] != ("",), PATIENCE_S)
        assert value(demo, "/state") != "idle"
        demo.send("/clear")
        demo.send("/demo")
        until(demo, engine__fault="", engine__busy="", host__state="connected")


def test_an_engine_that_is_killed_resumes_and_one_that_is_ended_does_not(tmp_path: Path) -> None:
    with engine(tmp_path) as (process, client):
        client.send("/demo")
        client.send("/amount", 0.75)
        until(client, host__state="connected")
        client.send("/follow", 1)
        until(client, follow=1, parameter__drive__by="model")
        client.send("/snapshot/store", "B")
        settle(client, 1.5)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_S)
    with engine(tmp_path) as (process, client):
        until(client, follow=1, host__state="connected", parameter__drive__by="model")
        assert client.values["/amount"] == (0.75,)
        assert value(client, "/source") == str(INPUT)
        assert set(json.loads(str(value(client, "/snapshots")))) == {"B"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    with engine(tmp_path) as (_, client):
        until(client, host__state="connected")
        assert value(client, "/follow") == 0


def test_the_embedded_host_ends_with_an_engine_that_is_killed(tmp_path: Path) -> None:
    with engine(tmp_path) as (process, client):
        client.send("/demo")
        until(client, host__state="connected")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        tasks = Path(f"/proc/{process.pid}/task").iterdir()
        ours = {int(pid) for task in tasks for pid in (task / "children").read_text().split()}
        assert children.exists()
        assert len(ours) >= 2
        process.kill()
        process.wait(PATIENCE_S)
        for _ in range(100):
            if not any(Path(f"/proc/{pid}").exists() for pid in ours):
                break
            client.poll(0.1)
    assert not [pid for pid in ours if Path(f"/proc/{pid}").exists()]


def test_hostile_packets_stop_nothing(demo: ControlClient) -> None:
    harmless = [node for node in NODES if node.address not in ("/quit", "/panic", "/host")]
    filled = {"f": 0.5, "i": 1, "s": "A"}
    good = [
        encode(Message(node.address, tuple(filled[tag] for tag in node.types.rstrip("*"))))
        for node in harmless
        if node.access is not Access.WRITE or node.address in ("/arm", "/undo", "/clear")
    ]
    random.Random(0).shuffle(good)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as enemy:
        for number, packet in enumerate(hostile_packets(good, 5_000, seed=5)):
            enemy.sendto(packet, demo._engine)
            if number % 50 == 0:
                demo.poll(0.005)
    before = float(str(value(demo, "/engine/time")))
    end_s = time.monotonic() + PATIENCE_S
    while value(demo, "/amount") != 0.125 and time.monotonic() < end_s:
        # While the queue is full, the system drops what comes.
        demo.send("/amount", 0.125)
        settle(demo, 0.5)
    assert value(demo, "/amount") == 0.125
    demo.wait(lambda values: float(values["/engine/time"][0]) > before + 0.5, PATIENCE_S)


def test_nobody_but_this_computer_reaches_it(tmp_path: Path) -> None:
    with engine(tmp_path) as (process, client):
        sockets = set()
        for link in Path(f"/proc/{process.pid}/fd").iterdir():
            if (target := os.readlink(link)).startswith("socket:["):
                sockets.add(target[8:-1])
        bound = []
        for table in ("udp", "tcp", "udp6", "tcp6"):
            for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                columns = row.split()
                if columns[9] in sockets:
                    bound.append(columns[1].split(":")[0])
        assert bound
        assert set(bound) == {"0100007F"}
        client.send("/quit")
        assert process.wait(PATIENCE_S) == 0
