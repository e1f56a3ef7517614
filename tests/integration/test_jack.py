"""Live input through a real JACK server, without a sound card.

`jackd -S -d dummy` loses no sample by design, so a lost sample is the bridge's fault.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jack as jack_client
import numpy as np
import pytest
from scipy.signal import correlate

from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.audio.sources import DeviceSource
from bridge.chain import Chain
from bridge.effects import load_effect
from bridge.hosts import connect
from bridge.manifest import PluginSpec, Setting
from tests.integration.commands import PATIENCE_S, host_running, next_line, run_inside, running
from tests.rigs.jack import RATE, Player, port_names

PLAYER = "player"

pytestmark = pytest.mark.xdist_group("jack")


@pytest.fixture
def play(jack: None) -> Iterator[Callable[[Audio], None]]:
    """Play (frames,) in a loop on a JACK client with one output."""
    with Player(PLAYER) as player:
        yield player.loop


def test_a_device_delivers_every_sample(play: Callable[[Audio], None]) -> None:
    # A ramp of whole numbers is exact in float32, so a gap cannot hide.
    period = 1 << 16
    play(np.arange(period, dtype=np.float32) / period)
    with DeviceSource(PLAYER) as source:
        assert (source.sample_rate, source.channels) == (RATE, 1)
        blocks = []
        end = time.monotonic() + 3
        while time.monotonic() < end:
            time.sleep(0.05)
            blocks.append(source.read())
        assert source.lost == 0
    received = np.concatenate(blocks, axis=1)[0] * period
    steps = np.diff(received[np.flatnonzero(received)[0] :]) % period
    assert len(steps) > 2 * RATE
    assert (steps == 1).all()


def test_live_follows_a_jack_client(
    play: Callable[[Audio], None],
    overdrive: PluginSpec,
    guitar: tuple[Audio, int],
    write_wav: Callable[..., Path],
) -> None:
    audio = resample(guitar[0], guitar[1], RATE)
    half = audio.shape[1] // 2
    truth = {"drive": 0.8, "muffle": 0.5, "output": 0.3}
    setting = Setting.of_values(overdrive, truth)
    wet = load_effect(overdrive).render(audio[:, half:], RATE, setting)
    reference = write_wav("reference.wav", wet, RATE)
    play(audio[0, : 9 * RATE])
    with host_running(overdrive.id) as (_, port):
        url = f"embedded://127.0.0.1:{port}"
        arguments = ("--reference", reference, "--input", PLAYER, "--host", url)
        with running("live", "--plugin", overdrive.id, *arguments, "--keep", "--json") as engine:
            # Playing goes on for ever; Ctrl-C ends the bridge.
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline and next_line(engine)["time_s"] < 12:
                pass
            engine.terminate()
            out, err = engine.communicate(timeout=PATIENCE_S)
            assert engine.returncode == 0, err
        with connect(url, Chain.of_plugin(overdrive)) as host:
            found = host.read()
    summary = json.loads(out.splitlines()[-1])["summary"]
    assert summary["lost"] == 0
    assert summary["predictions"] > 10
    before = np.mean([abs(p.default - truth[p.symbol]) for p in overdrive.parameters])
    after = np.mean([abs(found[f"{overdrive.id}/{symbol}"] - truth[symbol]) for symbol in truth])
    assert after < 0.5 * before


def test_jack_names_the_default_input(
    jack: None, write_wav: Callable[..., Path], guitar: tuple[Audio, int]
) -> None:
    reference = write_wav("reference.wav", *guitar)
    with host_running("mda-overdrive") as (_, port):
        url = f"embedded://127.0.0.1:{port}"
        arguments = ("--reference", reference, "--input", "jack", "--host", url, "--seconds", 4)
        with running("live", "--plugin", "mda-overdrive", *arguments, "--json") as engine:
            out, err = engine.communicate(timeout=PATIENCE_S)
            assert engine.returncode == 0, err
    # The dummy card's inputs are silent: the bridge listens, and holds.
    *statuses, _ = (json.loads(line) for line in out.splitlines())
    assert statuses[-1]["state"] == "silent"


def test_a_stalled_reader_loses_audio_but_not_the_device(
    play: Callable[[Audio], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    play(np.ones(256, np.float32))
    monkeypatch.setattr("bridge.audio.sources.RING_S", 0.3)
    with DeviceSource(PLAYER) as source:
        time.sleep(1.0)
        assert 0 < source.read().shape[1] <= 0.3 * RATE
        time.sleep(0.1)
        assert source.read().any()
        assert source.lost == 1
        assert not source.finished


def test_the_host_plays_on_a_device(
    jack: None,
    overdrive: PluginSpec,
    guitar: tuple[Audio, int],
    write_wav: Callable[..., Path],
) -> None:
    audio = resample(guitar[0][:, : 3 * guitar[1]], guitar[1], RATE)
    source = write_wav("playing.wav", audio, RATE)
    heard: list[Audio] = []
    listener = jack_client.Client("listener")
    port = listener.inports.register("in_1")

    @listener.set_process_callback
    def process(frames: int) -> None:
        heard.append(port.get_array().copy())

    arguments = ("--input", source, "--play", "listener")
    with listener, host_running(overdrive.id, *arguments) as (child, _):
        assert child.wait(PATIENCE_S) == 0
    played = np.concatenate(heard)
    played = played[np.flatnonzero(played)[0] :]
    expected = load_effect(overdrive).render(audio, RATE, Setting.default(overdrive))[0]
    expected = expected[np.flatnonzero(expected)[0] :]
    # Playing may pause where this machine is late, but the first half second is one piece.
    assert np.array_equal(played[: RATE // 2], expected[: RATE // 2])


def test_the_host_is_an_insert(
    jack: None, overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    audio = resample(guitar[0][:, : 4 * guitar[1]], guitar[1], RATE)
    expected = load_effect(overdrive).render(audio, RATE, Setting.default(overdrive))[0]
    with Player("daw", inputs=1) as daw, host_running(overdrive.id, "--jack") as (child, _):
        theirs = sorted(n for n in port_names() if not n.startswith(("system:", "daw:")))
        (into, *_), (out, *_) = ([n for n in theirs if f":{way}_" in n] for way in ("in", "out"))
        daw.connect(into, [out])
        heard = daw.record(audio[0], 5 * RATE)[0]
        child.terminate()
        assert child.wait(PATIENCE_S) == 0
    # Playing may pause where this machine is late, so it is looked for piece by piece.
    pieces = [piece for piece in np.split(expected, 40) if np.abs(piece).max() > 0.01]
    found = [piece for piece in pieces if holds(heard, piece)]
    assert len(found) > 0.25 * len(pieces) > 5


def holds(heard: Audio, piece: Audio) -> bool:
    """Whether these samples come one after another in what was heard."""
    power = np.concatenate([[0.0], np.cumsum(heard.astype(np.float64) ** 2)])
    apart = power[len(piece) :] - power[: -len(piece)] - 2 * correlate(heard, piece, "valid")
    at = int(np.argmin(apart))
    return np.allclose(heard[at : at + len(piece)], piece, atol=1e-5)


def test_an_insert_takes_no_other_input(overdrive: PluginSpec) -> None:
    done = run_inside("host", "--plugin", overdrive.id, "--jack", "--play", "0")
    assert done.returncode == 2
    assert "--jack chooses input and output" in done.stderr
