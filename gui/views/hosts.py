"""The URL of a host, taken apart for the card and put together again."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from bridge.control.embedded_process import NAME as EMBEDDED_PROCESS
from bridge.hosts import PROFILES, Profile

EMBEDDED = EMBEDDED_PROCESS
"""Scheme of the embedded host; alone, it asks the engine for one of its own."""


@dataclass(frozen=True)
class HostChoice:
    """What the host card shows: kind, address, options, and where in the host the plugin is."""

    scheme: str = EMBEDDED
    address: str = ""
    """`127.0.0.1:3819`; empty for the embedded host of the engine's own."""
    query: str = ""
    path: tuple[str, ...] = ()
    """Track and plugin, or the plugin alone; empty where the engine finds it by its name."""

    @property
    def own(self) -> bool:
        """Whether it is the engine's own embedded host."""
        return self.scheme == EMBEDDED and not self.address

    @property
    def url(self) -> str:
        """As `/host` takes it."""
        if self.own:
            return EMBEDDED
        return self._base("".join("/" + quote(part, safe="") for part in self.path))

    @property
    def root(self) -> str:
        """As `/discover` takes it: without track and plugin."""
        return self._base("")

    def _base(self, path: str) -> str:
        return f"{self.scheme}://{self.address}{path}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class Found:
    """What a host holds: names of plugins by the name of their track."""

    tracks: dict[str, list[str]]

    @classmethod
    def of(cls, told: Any) -> "Found":
        """From the JSON of `/discovered`; tracks without plugins are left out."""
        tracks = told if isinstance(told, list) else []
        return cls(
            {
                str(track["name"]): [str(plugin["name"]) for plugin in track["plugins"]]
                for track in tracks
                if track.get("plugins")
            }
        )

    def place(self, path: tuple[str, ...], plugin: str) -> tuple[str, str]:
        """Track and plugin to offer: those of the path, else where one has the plugin's name.

        Empty where there is none; a host without tracks has one that holds everything.
        """
        track = path[0] if path else ""
        name = path[-1] if path else ""
        for here, names in self.tracks.items():
            if here == track or (len(path) == 1 and name in names):
                return here, name if name in names else ""
        for here, names in self.tracks.items():
            for one in names:
                if one.casefold() == plugin.casefold():
                    return here, one
        return next(iter(self.tracks), ""), ""


def profile_of(scheme: str) -> Profile:
    """The profile of that scheme; the embedded host's where there is none."""
    return next((one for one in PROFILES if one.scheme == scheme), PROFILES[0])


def host_choice(url: str) -> HostChoice:
    """What a URL says; what cannot be read is the embedded host."""
    if url in ("", EMBEDDED):
        return HostChoice()
    try:
        parts = urlsplit(url)
    except ValueError:
        return HostChoice()
    path = tuple(unquote(part) for part in parts.path.split("/") if part)
    return HostChoice(parts.scheme, parts.netloc, urlencode(parse_qsl(parts.query)), path)


def default_choice(scheme: str) -> HostChoice:
    """The profile's example without its placeholders."""
    example = host_choice(profile_of(scheme).example)
    return HostChoice(scheme, example.address, example.query)
