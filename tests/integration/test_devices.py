"""Sound devices of every rate, their channels, and devices that vanish; on JACK without a card."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import jack as jack_client
import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.audio.sources import DeviceSource, Source
from bridge.errors import DeviceError
from tests.rigs.children import wait_for
from tests.rigs.jack import RATE, Player, jack_environment, jack_server, jackd

pytestmark = pytest.mark.xdist_group("jack")

RAMP = 1 << 16
"""A ramp of so many whole numbers is exact in float32, so a gap cannot hide."""


def collect(source: Source, frames: int) -> Audio:
    """So many frames, from the first that sounds on."""
    heard = [np.zeros((source.channels, 0), np.float32)]

    def enough() -> bool:
        heard.append(source.read())
        return sum(block.shape[1] for block in heard) > frames

    wait_for("the first sound", lambda: (block := source.read()).any() and not heard.append(block))
    wait_for(f"{frames} frames", enough)
    whole = np.concatenate(heard, axis=1)
    return whole[:, np.flatnonzero(whole.any(axis=0))[0] :]


@pytest.mark.parametrize("rate", [44_100, 96_000, 192_000])
def test_a_device_of_any_rate_delivers_every_sample(rate: int) -> None:
    with jack_server(rate), Player("player") as player:
        player.loop(np.arange(RAMP, dtype=np.float32) / RAMP)
        with DeviceSource("player") as source:
            assert (source.sample_rate, source.channels) == (rate, 1)
            heard = collect(source, rate)
            assert source.lost == 0
    assert (np.diff(heard[0] * RAMP) % RAMP == 1).all()


@contextmanager
def four_channels() -> Iterator[None]:
    """A JACK client `desk` whose four outputs hold 0.1, 0.2, 0.3 and 0.4."""
    client = jack_client.Client("desk", no_start_server=True)
    ports = [client.outports.register(f"out_{n + 1}") for n in range(4)]

    @client.set_process_callback
    def process(frames: int) -> None:
        for number, port in enumerate(ports):
            port.get_array()[:] = 0.1 * (number + 1)

    with client:
        yield


def test_channels_of_a_device_are_chosen() -> None:
    with jack_server(), four_channels():
        for chosen, values in (None, [0.1, 0.2]), ([3], [0.3]), ([4, 1, 2], [0.4, 0.1, 0.2]):
            with DeviceSource("desk", chosen) as source:
                assert source.channels == len(values)
                heard = collect(source, RATE // 4)[:, -1]
            assert heard == pytest.approx(values)
        with pytest.raises(DeviceError, match="channels 1 to 4, and not all of 5"):
            DeviceSource("desk", [5])
        with pytest.raises(DeviceError, match="no input device 'disk'"):
            DeviceSource("disk")


@pytest.mark.parametrize("rate_after", [RATE, 96_000])
def test_a_device_that_vanishes_is_told_and_heard_again_when_it_is_back(rate_after: int) -> None:
    with jack_environment() as name, jackd(name) as server, DeviceSource("jack") as source:
        wait_for("sound", lambda: source.read().size)
        assert (source.connected, source.take_fault()) == (True, "")
        server.kill()
        wait_for("the fault", lambda: not source.connected)
        assert "has stopped; it is looked for" in source.take_fault()
        source.read()
        for _ in range(3):
            time.sleep(0.1)
            assert source.read().shape == (source.channels, 0)
        assert source.take_fault() == ""
        server.wait()
        with jackd(name, rate_after):
            wait_for("sound again", lambda: source.read().size)
            assert (source.connected, source.take_fault()) == (True, "")
            # A device that comes back at another rate is heard at the rate it had.
            assert source.sample_rate == RATE


def test_a_jack_client_that_quits_is_told_and_heard_again_when_it_is_back() -> None:
    tone = np.full(256, 0.5, np.float32)
    with jack_server():
        with Player("player") as player:
            player.loop(tone)
            source = DeviceSource("player")
            wait_for("sound", lambda: source.read().any())
        with source:
            wait_for("the fault", lambda: not source.connected)
            assert "has quit" in source.take_fault()
            with Player("player") as player:
                player.loop(tone)
                wait_for("sound again", lambda: source.read().any())
                # A client that is there may be silent.
                player.loop(0 * tone)
                time.sleep(2.0)
                assert (source.connected, source.take_fault()) == (True, "")


def test_a_capture_that_dies_is_started_again() -> None:
    with jack_server(), DeviceSource("jack") as source:
        wait_for("sound", lambda: source.read().size)
        source.process.kill()
        wait_for("the fault", lambda: not source.connected)
        assert "its capture has died" in source.take_fault()
        wait_for("sound again", lambda: source.connected and source.read().size)
