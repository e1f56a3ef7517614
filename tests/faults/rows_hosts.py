"""Hosts' addresses, and what answers there."""

from bridge.chain import chain_of
from bridge.library import Library
from tests.fake_hosts import FakeLive, FakeSushi
from tests.faults.acts import Act, apart, inside
from tests.faults.row import Outcome, Room, Row

ACCEPTED = "hosts are reached at 127.0.0.1 or localhost"


def discover(url: str) -> Act:
    return inside("discover", "--host", url)


def discover_nothing(room: Room) -> Outcome:
    chain = chain_of("mda-overdrive", Library().manifest)
    with FakeLive(chain) as fake:
        fake.tracks.clear()
        return discover(fake.url)(room)


def follow_sushi(room: Room) -> Outcome:
    """For less than a window: what it keeps to itself is told at once."""
    chain = chain_of("mda-overdrive", Library().manifest)
    with FakeSushi(chain) as fake:
        words = ("--plugin", chain.id, "--input", "{input}", "--reference", "{reference}")
        said = ("--host", fake.url, "--seconds", 1, "--no-rendering")
        return apart("live", *words, *said)(room)


ROWS = (
    Row("IPv6", discover("ardour://[::1]:3819"), 7, f"[::1] is an IPv6 address; {ACCEPTED}"),
    Row("a LAN address", discover("ardour://192.168.1.20:3819"), 7, f"this computer; {ACCEPTED}"),
    Row("a LAN address over TCP", discover("carla://10.0.0.1:22752"), 7, ACCEPTED),
    Row("every address", discover("embedded://0.0.0.0:9001"), 7, ACCEPTED),
    Row("broadcast", discover("embedded://255.255.255.255:9001"), 7, ACCEPTED),
    Row("no such computer", discover("embedded://nöt:9"), 7, "'nöt' is not a known computer"),
    Row("this computer by its name", discover("sushi://localhost:24024"), 7, "cannot be asked"),
    Row(
        "answers to where it is asked",
        discover("live://127.0.0.1:21990?reply=21990"),
        7,
        "Ableton Live (AbletonOSC) is asked at port 21990, so it cannot answer there too",
    ),
    Row(
        "SUSHI tells no bypass",
        follow_sushi,
        0,
        "WARNING: SUSHI does not tell when you switch a plugin off or on there\n",
    ),
    Row("a host without tracks", discover_nothing, 0, "the host holds no tracks"),
)
