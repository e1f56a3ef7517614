"""From a URL to a host: `SCHEME://ADDRESS:PORT/TRACK/PLUGIN`."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from bridge.errors import HostError
from bridge.hosts import ardour, bitwig, embedded, live, reaper, supercollider, sushi
from bridge.hosts.base import Dialect, Host, HostParameter, HostPlugin, HostTrack, Profile
from bridge.hosts.finding import Wanted
from bridge.hosts.plugin_host import PluginHost
from bridge.manifest import PluginSpec
from bridge.osc import Address

Open = Callable[[Address, int], Dialect]
"""Of the host's address and the port for its answers, which hosts that answer the asker ignore."""
_DIALECTS: dict[str, tuple[Profile, Open]] = {
    profile.scheme: (profile, dialect)
    for profile, dialect in (
        (embedded.PROFILE, lambda address, _: embedded.Embedded(address)),
        (ardour.PROFILE, lambda address, _: ardour.Ardour(address)),
        (reaper.PROFILE, reaper.Reaper),
        (live.PROFILE, live.Live),
        (bitwig.PROFILE, bitwig.Bitwig),
        (sushi.PROFILE, sushi.Sushi),
        (supercollider.PROFILE, lambda address, _: supercollider.SuperCollider(address)),
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


def connect(url: str, plugin: PluginSpec) -> Host:
    """Blocking: the host at `url`, with the plugin found in it.

    Track and plugin may be left out where only one plugin there has the name of the manifest's.
    Raises HostError for a URL of another form, where the host does not answer, and where it holds
    no such plugin or one with other parameters.
    """
    dialect, wanted = _open(url)
    return PluginHost(dialect, wanted, plugin)


def discover(url: str) -> list[FoundTrack]:
    """Blocking: everything the host at `url` holds. Raises HostError where it cannot be told."""
    dialect, _ = _open(url)
    with dialect:
        if not dialect.profile.discovers:
            raise HostError(
                f"{dialect.profile.name} cannot be asked what it holds; name the plugin in the URL,"
                f" such as {dialect.profile.example}"
            )
        return [
            FoundTrack(
                track,
                tuple(
                    FoundPlugin(plugin, tuple(dialect.parameters(track, plugin)))
                    for plugin in dialect.plugins(track)
                ),
            )
            for track in dialect.tracks()
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
    path = [unquote(name) for name in parts.path.split("/") if name]
    if len(path) > (2 if profile.tracks else 1):
        raise HostError(
            f"{url!r} names too much; such a host URL is {profile.example}, with %2F for a / in a"
            " name"
        )
    try:
        # Resolved once: a name would be looked up again for every datagram.
        numeric = socket.gethostbyname(address)
    except (OSError, UnicodeError):
        raise HostError(f"{address!r} is not a known computer; give its name or address") from None
    wanted = Wanted(*path) if profile.tracks else Wanted(None, *path)
    return dialect((numeric, port), _reply_port(url, parts.query, profile)), wanted


def _reply_port(url: str, query: str, profile: Profile) -> int:
    match parse_qsl(query, keep_blank_values=True):
        case []:
            return profile.reply_port
        case [("reply", port)] if port.isdecimal() and int(port) < 65_536 and profile.reply_port:
            return int(port)
    raise HostError(f"{url!r} asks for what is not known; such a host URL is {profile.example}")
