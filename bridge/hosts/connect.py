"""From a URL to a host: `SCHEME://ADDRESS:PORT/TRACK/PLUGIN`."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from bridge.errors import HostError
from bridge.hosts import ardour, embedded
from bridge.hosts.base import Dialect, Host, HostParameter, HostPlugin, HostTrack, Profile
from bridge.hosts.finding import Wanted
from bridge.hosts.plugin_host import PluginHost
from bridge.manifest import PluginSpec
from bridge.osc import Address

_DIALECTS: dict[str, tuple[Profile, Callable[[Address], Dialect]]] = {
    profile.scheme: (profile, dialect)
    for profile, dialect in (
        (embedded.PROFILE, embedded.Embedded),
        (ardour.PROFILE, ardour.Ardour),
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
    return dialect((numeric, port)), wanted
