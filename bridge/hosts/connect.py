"""From a URL to a host: `SCHEME://ADDRESS:PORT/PATH`."""

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from bridge.errors import HostError
from bridge.hosts.base import Host
from bridge.hosts.embedded import EmbeddedHost
from bridge.manifest import PluginSpec
from bridge.osc import Address

_DIALECTS: dict[str, Callable[[Address, PluginSpec], Host]] = {"embedded": EmbeddedHost}


def connect(url: str, plugin: PluginSpec) -> Host:
    """The host at `url`, with the plugin found in it.

    Raises HostError for a URL of another form and where the host does not answer.
    """
    try:
        parts = urlsplit(url)
        address, port = parts.hostname, parts.port
    except ValueError:
        address, port = None, None
    if not address or not port or parts.scheme not in _DIALECTS:
        raise HostError(
            f"{url!r} is not a host URL; give {' or '.join(_DIALECTS)}://ADDRESS:PORT, such as"
            " embedded://127.0.0.1:9001"
        )
    try:
        # Resolved once: a name would be looked up again for every datagram.
        numeric = socket.gethostbyname(address)
    except (OSError, UnicodeError):
        raise HostError(f"{address!r} is not a known computer; give its name or address") from None
    return _DIALECTS[parts.scheme]((numeric, port), plugin)
