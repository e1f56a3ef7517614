"""What rows look at outside their room: a host's values, an engine's port."""

import functools
from collections.abc import Callable
from contextlib import suppress

from bridge.chain import Chain, chain_of
from bridge.control.client import ControlClient
from bridge.errors import HostError
from bridge.hosts import connect
from bridge.library import Library
from bridge.osc import OscSocket
from tests.faults.acts import Act
from tests.faults.row import Outcome, Room
from tests.integration.commands import host_running


@functools.cache
def overdrive() -> Chain:
    return chain_of("mda-overdrive", Library().manifest)


def with_a_host(act: Callable[[str], Act]) -> Act:
    """`act` gets the URL of an embedded host, whose values must be as before in the end."""

    def whole(room: Room) -> Outcome:
        with host_running("mda-overdrive") as (_, port):
            url = f"embedded://127.0.0.1:{port}"
            before = values(url)
            outcome = act(url)(room)
            assert values(url) == before
        return outcome

    return whole


def values(url: str) -> dict[str, float]:
    with connect(url, overdrive()) as host:
        return dict(host.read())


def moved(url: str) -> Callable[[Room], bool]:
    """Whether the host's values are no longer those it began with."""
    before: list[dict[str, float]] = []

    def look(_room: Room) -> bool:
        before.append(values(url))
        return before[-1] != before[0]

    return look


def free_port() -> int:
    with OscSocket() as socket:
        return socket.port


def answers(port: int) -> bool:
    """Whether an engine is there."""
    with ControlClient(port) as client, suppress(HostError):
        client.wait(lambda told: "/engine/time" in told, 1.0)
        return True
    return False
