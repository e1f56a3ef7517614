"""Where VST3 plugins lie on this computer."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from bridge.errors import EffectError
from bridge.manifest import PluginSpec


def find(plugin: PluginSpec) -> Path:
    """The plugin's file or bundle. Raises EffectError, naming the folders, where there is none."""
    wanted = plugin.formats.vst3 or ""
    if wanted.endswith(".vst3"):
        path = Path(wanted).expanduser()
        if path.exists():
            return path
        raise EffectError(f"{plugin.id}: there is no {path}; install it or correct the manifest")
    folders = list(_folders())
    for folder in folders:
        for path in sorted(folder.rglob(f"{wanted}.vst3")):
            return path
    places = ", ".join(str(folder) for folder in folders)
    raise EffectError(
        f"{plugin.id}: the VST3 plugin {wanted!r} is not in {places}; install it there, or set"
        " VST3_PATH to its folder"
    )


def _folders() -> Iterator[Path]:
    """Where VST3 plugins lie on this system: what VST3_PATH names comes first."""
    for name in os.environ.get("VST3_PATH", "").split(os.pathsep):
        if name:
            yield Path(name).expanduser()
    match sys.platform:
        case "darwin":
            yield Path("~/Library/Audio/Plug-Ins/VST3").expanduser()
            yield Path("/Library/Audio/Plug-Ins/VST3")
        case "win32":
            for variable in ("LOCALAPPDATA", "COMMONPROGRAMFILES"):
                if folder := os.environ.get(variable):
                    inside = ("Programs", "Common") if variable == "LOCALAPPDATA" else ()
                    yield Path(folder, *inside, "VST3")
        case _:
            yield Path("~/.vst3").expanduser()
            yield Path("/usr/lib/vst3")
            yield Path("/usr/local/lib/vst3")
