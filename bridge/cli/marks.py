"""What the bridge can do with each plugin that a host holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote

from bridge.adding.scan import Installed, State, scan
from bridge.hosts import FoundTrack
from bridge.hosts.base import Key
from bridge.hosts.connect import FoundPlugin
from bridge.hosts.known import known, named_like
from bridge.manifest import Manifest

KNOWN = "known"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Mark:
    """Of one plugin on a track."""

    state: str
    """`KNOWN`, a `State` of the scan, or `UNKNOWN`."""
    detail: str
    """The library's id, the command that adds it, or why it cannot be used."""

    def __str__(self) -> str:
        return f"{self.state}: {self.detail}"


Marks = dict[tuple[Key, Key], Mark]
"""By the host's keys of track and plugin."""


def marks_of(tracks: Iterable[FoundTrack], manifest: Manifest) -> Marks:
    """A mark for every plugin. Looks at what is installed; no plugin is loaded."""
    installed = scan(manifest)
    return {
        (track.track.key, found.plugin.key): _mark(found, manifest, installed)
        for track in tracks
        for found in track.plugins
    }


def _mark(found: FoundPlugin, manifest: Manifest, installed: Sequence[Installed]) -> Mark:
    if plugin := known(found, manifest):
        return Mark(KNOWN, plugin.id)
    number = named_like(found, [each.name for each in installed])
    if number is None:
        return Mark(UNKNOWN, "no plugin of that name is installed for this computer's bridge")
    each = installed[number]
    if each.state == State.CAN_BE_ADDED:
        return Mark(each.state, f"dafx-bridge add {quote(each.source)}")
    if each.state == State.CANNOT:
        return Mark(each.state, each.detail)
    return Mark(
        State.CANNOT, f"it is added as {each.detail}, but the host has other names or ranges"
    )
