"""From a URL to a host: `SCHEME://ADDRESS:PORT/TRACK/PLUGIN`.

TRACK may be several names with commas between them, PLUGIN one name a slot of the chain.
"""

import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from bridge.chain import Chain
from bridge.errors import HostError
from bridge.hosts import (
    ableton,
    ardour,
    bitwig,
    carla,
    embedded,
    generic,
    reaper,
    supercollider,
    sushi,
)
from bridge.hosts.base import (
    Dialect,
    Host,
    HostParameter,
    HostPlugin,
    HostTrack,
    Profile,
    Progress,
    silently,
)
from bridge.hosts.chain_host import ChainHost
from bridge.hosts.finding import Wanted
from bridge.osc import Address

Options = Mapping[str, str]
"""What stands behind the `?` of a URL."""
_DIALECTS: dict[str, tuple[Profile, Callable[[Address, Options], Dialect]]] = {
    profile.scheme: (profile, dialect)
    for profile, dialect in (
        (embedded.PROFILE, lambda address, _: embedded.Embedded(address)),
        (ardour.PROFILE, lambda address, _: ardour.Ardour(address)),
        (carla.PROFILE, lambda address, _: carla.Carla(address)),
        (reaper.PROFILE, lambda address, more: reaper.Reaper(address, _port(reaper.PROFILE, more))),
        (
            ableton.PROFILE,
            lambda address, more: ableton.Live(address, _port(ableton.PROFILE, more)),
        ),
        (bitwig.PROFILE, lambda address, more: bitwig.Bitwig(address, _port(bitwig.PROFILE, more))),
        (sushi.PROFILE, lambda address, more: sushi.Sushi(address, _port(sushi.PROFILE, more))),
        (supercollider.PROFILE, lambda address, _: supercollider.SuperCollider(address)),
        (generic.PROFILE, lambda address, more: generic.Generic(address, _path(more))),
    )
}
PROFILES = tuple(profile for profile, _ in _DIALECTS.values())


@dataclass(frozen=True)
class FoundPlugin:
    """A plugin with its parameters."""

    plugin: HostPlugin
    parameters: tuple[HostParameter, ...]


@dataclass(frozen=True)
class FoundTrack:
    """A track with its plugins."""

    track: HostTrack
    plugins: tuple[FoundPlugin, ...]


def connect(url: str, chain: Chain) -> Host:
    """Blocking: the host at `url`, with the chain's plugins found in it.

    Tracks and plugins may be left out where the host holds no more plugins of their names than the
    chain takes. Raises HostError for a URL of another form, where the host does not answer, and
    where it holds no such plugins, holds them in another order or with other parameters.
    """
    dialect, wanted = _open(url)
    return ChainHost(dialect, wanted, chain)


def answers(url: str) -> bool:
    """Blocking: whether a host that can be asked answers there, whatever track the URL names.

    Raises HostError for a URL of another form.
    """
    dialect, _ = _open(url)
    with dialect:
        try:
            tracks = dialect.tracks()
            if not dialect.profile.tracks:
                # There is nothing to ask about but plugins.
                dialect.plugins_of(tracks)
        except HostError:
            return False
        return True


def discover(url: str, told: Progress = silently) -> list[FoundTrack]:
    """Blocking: everything the host at `url` holds. Raises HostError where it cannot be told.

    `told` is called with how many of its plugins are known, of how many.
    """
    dialect, _ = _open(url)
    with dialect:
        if not dialect.profile.discovers:
            raise HostError(
                f"{dialect.profile.name} cannot be asked what it holds; name the plugin in the URL,"
                f" such as {dialect.profile.example}"
            )
        tracks = dialect.tracks()
        listed = dialect.plugins_of(tracks)
        places = [(t, plugin) for t, of_t in zip(tracks, listed, strict=True) for plugin in of_t]
        parameters = dialect.parameters_of(places, told)
        found: dict[HostTrack, list[FoundPlugin]] = {track: [] for track in tracks}
        for (track, plugin), of_plugin in zip(places, parameters, strict=True):
            found[track].append(FoundPlugin(plugin, tuple(of_plugin)))
        return [FoundTrack(track, tuple(plugins)) for track, plugins in found.items()]


def listing(tracks: Iterable[FoundTrack]) -> list[dict[str, Any]]:
    """What was found, for JSON."""
    return [
        asdict(track.track)
        | {
            "plugins": [
                asdict(found.plugin)
                | {"parameters": [asdict(parameter) for parameter in found.parameters]}
                for found in track.plugins
            ]
        }
        for track in tracks
    ]


def _open(url: str) -> tuple[Dialect, Wanted]:
    try:
        parts = urlsplit(url)
        address, port = parts.hostname, parts.port
    except ValueError:
        address, port = None, None
    if not address or not port or parts.scheme not in _DIALECTS:
        raise HostError(
            f"{url!r} is not a host URL; `dafx-bridge hosts` lists them, such as"
            " embedded://127.0.0.1:9001"
        )
    profile, dialect = _DIALECTS[parts.scheme]
    numeric = _on_this_computer(address)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not options.keys() <= dict(parse_qsl(urlsplit(profile.example).query)).keys():
        raise HostError(f"{url!r} asks for what is not known; such a URL is {profile.example}")
    opened = dialect((numeric, port), options)
    path = [
        tuple(unquote(name) for name in part.split(",")) for part in parts.path.split("/") if part
    ]
    tracks = opened.profile.tracks
    if len(path) > (2 if tracks else 1):
        opened.close()
        raise HostError(
            f"{url!r} names too much; such a URL is {profile.example}, with %2F for a / in a name"
        )
    return opened, Wanted(*path) if tracks else Wanted((), *path)


def _on_this_computer(address: str) -> str:
    """The address in numbers, resolved once: a name would be looked up for every datagram.

    Raises HostError for another computer's, which our sockets, all on loopback, cannot reach.
    """
    accepted = "hosts are reached at 127.0.0.1 or localhost"
    if ":" in address:
        raise HostError(f"[{address}] is an IPv6 address; {accepted}")
    try:
        numeric = socket.gethostbyname(address)
    except (OSError, UnicodeError):
        raise HostError(f"{address!r} is not a known computer; {accepted}") from None
    if not IPv4Address(numeric).is_loopback:
        raise HostError(f"{address} cannot be reached, as nothing leaves this computer; {accepted}")
    return numeric


def _port(profile: Profile, options: Options) -> int:
    """Where the host is set up to answer."""
    port = options.get("reply", str(profile.reply_port))
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise HostError(f"reply={port} is not a port; such a URL is {profile.example}")
    return int(port)


def _path(options: Options) -> Path:
    if not options.get("profile"):
        raise HostError(f"a profile is missing; such a URL is {generic.PROFILE.example}")
    return Path(options["profile"])
