"""The bridge beside real hosts: round trips, losses, sound, recovery, and hostile packets.

    python -m benchmarks.hosts [--rounds 500] [--packets 200000] [--only ardour]

Needs Debian's ardour, supercollider-server, jackd2, mda-lv2 and g++. Ardour and SuperCollider run
on a JACK server without a sound card, started here and ended again. Writes
docs/results/hosts.json; with --only, what was measured before stays.
"""

import argparse
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bridge.audio.files import read_audio
from bridge.audio.resample import resample
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.demo.run import INPUT
from bridge.drive.driver import Driver
from bridge.hosts import Host, connect
from bridge.library import Library
from bridge.osc import Message, OscSocket
from bridge.osc.packets import encode
from tests.rigs.ardour import PLUGINS, TRACK, TRACK_INPUT, TRACK_OUTPUTS, Ardour
from tests.rigs.children import wait_for
from tests.rigs.hostile import bundle, hostile_packets
from tests.rigs.jack import PERIOD, RATE, Player, jack_server
from tests.rigs.scsynth import SYNTH, Scsynth
from tests.rigs.sound import similarity

RESULT = Path("docs/results/hosts.json")
RATES_HZ = (100, 300, 1_000, 3_000, 10_000)
LASTING_S = 1.0
TICK_S = 0.05
PLUGIN = "mda-overdrive"
DRIVE = f"{PLUGIN}/drive"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--packets", type=int, default=200_000)
    parser.add_argument("--only", choices=("packets", "supercollider", "ardour"))
    arguments = parser.parse_args()
    report("machine", {"cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 1)})
    if arguments.only in (None, "packets"):
        report("hostile_packets", hostile(arguments.packets))
    if arguments.only in (None, "supercollider"):
        with (
            tempfile.TemporaryDirectory() as folder,
            jack_server(),
            Scsynth(Path(folder)) as server,
        ):
            url = f"supercollider://127.0.0.1:{server.port}/{SYNTH}"
            report("supercollider_round_trip", round_trip(url, arguments.rounds))
    if arguments.only in (None, "ardour"):
        with (
            tempfile.TemporaryDirectory() as folder,
            jack_server(),
            Ardour(Path(folder) / "ardour") as ardour,
        ):
            report("ardour_round_trip", round_trip(ardour_url(ardour, PLUGIN), arguments.rounds))
            report("ardour_sets", sets_without_loss(ardour))
            report("ardour_restart", recovery(ardour))
            report("ardour_sound", sound(ardour))


def report(name: str, result: object) -> None:
    """Print and write at once: a slow machine may not come to the end."""
    print(json.dumps({name: result}), flush=True)
    results = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    results[name] = result
    RESULT.write_text(json.dumps(results, indent=1) + "\n")


def ardour_url(ardour: Ardour, text: str) -> str:
    """Where the bridge finds the rig's plugins that a chain's text names."""
    return f"ardour://127.0.0.1:{ardour.port}/{TRACK}/{text.replace('-', '%20')}"


def round_trip(url: str, rounds: int) -> dict[str, float]:
    """From a set to its value read back, as often as given."""
    chain = chain_of(PLUGIN, Library().manifest)
    draw = np.random.default_rng(0)
    times_ms: list[float] = []
    wrong = 0
    with connect(url, chain) as host:
        for value in draw.random(rounds):
            started = time.perf_counter()
            host.set({DRIVE: float(value)})
            told = host.read()[DRIVE]
            times_ms.append(1000 * (time.perf_counter() - started))
            wrong += int(told != np.float32(value))
    return {
        "rounds": rounds,
        "wrong": wrong,
        "jack_period_ms": round(1000 * PERIOD / RATE, 2),
        **{f"p{p}_ms": round(float(np.percentile(times_ms, p)), 2) for p in (50, 99)},
    }


def sets_without_loss(ardour: Ardour) -> list[dict[str, int]]:
    """Single sets at growing rates: what the system dropped, and whether the last one arrived."""
    chain = chain_of(PLUGIN, Library().manifest)
    results = []
    with connect(ardour_url(ardour, PLUGIN), chain) as host:
        for rate_hz in RATES_HZ:
            count = round(rate_hz * LASTING_S)
            before, started = dropped_at(ardour.port), time.perf_counter()
            for number in range(count):
                if (early_s := started + number / rate_hz - time.perf_counter()) > 0:
                    time.sleep(early_s)
                host.set({DRIVE: number / count})
            took_s = time.perf_counter() - started
            arrived = host.read()[DRIVE] == np.float32((count - 1) / count)
            results.append(
                {
                    "sets": count,
                    "per_s": round(count / took_s),
                    "dropped": dropped_at(ardour.port) - before,
                    "last_arrived": bool(arrived),
                }
            )
    return results


def dropped_at(port: int) -> int:
    """Datagrams that the system has dropped for a full receive buffer."""
    for row in Path("/proc/net/udp").read_text().splitlines()[1:]:
        columns = row.split()
        if int(columns[1].rsplit(":", 1)[1], 16) == port:
            return int(columns[-1])
    raise LookupError(f"nothing listens on UDP port {port}")


def sound(ardour: Ardour) -> dict[str, dict[str, float]]:
    """MRSTFT to our own render, of what Ardour plays and of the dry guitar.

    Of each plugin by itself, with the others left out, and of all as one chain.
    """
    chain = chain_of(",".join(PLUGINS), Library().manifest)
    audio, rate = read_audio(INPUT)
    dry = resample(audio, rate, RATE)[0, : 2 * RATE]
    results = {}
    with Player("player", inputs=2) as player, connect(ardour_url(ardour, chain.id), chain) as host:
        player.connect(TRACK_INPUT, TRACK_OUTPUTS)
        for heard in [*([slot.id] for slot in chain.slots), [slot.id for slot in chain.slots]]:
            left_out = {slot.id for slot in chain.slots} - set(heard)
            setting = random_setting(chain).without(left_out)
            host.set(setting.all_values)
            host.read()
            # A delay that was left out still holds what it heard before: let it die away.
            player.record(np.zeros(4 * RATE, np.float32), 4 * RATE)
            told = similarity(player, dry, setting)
            name = ",".join(heard)
            results[name] = {"ardour": round(told.host, 6), "dry": round(told.dry, 3)}
    return results


def random_setting(chain: Chain) -> ChainSetting:
    """Every parameter drawn."""
    draw = np.random.default_rng(1)
    return ChainSetting.of_normalised(chain, draw.random(len(chain.parameters)).tolist())


def recovery(ardour: Ardour) -> dict[str, float]:
    """Seconds from a kill to a new Ardour, and from there to the values being back."""
    chain = chain_of(PLUGIN, Library().manifest)
    setting = random_setting(chain)
    url = ardour_url(ardour, PLUGIN)
    with connect(url, chain) as host, driven(host, setting):
        wait_until_set(url, setting)
        killed = time.monotonic()
        ardour.kill()
        ardour.start()
        up = time.monotonic()
        wait_until_set(url, setting)
        restored = time.monotonic()
    return {"down_s": round(up - killed, 2), "restored_after_s": round(restored - up, 2)}


def wait_until_set(url: str, setting: ChainSetting) -> None:
    """Until the host has these values, as another client sees it."""

    def there() -> bool:
        told = watcher.read()
        return all(abs(told[address] - v) < 1e-6 for address, v in setting.values.items())

    with connect(url, setting.chain) as watcher:
        wait_for("the values", there)


@contextmanager
def driven(host: Host, setting: ChainSetting) -> Iterator[None]:
    """The host driven with one setting, as the live engine does it, in a thread of its own."""
    stop = threading.Event()
    driver = Driver(host, setting.chain)

    def drive() -> None:
        while not stop.wait(TICK_S):
            driver.listen(time.monotonic())
            driver.update(setting, time.monotonic())

    thread = threading.Thread(target=drive)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        driver.close()


def hostile(count: int) -> dict[str, float]:
    """Mutated packets at one socket: how many got through, how long the slowest took."""
    drive = f"/{PLUGIN}/drive"
    inner = bundle(encode(Message(drive)))
    good = [encode(Message(drive, (0.25,))), bundle(encode(Message("/a", ("text", 1))), inner)]
    packets = list(hostile_packets(good, count, seed=1))
    handed_out, longest_s = 0, 0.0
    enemy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with enemy, OscSocket() as receiver:
        before, started = memory_bytes(), time.perf_counter()
        for packet in packets:
            enemy.sendto(packet, ("127.0.0.1", receiver.port))
            sent = time.perf_counter()
            handed_out += receiver.receive(0) is not None
            longest_s = max(longest_s, time.perf_counter() - sent)
        took_s = time.perf_counter() - started
        grown = memory_bytes() - before
        enemy.sendto(encode(Message("/ok")), ("127.0.0.1", receiver.port))
        works = receiver.receive(1.0) is not None
        return {
            "packets": count,
            "handed_out": handed_out,
            "dropped": receiver.dropped,
            "per_s": round(count / took_s),
            "longest_ms": round(1000 * longest_s, 2),
            "memory_grown_bytes": grown,
            "next_message_works": works,
        }


def memory_bytes() -> int:
    """What this process holds in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
