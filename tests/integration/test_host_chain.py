"""The embedded host with several plugins: description, sound, and exchange while it plays."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.control.embedded_process import EmbeddedProcess
from bridge.effect_host.crossfade import FADE_S
from bridge.effects import load_chain
from bridge.hosts.base import Attachment
from bridge.hosts.embedded import Embedded, exchange
from bridge.manifest import Manifest
from bridge.osc import Message, OscSocket
from tests.integration.commands import PATIENCE_S, host_running, next_line, run, running
from tests.rigs.children import wait_for

CHAIN = "mda-overdrive,pedalboard-delay,mda-overdrive"
SLOTS = ["mda-overdrive", "pedalboard-delay", "mda-overdrive-2"]
RIG = """
schema: 1
plugins: []
rigs:
  - id: test-rig
    name: Test Rig
    kind: test
    slots:
      - {slot: first, plugin: mda-overdrive, start: {drive: 0.25}}
      - {slot: last, plugin: pedalboard-delay, optional: true}
"""


def asked(client: OscSocket, port: int, address: str) -> object:
    """Its value; what else has come is passed over."""
    client.send(Message(address), ("127.0.0.1", port))
    while received := client.receive(5.0):
        (message,) = received[0]
        if message.address == address:
            return message.arguments[0]
    raise AssertionError(f"{address} is not answered")


def described(client: OscSocket, port: int) -> list[Message]:
    client.send(Message("/chain"), ("127.0.0.1", port))
    messages: list[Message] = []
    while not messages or messages[-1].address != "/chain":
        received = client.receive(5.0)
        assert received
        # One message a packet.
        (message,) = received[0]
        messages.append(message)
    return messages


def test_a_chain_is_told_slot_by_slot(manifest: Manifest) -> None:
    with host_running(CHAIN) as (_, port), OscSocket() as client:
        client.send(Message("/mda-overdrive-2/bypass", (1,)), ("127.0.0.1", port))
        client.send(Message("/mda-overdrive-2/drive", (0.75,)), ("127.0.0.1", port))
        messages = described(client, port)
    chain = chain_of(CHAIN, manifest)
    assert messages[-1] == Message("/chain", (CHAIN, chain.name, 3))
    assert [m.arguments for m in messages if m.address == "/slot"] == [
        ("mda-overdrive", "mda-overdrive", "mda Overdrive", 0),
        ("pedalboard-delay", "pedalboard-delay", "pedalboard Delay", 0),
        ("mda-overdrive-2", "mda-overdrive", "mda Overdrive", 1),
    ]
    told = {
        f"{m.arguments[0]}/{m.arguments[1]}": m.arguments[2:]
        for m in messages
        if m.address == "/parameter"
    }
    assert list(told) == [p.address for p in chain.parameters]
    assert told["mda-overdrive-2/drive"] == ("Drive", 0.0, 1.0, 0.75)
    # Every slot's parameters come before it.
    order = [str(m.arguments[0]) for m in messages if m.address in ("/parameter", "/slot")]
    assert [s for n, s in enumerate(order) if n == 0 or order[n - 1] != s] == SLOTS


def test_a_rig_is_played_from_its_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "dafx-bridge").mkdir()
    (tmp_path / "dafx-bridge" / "plugins_manifest.yaml").write_text(RIG)
    with running("host", "--rig", "test-rig", "--port", 0, "--json", "--seconds", 3) as child:
        ready = next_line(child)["ready"]
        assert ready["plugin"] == "test-rig"
        assert ready["chain"] == [
            {"slot": "first", "plugin": "mda-overdrive"},
            {"slot": "last", "plugin": "pedalboard-delay"},
        ]
        with OscSocket() as client:
            client.send(Message("/last/bypass", (1,)), ("127.0.0.1", ready["port"]))
            assert asked(client, ready["port"], "/first/drive") == 0.25
            assert asked(client, ready["port"], "/last/bypass") == 1
        done = next_line(child)["done"]
    assert done["bypassed"] == ["last"]
    rows = {row["address"]: row for row in done["parameters"]}
    assert rows["first/drive"]["value"] == 0.25
    assert rows["last/mix"]["symbol"] == "mix"


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ([], 2, "give either --plugin or --rig"),
        (["--plugin", "mda-delay", "--rig", "x"], 2, "give either --plugin or --rig"),
        (["--plugin", "mda-delay,fuzz"], 4, "unknown plugin 'fuzz'"),
        (["--rig", "mda-delay"], 4, "unknown rig 'mda-delay'"),
    ],
)
def test_a_chain_that_is_not_there_is_one_clear_line(
    options: list[str], code: int, says: str
) -> None:
    done = run("host", *options)
    assert done.returncode == code
    assert says in done.stderr


def test_the_sound_of_a_chain_is_that_of_the_offline_render(
    manifest: Manifest,
    guitar: tuple[Audio, int],
    write_wav: Callable[..., Path],
    tmp_path: Path,
) -> None:
    audio, rate = guitar
    played = np.repeat(audio[:, : 2 * rate], 2, axis=0)
    source, out = write_wav("in.wav", played, rate), tmp_path / "out.wav"
    chain = chain_of("mda-overdrive,mda-leslie,mda-combo", manifest)
    with host_running(chain.id, "--input", source, "--out", out) as (child, _):
        assert next_line(child)["done"]["frames"] == played.shape[1]
        assert child.wait(PATIENCE_S) == 0
    heard, _ = read_audio(out)
    effect, setting = load_chain(chain), ChainSetting.start(chain)
    with effect.open(rate, 2, setting) as stream:
        late = stream.latency_frames
        assert late > 0
        expected = stream.process(played)
    assert np.abs(heard - expected).max() < 1e-6


def test_the_chain_is_exchanged_while_it_plays(
    manifest: Manifest,
    guitar: tuple[Audio, int],
    write_wav: Callable[..., Path],
    tmp_path: Path,
) -> None:
    audio, rate = guitar
    played = audio[:, : 4 * rate]
    source, out = write_wav("in.wav", played, rate), tmp_path / "out.wav"
    with (
        host_running("mda-overdrive", "--input", source, "--out", out) as (child, port),
        OscSocket() as client,
        Embedded(("127.0.0.1", port)) as dialect,
    ):
        (plugin,) = dialect.plugins(dialect.tracks()[0])
        parameters = tuple(dialect.parameters(dialect.tracks()[0], plugin))
        dialect.attach([Attachment(dialect.tracks()[0], plugin, parameters)])
        client.send(Message("/mda-overdrive/output", (0.75,)), ("127.0.0.1", port))
        time.sleep(0.5)
        for bad in ("no-such-plugin", "", "mda-overdrive,,", "x" * 500):
            exchange(("127.0.0.1", port), bad)
        time.sleep(0.3)
        assert described(client, port)[-1].arguments[0] == "mda-overdrive"
        assert not dialect.poll().moved
        exchange(("127.0.0.1", port), "pedalboard-distortion,mda-overdrive")
        wait_for("news of the chain", lambda: dialect.poll().moved)
        assert asked(client, port, "/mda-overdrive/output") == 0.75
        assert asked(client, port, "/pedalboard-distortion/drive_db") == pytest.approx(25.0)
        time.sleep(0.3)
        client.send(Message("/pedalboard-distortion/bypass", (1,)), ("127.0.0.1", port))
        done = next_line(child)["done"]
        assert child.wait(PATIENCE_S) == 0
        told = child.stderr.read() if child.stderr else ""
    assert done["plugin"] == "pedalboard-distortion,mda-overdrive"
    assert done["frames"] == played.shape[1]
    assert done["bypassed"] == ["pedalboard-distortion"]
    assert told.count("the chain stays as it was: unknown plugin") >= 1
    heard, _ = read_audio(out)
    # Overdrive alone in the end as in the beginning, both between, and two fades.
    overdrive, both = chain_of("mda-overdrive", manifest), chain_of(done["plugin"], manifest)
    alone, distorted = (
        load_chain(chain).render(
            played, rate, ChainSetting.of_values(chain, {"mda-overdrive/output": 0.75})
        )
        for chain in (overdrive, both)
    )
    is_alone, is_distorted = (np.abs(heard - wet)[0] < 1e-4 for wet in (alone, distorted))
    assert is_alone[-rate:].all()
    later = np.arange(played.shape[1]) > 0.4 * rate
    between = np.flatnonzero(~is_alone & later)
    assert 0.02 < (between[-1] - between[0]) / rate < 1.5
    fading = np.flatnonzero(~is_alone & ~is_distorted & later)
    assert 0 < len(fading) <= 2.5 * FADE_S * rate
    loudest = np.maximum(np.abs(alone), np.abs(distorted)).max(axis=0)
    assert (np.abs(heard[0, fading]) < loudest[fading] + 0.02).all()


def test_a_flood_of_exchanges_ends_at_the_last(
    guitar: tuple[Audio, int], write_wav: Callable[..., Path]
) -> None:
    """Chains that are asked for faster than one can follow the other do not pile up."""
    source = write_wav("in.wav", *guitar)
    with (
        host_running("mda-overdrive", "--input", source, "--repeat") as (child, port),
        OscSocket() as client,
    ):
        to = ("127.0.0.1", port)
        before = psutil.Process(child.pid).memory_info().rss
        for number in range(2_000):
            text = ",".join(["pedalboard-delay"] * (number % 3 + 1))
            client.send(Message("/chain", (text,)), to)
            client.send(Message("/chain", (f"no-plugin-{number}",)), to)
            time.sleep(0.001)
        client.send(Message("/chain", ("mda-delay",)), to)
        wait_for("the last chain", lambda: described(client, port)[-1].arguments[0] == "mda-delay")
        assert asked(client, port, "/mda-delay/feedback") == pytest.approx(0.7)
        assert psutil.Process(child.pid).memory_info().rss - before < 150e6
        child.send_signal(signal.SIGINT)
        done = next_line(child)["done"]
        assert child.wait(PATIENCE_S) == 0
        told = child.stderr.read() if child.stderr else ""
    assert done["plugin"] == "mda-delay"
    assert len(told.splitlines()) <= 10


def test_the_engine_hears_at_once_that_its_host_refuses_a_chain(
    manifest: Manifest, tmp_path: Path
) -> None:
    first, second = chain_of("mda-overdrive", manifest), chain_of("pedalboard-gain", manifest)
    with EmbeddedProcess(first, "", tmp_path / "host.log") as process:
        started_s = time.monotonic()
        assert not process.exchange(Chain("no-such-plugin", "", second.slots))
        assert time.monotonic() - started_s < 5
        assert process.exchange(second)
    assert not process.alive
