import signal
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effect_host.crossfade import FADE_S
from bridge.effects import load_effect
from bridge.errors import HostError
from bridge.hosts import connect
from bridge.manifest import Manifest, PluginSpec, Setting
from bridge.osc import Message, OscSocket
from tests.integration.commands import PATIENCE_S, host_running, next_line

CHAIN = "mda-overdrive,pedalboard-delay,mda-overdrive"


@pytest.mark.parametrize("text", ["mda-overdrive", "pedalboard-distortion", CHAIN])
def test_every_parameter_can_be_asked_and_set(manifest: Manifest, text: str) -> None:
    chain = chain_of(text, manifest)
    with (
        host_running(text) as (_, port),
        connect(f"embedded://127.0.0.1:{port}", chain) as host,
    ):
        assert host.read() == pytest.approx(ChainSetting.start(chain).all_values)
        for share in (0.0, 0.3, 1.0):
            values = {
                p.address: p.spec.min + share * (p.spec.max - p.spec.min) for p in chain.parameters
            } | dict.fromkeys(chain.switches, round(share))
            host.set(values)
            assert host.read() == pytest.approx(values, abs=1e-5)


def test_plain_osc_as_any_program_sends_it() -> None:
    with host_running("mda-overdrive") as (_, port), OscSocket() as client:
        to = ("127.0.0.1", port)
        client.send(Message("/mda-overdrive/drive", (0.25,)), to)
        client.send(Message("/mda-overdrive/drive"), to)
        received = client.receive(5.0)
        assert received == ([Message("/mda-overdrive/drive", (0.25,))], to)
        client.send(Message("/mda-overdrive/output", (1,)), to)
        client.send(Message("/mda-overdrive/output"), to)
        assert client.receive(5.0) == ([Message("/mda-overdrive/output", (1.0,))], to)


def test_questions_in_a_bundle_are_answered_in_a_bundle() -> None:
    with host_running("mda-overdrive") as (_, port), OscSocket() as client:
        to = ("127.0.0.1", port)
        client.send(Message("/mda-overdrive/output", (0.75,)), to)
        names = [Message("/mda-overdrive/output"), Message("/mda-overdrive/bypass")]
        client.send_bundle(names, to)
        answers = [Message(names[0].address, (0.75,)), Message(names[1].address, (0,))]
        assert client.receive(5.0) == (answers, to)


def test_bypass_is_an_address_like_the_others(overdrive: PluginSpec) -> None:
    with host_running("mda-overdrive") as (_, port), OscSocket() as client:
        to = ("127.0.0.1", port)

        def bypassed() -> object:
            client.send(Message("/mda-overdrive/bypass"), to)
            received = client.receive(5.0)
            assert received
            (message,) = received[0]
            assert message.address == "/mda-overdrive/bypass"
            return message.arguments

        assert bypassed() == (0,)
        chain = Chain.of_plugin(overdrive)
        with connect(f"embedded://127.0.0.1:{port}", chain) as host:
            host.set({"mda-overdrive/bypass": 1.0})
            assert bypassed() == (1,)
            assert set(host.read()) == set(ChainSetting.start(chain).all_values)
            host.set({"mda-overdrive/bypass": 0.0})
            assert bypassed() == (0,)
        for sent, answered in ((1.0, 1), (0.2, 0), (7, 1)):
            client.send(Message("/mda-overdrive/bypass", (sent,)), to)
            assert bypassed() == (answered,)


@pytest.mark.parametrize("plugin_id", ["mda-delay", "mda-ambience"])
def test_bypass_passes_the_input_on_while_the_plugin_goes_on_hearing(
    manifest: Manifest,
    guitar: tuple[Audio, int],
    write_wav: Callable[..., Path],
    tmp_path: Path,
    plugin_id: str,
) -> None:
    audio, rate = guitar
    plugin, played = manifest.plugin(plugin_id), audio[:, : 3 * rate]
    source, out = write_wav("in.wav", played, rate), tmp_path / "out.wav"
    with host_running(plugin_id, "--input", source, "--out", out) as (child, port):
        with connect(f"embedded://127.0.0.1:{port}", Chain.of_plugin(plugin)) as host:
            time.sleep(0.8)
            host.set({f"{plugin_id}/bypass": 1.0})
            time.sleep(0.8)
            host.set({f"{plugin_id}/bypass": 0.0})
        assert next_line(child)["done"]["bypassed"] == []
        assert child.wait(PATIENCE_S) == 0
    heard, _ = read_audio(out)
    wet = load_effect(plugin).render(played, rate, Setting.default(plugin))
    plain = np.flatnonzero(
        (heard == played).all(axis=0) & (np.abs(played - wet) > 1e-4).all(axis=0)
    )
    # About 0.8 s in one piece, and around it what the plugin makes of the whole input.
    first, last = plain[0], plain[-1]
    assert 0.4 < (last - first) / rate < 1.4
    fade = round(FADE_S * rate) + 1
    inside = slice(first + fade, last - fade)
    assert np.array_equal(heard[:, inside], played[:, inside])
    assert np.abs(heard[:, : first - fade] - wet[:, : first - fade]).max() < 1e-5
    assert np.abs(heard[:, last + fade :] - wet[:, last + fade :]).max() < 1e-5


def test_a_host_survives_what_it_should_not_be_sent() -> None:
    with host_running("mda-overdrive") as (_, port), OscSocket() as client:
        to = ("127.0.0.1", port)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as raw:
            for packet in (
                b"",
                b"rubbish",
                b"#bundle\0" + bytes(8) + struct.pack(">i", -4),
                b"/" + b"*" * 6 + b"\0" + b",\0\0\0",
                b"/mda-overdrive/drive\0\0\0\0,f\0\0" + struct.pack(">f", float("nan")),
                b"/mda-overdrive/drive\0\0\0\0,f\0\0" + struct.pack(">f", float("inf")),
                b"/mda-overdrive/bypass\0\0\0,f\0\0" + struct.pack(">f", float("nan")),
            ):
                raw.sendto(packet, to)
        client.send(Message("/mda-overdrive/nothing", (0.5,)), to)
        client.send(Message("/mda-overdrive/drive", ("loud",)), to)
        client.send(Message("/mda-overdrive/drive", (7.5,)), to)
        client.send(Message("/mda-overdrive/drive"), to)
        assert client.receive(5.0) == ([Message("/mda-overdrive/drive", (1.0,))], to)


def test_the_sound_is_that_of_the_offline_render(
    overdrive: PluginSpec, guitar: tuple[Audio, int], write_wav: Callable[..., Path], tmp_path: Path
) -> None:
    audio, rate = guitar
    two_seconds = np.repeat(audio[:, : 2 * rate], 2, axis=0)
    source, out = write_wav("in.wav", two_seconds, rate), tmp_path / "out.wav"
    with host_running("mda-overdrive", "--input", source, "--out", out) as (child, port):
        with connect(f"embedded://127.0.0.1:{port}", Chain.of_plugin(overdrive)) as host:
            values = {"drive": 0.8, "muffle": 0.3, "output": 0.6}
            host.set({f"mda-overdrive/{symbol}": value for symbol, value in values.items()})
        done = next_line(child)["done"]
        assert child.wait(PATIENCE_S) == 0
    assert done["frames"] == two_seconds.shape[1]
    wet, wet_rate = read_audio(out)
    assert (wet.shape, wet_rate) == (two_seconds.shape, rate)
    setting = Setting.of_values(overdrive, {"drive": 0.8, "muffle": 0.3, "output": 0.6})
    expected = load_effect(overdrive).render(two_seconds, rate, setting)
    # The setting arrives within the first second; the filter has long forgotten by the last half.
    tail = slice(-rate // 2, None)
    assert np.abs(wet[:, tail] - expected[:, tail]).max() < 1e-6


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping_the_host_keeps_what_it_has_processed(
    guitar: tuple[Audio, int], write_wav: Callable[..., Path], tmp_path: Path, how: signal.Signals
) -> None:
    out = tmp_path / "out.wav"
    source = write_wav("in.wav", guitar[0], guitar[1])
    with host_running("mda-overdrive", "--input", source, "--out", out) as (child, _):
        time.sleep(0.5)
        child.send_signal(how)
        assert child.wait(PATIENCE_S) == 0
    assert [path for path in tmp_path.iterdir() if "out" in path.name] == [out]
    wet, rate = read_audio(out)
    assert 0.2 < wet.shape[1] / rate < 10


def test_no_host_is_one_clear_line(overdrive: PluginSpec) -> None:
    with OscSocket() as deaf:
        url = f"embedded://127.0.0.1:{deaf.port}"
        with pytest.raises(
            HostError, match=f"no embedded host answers at 127.0.0.1:{deaf.port}; start"
        ):
            connect(url, Chain.of_plugin(overdrive))


def test_a_host_of_another_plugin_is_not_taken(overdrive: PluginSpec) -> None:
    with (
        host_running("pedalboard-distortion") as (_, port),
        pytest.raises(HostError, match="no plugin named 'mda Overdrive'"),
    ):
        connect(f"embedded://127.0.0.1:{port}", Chain.of_plugin(overdrive))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:9001",
        "embedded://",
        "embedded://127.0.0.1",
        "embedded://127.0.0.1:x",
        "embedded://127.0.0.1:99999",
        "cubase://127.0.0.1:9001",
        "embedded://no.such.computer.invalid:9001",
        "embedded://a..b:9001",
        "embedded://192.0.2.1:9001",
    ],
)
def test_a_wrong_host_url_is_one_clear_line(overdrive: PluginSpec, url: str) -> None:
    with pytest.raises(HostError, match=r"host URL|not a known computer|cannot be reached"):
        connect(url, Chain.of_plugin(overdrive))
