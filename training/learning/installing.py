"""Putting a predictor into the user's layer, where updates leave it alone."""

import shutil
from pathlib import Path

from bridge.library import KEPT, Layer, Library
from bridge.manifest import PluginSpec
from training.learning.entries import name_model

_SHORT = 12


def install(
    folder: Path, plugin: PluginSpec, library: Library, layer: Layer, encoder_sha256: str
) -> Path:
    """Copy a predictor's folder, and keep the encoder and the critic that it needs beside it.

    Where the folder lies then.
    """
    target = layer.models / folder.name
    _copy(folder, target)
    keep_ears(library, layer.models, encoder_sha256)
    # Last: whoever reads the table then finds all that it names.
    name_model(layer, plugin, folder.name)
    return target


def keep_ears(library: Library, models: Path, encoder_sha256: str) -> None:
    """Copies of encoder and critic: an update may bring others, and a predictor needs its own."""
    for source in (library.encoder_folder(encoder_sha256), library.critic_folder(encoder_sha256)):
        name = source.name.removeprefix(KEPT).partition("-")[0]
        target = models / f"{KEPT}{name}-{encoder_sha256[:_SHORT]}"
        if not target.exists():
            _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    """All of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
