"""What is known: plugins, rigs and trained models, in two layers.

The first layer is shipped, inside an installed wheel or in a checkout; the second is the user's
data folder and survives an update. An entry of the user's takes the place of a shipped one of the
same id. A model names the encoder it needs by hash, so several encoders may lie side by side.

A table of the user's that is not valid is left out whole and told as a fault: what is shipped stays
usable.

No thread: files are looked at when something is asked for, and read again where they have changed.
Any thread may ask. A library is small and can be sent to another process.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from platformdirs import user_data_path

from bridge.errors import ManifestError, ModelError
from bridge.manifest import Manifest, PluginSpec, read_manifest
from bridge.texts import read_json

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "data" if (_PACKAGE / "data").is_dir() else _PACKAGE.parent
MANIFEST = _SHIPPED / "plugins_manifest.yaml"
MODELS = _SHIPPED / "exported_models"
HOST_FILES = _SHIPPED / ("hosts" if _SHIPPED.name == "data" else "docs/hosts")
"""Patterns and templates that hosts take."""
ENCODER_FOLDER = "encoder"
CRITIC_FOLDER = "critic"
KEPT = "kept-"
"""So begin the folders of copies that predictors of the user's still need after an update; they are
taken where nothing else has the hash that is asked for."""
MODEL_FILE = "model.onnx"
CARD_FILE = "card.json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Layer:
    """One place where plugins and models lie; neither file nor folder need be there."""

    manifest: Path
    models: Path


SHIPPED = Layer(MANIFEST, MODELS)


def user_layer() -> Layer:
    """The user's own, in the system's folder for data."""
    folder = user_data_path("dafx-bridge", appauthor=False)
    return Layer(folder / MANIFEST.name, folder / "models")


@dataclass(frozen=True)
class Library:
    """Layers of plugins, rigs and models; of two with one name, the later layer's counts."""

    layers: tuple[Layer, ...] = (SHIPPED,)

    @classmethod
    def of_models(cls, models: Path) -> Self:
        """The shipped plugins with the models of this folder alone."""
        return cls((Layer(MANIFEST, models),))

    @property
    def manifest(self) -> Manifest:
        """All plugins and rigs. Raises ManifestError where the first layer's table is not valid."""
        return self._known.manifest

    @property
    def faults(self) -> tuple[str, ...]:
        """One line for each of the user's tables that is left out: file, entry and remedy.

        Each is logged as a warning too, once as long as the files stay as they are.
        """
        return self._known.faults

    @property
    def _known(self) -> "_Known":
        return _known(tuple((file, _stamp(file)) for file in self.files))

    def predictor_folder(self, plugin: PluginSpec) -> Path | None:
        """Where the plugin's predictor lies; None for a plugin that has none.

        Raises ModelError where the manifest names a folder that is not there.
        """
        if plugin.model is None:
            return None
        for layer in reversed(self.layers):
            folder = layer.models / plugin.model
            # os.path answers False where pathlib raises: a folder that is closed to us.
            if os.path.isdir(folder):
                return folder
        raise ModelError(
            f"{plugin.id}: model {plugin.model!r} is not below {self._model_folders}; train and"
            " export it, or leave `model` out of the manifest"
        )

    def encoder_folder(self, sha256: str | None = None) -> Path:
        """The encoder of that hash, or by itself the newest layer's.

        Raises ModelError where there is none.
        """
        for folder in self._folders(ENCODER_FOLDER, kept=sha256 is not None):
            if sha256 is None or _field(folder / CARD_FILE, "sha256") == sha256:
                return folder
        wanted = "no encoder" if sha256 is None else f"no encoder of sha256 {sha256[:12]}…"
        raise ModelError(
            f"there is {wanted} below {self._model_folders}; export it together with its models"
        )

    def critic_folder(self, encoder_sha256: str) -> Path:
        """The newest layer's critic that was made for this encoder.

        Raises ModelError where there is none.
        """
        for folder in self._folders(CRITIC_FOLDER, kept=True):
            if _field(folder / CARD_FILE, "encoder_sha256") == encoder_sha256:
                return folder
        raise ModelError(
            f"there is no critic for the encoder {encoder_sha256[:12]}… below"
            f" {self._model_folders}; train one: dafx-train critic"
        )

    def _folders(self, name: str, kept: bool) -> Iterator[Path]:
        """Folders whose names begin so and that hold a card, the newest layer's first."""
        for beginning in (name, *([f"{KEPT}{name}"] if kept else [])):
            for layer in reversed(self.layers):
                found = _beginning(layer.models, beginning)
                yield from (folder for folder in found if os.path.isfile(folder / CARD_FILE))

    @property
    def _model_folders(self) -> str:
        return " or ".join(str(layer.models) for layer in self.layers)

    def model_files(self, plugins: Sequence[PluginSpec]) -> tuple[Path, ...]:
        """Where these plugins' models lie, or would be found; not all of them need be there."""
        folders = [
            folder
            for layer in self.layers
            for folder in (
                *(layer.models / plugin.model for plugin in plugins if plugin.model),
                *_beginning(layer.models, ENCODER_FOLDER),
                *_beginning(layer.models, CRITIC_FOLDER),
            )
        ]
        return tuple(folder / name for folder in folders for name in (MODEL_FILE, CARD_FILE))

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are watched: an engine that runs reads them again where they change."""
        return tuple(layer.manifest for layer in self.layers)


def open_library() -> Library:
    """What is shipped, and what the user has added."""
    return Library((SHIPPED, user_layer()))


_Stamp = tuple[int, int]


@dataclass(frozen=True)
class _Known:
    manifest: Manifest
    faults: tuple[str, ...]


@lru_cache(maxsize=16)
def _known(files: tuple[tuple[Path, _Stamp | None], ...]) -> _Known:
    """What these tables hold; the stamps make it read them again where they have changed."""
    (first, _), *others = files
    manifest, faults = Manifest.merged([read_manifest(first)]), []
    for file, stamp in others:
        if stamp is None:
            continue
        try:
            own = read_manifest(file)
            manifest = _over(manifest, own, file)
        except ManifestError as error:
            faults.append(f"{error}; until then nothing of this file is used")
            _log.warning(faults[-1])
    return _Known(manifest, tuple(faults))


def _over(shipped: Manifest, own: Manifest, file: Path) -> Manifest:
    try:
        return Manifest.merged([shipped, own])
    except ManifestError as error:
        raise ManifestError(f"{file}, {error}") from None


def _stamp(path: Path) -> _Stamp | None:
    """When a file was last written, in ns, and its size; None where it is not there."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def _beginning(models: Path, name: str) -> list[Path]:
    """What lies there and begins with this name; nothing where nobody may look."""
    return sorted(models.glob(f"{name}*")) if os.path.isdir(models) else []


def _field(card: Path, name: str) -> str:
    """A hash in a card; empty where it cannot be read, which loading it will tell."""
    try:
        return str(read_json(card).get(name, ""))
    except (OSError, ValueError, AttributeError):
        return ""
