"""Presets as files: a ZIP of `preset.json` and, where there is a reference, `reference.flac`.

Presets of before were bare JSON, which named the reference by its path; they still open.
"""

import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from bridge.chain import ChainSetting, chain_of
from bridge.control.nodes import PARAMETER
from bridge.errors import BridgeError, ManifestError
from bridge.manifest import Manifest
from bridge.texts import parse_json, read_json
from gui.views.presets import REFERENCE, Carried, Preset, kept_nodes

SUFFIX = ".dafx"
OLD_SUFFIX = ".dafx.json"
_FORMAT = "dafx-bridge preset"
_VERSION = 3
_BY_PATH, _ONE_PLUGIN = 2, 1
"""Versions that name the reference by its path; the first of one plugin, with values by symbol."""
_TOLD, _SOUND = "preset.json", "reference.flac"
_MOST_TOLD_BYTES, _MOST_SOUND_BYTES = 4 << 20, 128 << 20
"""A file from a stranger may unpack to no more."""


class PresetError(BridgeError):
    """A preset cannot be read or written."""


@dataclass(frozen=True)
class PresetEntry:
    """What a list shows of a preset's file."""

    path: Path
    name: str
    tags: tuple[str, ...] = ()
    chain: str = ""
    """As `/chain` takes it."""
    reference: str = ""
    """Name of the recording inside; empty where there is none."""
    fault: str = ""
    """Why it cannot be loaded; empty where it can."""

    def is_found_by(self, words: str) -> bool:
        """Whether every word is part of its name, tags, chain or reference."""
        line = " ".join((self.name, *self.tags, self.chain, self.reference)).casefold()
        return all(word in line for word in words.casefold().split())


def save_preset(preset: Preset, path: Path) -> None:
    """Write it whole, or leave what was there. Raises PresetError where that fails."""
    told = {
        "format": _FORMAT,
        "version": _VERSION,
        "name": preset.name,
        "tags": list(preset.tags),
        "chain": preset.chain.id,
        "settings": {where: list(value) for where, value in preset.nodes.items()},
        "parameters": preset.setting.all_values,
        "reference": preset.reference.name if preset.reference else "",
    }
    _write(path, told, preset.reference.flac if preset.reference else b"")


def rename_preset(path: Path, name: str, tags: Iterable[str]) -> None:
    """Call it otherwise, in its file. Raises PresetError where that fails."""
    told, sound = _read(path)
    _write(path, told | {"name": name, "tags": list(tags)}, sound)


def load_preset(path: Path, manifest: Manifest) -> Preset:
    """Read it. Raises PresetError, one line, where it is no preset or does not fit."""
    told, sound = _read(path)
    version = told["version"]
    try:
        if version == _ONE_PLUGIN:
            told = _as_chain(told)
        chain = chain_of(str(told["chain"]), manifest)
        setting = ChainSetting.of_values(chain, dict(told["parameters"]))
        settings = dict(told["settings"])
        known = [*(REFERENCE if version <= _BY_PATH else ()), *kept_nodes(chain)]
        nodes = {where: tuple(settings[where]) for where in known if where in settings}
        tags = tuple(str(tag) for tag in told.get("tags", ()))
    except (ManifestError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise PresetError(f"{path}: does not fit this computer's manifest ({error})") from None
    carried = Carried(str(told.get("reference") or _SOUND), sound) if sound else None
    return Preset(nodes, setting, str(told.get("name") or name_of(path)), tags, carried)


def unpack(reference: Carried, folder: Path) -> Path:
    """The recording as a file below `folder`, as the engine reads it. Raises PresetError."""
    stem = re.sub(r"[^\w +-]+", "-", Path(reference.name.replace("\\", "/")).stem).strip("- ")
    # A folder for each, so that two may have one name, and keep it when they are saved again.
    path = folder / sha256(reference.flac).hexdigest()[:12] / f"{stem[:60] or 'reference'}.flac"
    if not path.is_file():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(reference.flac)
        except OSError as error:
            raise _unwritable(path, error) from None
    return path


def entries(folder: Path) -> list[PresetEntry]:
    """Blocking: the presets in a folder, by name."""
    files = [p for suffix in (SUFFIX, OLD_SUFFIX) for p in folder.glob(f"*{suffix}")]
    return sorted(map(entry_of, files), key=lambda entry: entry.name.casefold())


def entry_of(path: Path) -> PresetEntry:
    """What a file holds, without its sound."""
    try:
        told, _ = _read(path, sound=False)
    except PresetError as error:
        return PresetEntry(path, name_of(path), fault=str(error))
    tags = told.get("tags", ())
    return PresetEntry(
        path,
        str(told.get("name") or name_of(path)),
        tuple(map(str, tags)) if isinstance(tags, list) else (),
        str(told.get("chain") or told.get("plugin", "")),
        str(told.get("reference", "")),
    )


def name_of(path: Path) -> str:
    """What a file's name says."""
    return path.name.removesuffix(".json").removesuffix(SUFFIX)


def path_of(name: str, folder: Path) -> Path:
    """Where a preset of that name lies."""
    plain = re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "-", name).strip(" .") or "preset"
    return folder / f"{plain[:80]}{SUFFIX}"


def _read(path: Path, sound: bool = True) -> tuple[dict[str, Any], bytes]:
    """What a file tells, of a version that is known, and its sound."""
    try:
        if path.is_file() and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as file:
                told = parse_json(_part(file, _TOLD, _MOST_TOLD_BYTES))
                heard = sound and _SOUND in file.namelist()
                flac = _part(file, _SOUND, _MOST_SOUND_BYTES) if heard else b""
        else:
            told, flac = read_json(path), b""
    # A file of an unknown packing is no preset either.
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        raise PresetError(f"{path}: cannot be read as a preset ({error})") from None
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        raise PresetError(f"{path}: is not a preset of dafx-bridge; choose another file")
    if told.get("version") not in (_ONE_PLUGIN, _BY_PATH, _VERSION):
        raise PresetError(
            f"{path}: is of version {told.get('version')}, not {_VERSION}; update dafx-bridge"
        )
    return told, flac


def _part(file: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    if file.getinfo(name).file_size > most_bytes:
        raise ValueError(f"{name} is larger than {most_bytes >> 20} MiB")
    return file.read(name)


def _write(path: Path, told: dict[str, Any], flac: bytes) -> None:
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(_TOLD, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
            if flac:
                file.writestr(_SOUND, flac, zipfile.ZIP_STORED)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> PresetError:
    return PresetError(f"{path}: cannot be written ({error.strerror}); choose another place")


def _as_chain(told: dict[str, Any]) -> dict[str, Any]:
    """A preset of one plugin as that of a chain of one."""
    plugin = str(told.get("plugin"))
    below = f"{PARAMETER}/"
    renamed = {
        where.replace(below, f"{below}{plugin}/", 1)
        if where.startswith(below)
        else {"/memory": "/averaging"}.get(where, where): value
        for where, value in dict(told["settings"]).items()
    }
    values = {f"{plugin}/{symbol}": real for symbol, real in dict(told["parameters"]).items()}
    return {"chain": plugin, "settings": renamed, "parameters": values}
