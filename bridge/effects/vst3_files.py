"""Where VST3 plugins lie on this computer."""

import os
from collections.abc import Iterator
from pathlib import Path

from bridge.errors import EffectError
from bridge.manifest import PluginSpec
from bridge.system import vst3_folders


def find(plugin: PluginSpec) -> Path:
    """The plugin's file or bundle. Raises EffectError, naming the folders, where there is none."""
    wanted = plugin.formats.vst3 or ""
    if wanted.endswith(".vst3"):
        path = Path(wanted).expanduser()
        if os.path.exists(path):
            return path
        raise EffectError(f"{plugin.id}: there is no {path}; install it or correct the manifest")
    places = list(folders())
    for folder in places:
        for path in sorted(folder.rglob(f"{wanted}.vst3")):
            return path
    looked = ", ".join(str(folder) for folder in places)
    raise EffectError(
        f"{plugin.id}: the VST3 plugin {wanted!r} is not in {looked}; install it there, or set"
        " VST3_PATH to its folder"
    )


def folders() -> Iterator[Path]:
    """What VST3_PATH names comes first."""
    for name in os.environ.get("VST3_PATH", "").split(os.pathsep):
        if name:
            yield Path(name).expanduser()
    yield from vst3_folders()
