"""Which plugins are installed, and what can be done with each; none of their code runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlparse

from bridge.adding.draft import RefusedPluginError
from bridge.adding.lv2_draft import draft_of_lv2
from bridge.adding.refusals import refusals
from bridge.effects.lilv import lilv
from bridge.effects.vst3_files import find, folders
from bridge.errors import EffectError
from bridge.manifest import Manifest


class State(StrEnum):
    """What can be done with a plugin."""

    ADDED = "added"
    CAN_BE_ADDED = "can be added"
    CANNOT = "cannot"


@dataclass(frozen=True)
class Installed:
    """One plugin that is there, or a VST3 file, which may hold several."""

    source: str
    """What `dafx-bridge add` takes: an LV2 URI, or a path."""
    format: str
    name: str
    state: State
    detail: str
    """The ids that it is added by, or why it cannot be."""


def scan(manifest: Manifest) -> list[Installed]:
    """LV2 plugins as lilv knows them, then the VST3 files of this system's folders, by name."""
    return [*sorted(_lv2(manifest), key=_by_name), *sorted(_vst3(manifest), key=_by_name)]


def lv2_below(folder: Path) -> list[str]:
    """URIs of the installed LV2 plugins whose bundles lie in a folder, or are it."""
    inside = folder.resolve()
    found = []
    for uri, plugin in lilv().plugins():
        bundle = path_of(lilv().bundle(plugin))
        if bundle is not None and bundle.resolve().is_relative_to(inside):
            found.append(uri)
    return sorted(found)


def vst3_below(folder: Path) -> list[Path]:
    """VST3 files and bundles in a folder, at any depth."""
    found = sorted(folder.rglob("*.vst3"))
    # A bundle holds a file of its own name.
    return [p for p in found if not any(a.suffix == ".vst3" for a in p.relative_to(folder).parents)]


def path_of(uri: str) -> Path | None:
    """The path of a `file:` URI."""
    parsed = urlparse(uri)
    return Path(unquote(parsed.path)) if parsed.scheme == "file" else None


def _by_name(installed: Installed) -> tuple[str, str]:
    return installed.name.lower(), installed.source


def _lv2(manifest: Manifest) -> Iterator[Installed]:
    try:
        plugins = list(lilv().plugins())
    except EffectError:
        # There is no lilv, which `dafx-bridge doctor` tells.
        return
    ids: dict[str, list[str]] = {}
    for entry in manifest.plugins:
        if entry.formats.lv2:
            ids.setdefault(entry.formats.lv2, []).append(entry.id)
    refused = refusals()
    for uri, plugin in plugins:
        name = lilv().name(plugin) or uri
        if uri in ids:
            yield Installed(uri, "LV2", name, State.ADDED, ", ".join(ids[uri]))
            continue
        try:
            draft_of_lv2(uri, ())
        except RefusedPluginError as refusal:
            yield Installed(uri, "LV2", name, State.CANNOT, str(refusal))
        else:
            yield _tried(Installed(uri, "LV2", name, State.CAN_BE_ADDED, ""), refused)


def _vst3(manifest: Manifest) -> Iterator[Installed]:
    ids: dict[Path, list[str]] = {}
    for entry in manifest.plugins:
        if entry.formats.vst3:
            try:
                ids.setdefault(find(entry).resolve(), []).append(entry.id)
            except EffectError:
                continue
    refused = refusals()
    for folder in dict.fromkeys(folders()):
        for path in vst3_below(folder) if folder.is_dir() else ():
            source = str(path.absolute())
            if known := ids.get(path.resolve()):
                yield Installed(source, "VST3", path.stem, State.ADDED, ", ".join(known))
            else:
                found = Installed(source, "VST3", path.stem, State.CAN_BE_ADDED, "")
                yield _tried(found, refused)


def _tried(installed: Installed, refused: dict[str, str]) -> Installed:
    """The same, but for what `add` has found."""
    reason = refused.get(installed.source)
    if not reason:
        return installed
    return Installed(
        installed.source, installed.format, installed.name, State.CANNOT, f"{reason} (tried)"
    )
