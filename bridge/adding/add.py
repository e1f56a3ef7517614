"""Add plugins to the user's table: draft, probe, write; one after another."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.adding.draft import Draft, RefusedPluginError
from bridge.adding.entry import Entry, entry_of
from bridge.adding.lv2_draft import draft_of_lv2
from bridge.adding.probe import probe
from bridge.adding.refusals import remember
from bridge.adding.scan import lv2_below, vst3_below
from bridge.adding.user_table import write_entry
from bridge.adding.vst3_draft import drafts_of_vst3
from bridge.effects.lilv import lilv
from bridge.errors import EffectError
from bridge.library import SHIPPED, Layer, Library, user_layer
from bridge.manifest import PluginSpec


@dataclass(frozen=True)
class Added:
    """A plugin that is in the user's table now."""

    source: str
    name: str
    plugin: PluginSpec
    held: dict[str, str]
    """By symbol: why a parameter is held at its default."""
    seconds: float


@dataclass(frozen=True)
class Refused:
    """A plugin that is not."""

    source: str
    name: str
    reason: str
    seconds: float


Outcome = Added | Refused
Drafted = tuple[str, Draft | RefusedPluginError]
"""A plugin's name, and its draft or the reason that there is none."""


class Adding:
    """Adds to one table."""

    def __init__(self, layer: Layer | None = None) -> None:
        """By itself to the user's."""
        self._layer = layer or user_layer()
        self._library = Library((SHIPPED, self._layer))

    def add(self, source: str) -> Iterator[Outcome]:
        """Blocking: what comes of each plugin of an LV2 URI, a VST3 file or a folder of them.

        What was added before is probed again and its entry replaced. Raises EffectError where the
        source is none of these, ManifestError where the user's table is not valid.
        """
        path = Path(source).expanduser()
        if not path.exists():
            yield from self._each(source, self._lv2(source))
        elif path.suffix == ".vst3":
            yield from self._each(str(path.absolute()), self._vst3(path))
        elif path.is_dir():
            yield from self._below(path)
        else:
            raise EffectError(
                f"{source} is no .vst3 file and no folder; give one of these, or an LV2 URI of"
                " `dafx-bridge scan`"
            )

    def _below(self, folder: Path) -> Iterator[Outcome]:
        uris, files = lv2_below(folder), vst3_below(folder)
        if not uris and not files:
            raise EffectError(
                f"no plugin lies in {folder}; where it holds LV2 bundles, name it in LV2_PATH"
            )
        for uri in uris:
            yield from self._each(uri, self._lv2(uri))
        for path in files:
            yield from self._each(str(path.absolute()), self._vst3(path))

    def _lv2(self, uri: str) -> Iterator[Drafted]:
        plugin = lilv().plugin(uri)
        name = (lilv().name(plugin) if plugin else "") or uri
        try:
            yield name, draft_of_lv2(uri, self._taken(uri))
        except RefusedPluginError as refusal:
            yield name, refusal

    def _vst3(self, path: Path) -> Iterator[Drafted]:
        yield from drafts_of_vst3(path, self._taken(str(path.absolute())))

    def _taken(self, source: str) -> set[str]:
        """Ids of other plugins: what stands in the user's table for this one may be replaced."""
        manifest = self._library.manifest
        own = Library((self._layer,)).manifest.plugins if self._layer.manifest.exists() else ()
        again = {p.id for p in own if source in (p.formats.lv2, p.formats.vst3)}
        rigs = {rig.id for rig in manifest.rigs}
        return ({plugin.id for plugin in manifest.plugins} | rigs) - again

    def _each(self, source: str, drafted: Iterator[Drafted]) -> Iterator[Outcome]:
        started_s = time.monotonic()
        for name, draft in drafted:
            try:
                if isinstance(draft, RefusedPluginError):
                    raise draft
                entry = self._entry(draft)
            except RefusedPluginError as refusal:
                remember(source, str(refusal))
                yield Refused(source, name, str(refusal), time.monotonic() - started_s)
            else:
                remember(source, "")
                seconds = time.monotonic() - started_s
                yield Added(source, name, entry.plugin, entry.held, seconds)
            started_s = time.monotonic()

    def _entry(self, draft: Draft) -> Entry:
        entry = entry_of(draft, probe(draft))
        write_entry(self._layer.manifest, entry, Library((SHIPPED,)))
        return entry
