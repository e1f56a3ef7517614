"""A plugin's sound map on disk: three small networks, and the settings it was laid out from."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from bridge.arrays import Floats
from bridge.errors import ModelError
from bridge.library import CARD_FILE, Library, open_library
from bridge.manifest import PluginSpec
from bridge.models.cards import (
    EncoderCard,
    MapCard,
    against_manifest,
    file_sha256,
    read_card,
    read_record,
    refuse_misfits,
)
from bridge.models.loading import needed_encoder, open_session, predictor_folder

MAP_FOLDER = "map"
SETTING_FILE, POSITION_FILE, LOCATE_FILE = "setting.onnx", "position.onnx", "locate.onnx"
POINTS_FILE = "points.npz"
MAP_INPUTS = {SETTING_FILE: "position", POSITION_FILE: "setting", LOCATE_FILE: "embedding"}
MAP_OUTPUTS = {SETTING_FILE: "parameters", POSITION_FILE: "place", LOCATE_FILE: "located"}
_REMEDY = "run `dafx-train sound-map`"


class MapNetworks:
    """Ways between positions (2,) in the unit square, settings (p,) and embeddings (d,).

    Settings are normalised values of the predicted parameters, in the manifest's order.
    """

    def __init__(self, folder: Path, plugin: PluginSpec, encoder: EncoderCard) -> None:
        """Raises ModelError where a file is missing, corrupt or fits neither manifest nor encoder.

        `folder` is the map's own.
        """
        self.card = _read(folder, plugin, encoder)
        points = _points(folder, self.card)
        self.positions, self.projection = points["positions"], points["projection"]
        self.settings = points["settings"]
        self.gains_db, self.brightness = points["gains_db"], points["brightness"]
        count = len(plugin.predicted)
        inputs = {SETTING_FILE: 2, POSITION_FILE: count, LOCATE_FILE: self.card.embedding_size}
        outputs = {SETTING_FILE: count, POSITION_FILE: 2, LOCATE_FILE: 2}
        self._sessions = {
            name: open_session(
                folder / name,
                {MAP_INPUTS[name]: (1, inputs[name])},
                {MAP_OUTPUTS[name]: (1, outputs[name])},
            )
            for name in MAP_INPUTS
        }

    positions: Floats
    """Of the settings that were laid out, (n, 2)."""
    projection: Floats
    """Where UMAP had put them before they were spread over the square, (n, 2), standardised."""
    settings: Floats
    """These settings, (n, p)."""
    gains_db: Floats
    """How much louder they make a recording on average, K-weighted, (n,)."""
    brightness: Floats
    """By how many octaves they raise its spectral centroid on average, (n,)."""

    def setting(self, position: Floats) -> Floats:
        """The setting at a position."""
        return self._ask(SETTING_FILE, position)

    def position(self, setting: Floats) -> Floats:
        """The position of a setting."""
        return self._ask(POSITION_FILE, setting)

    def locate(self, embedding: Floats) -> Floats:
        """The position where a recording sounds likeliest to belong."""
        return self._ask(LOCATE_FILE, embedding)

    def _ask(self, name: str, row: Floats) -> Floats:
        (answers,) = self._sessions[name].run(
            None, {MAP_INPUTS[name]: np.asarray(row, np.float32)[None]}
        )
        answer: Floats = answers[0]
        return answer


def load_networks(plugin: PluginSpec, library: Library | None = None) -> MapNetworks:
    """The map beside the plugin's predictor. Raises ModelError, saying what to do, without one."""
    if plugin.model is None:
        raise ModelError(
            f"{plugin.id}: no model is trained for this plugin yet, and so there is no sound map;"
            " choose another plugin"
        )
    known = library or open_library()
    predictor = predictor_folder(plugin, known)
    # A map of another encoder than the predictor's is refused by its card.
    encoder = read_card(known.encoder_folder(needed_encoder(predictor)), EncoderCard)
    return MapNetworks(predictor / MAP_FOLDER, plugin, encoder)


def _read(folder: Path, plugin: PluginSpec, encoder: EncoderCard) -> MapCard:
    path = folder / CARD_FILE
    card = read_record(path, MapCard, _REMEDY)
    refuse_misfits(path, "manifest", against_manifest(card, plugin), f"{_REMEDY} again")
    in_encoder: list[tuple[str, object, object]] = [
        ("encoder_sha256", card.encoder_sha256, encoder.sha256),
        ("embedding_size", card.embedding_size, encoder.embedding_size),
    ]
    refuse_misfits(path, "encoder's card", in_encoder, f"{_REMEDY} again")
    for name in (*MAP_INPUTS, POINTS_FILE):
        file = folder / name
        if not file.exists():
            raise ModelError(f"{file}: no such file; {_REMEDY} again")
        if file_sha256(file) != card.sha256.get(name):
            raise ModelError(
                f"{file}: does not match sha256 in {CARD_FILE}; the file is corrupt, fetch it again"
            )
    return card


def _points(folder: Path, card: MapCard) -> dict[str, Floats]:
    path = folder / POINTS_FILE
    shapes = {
        "positions": (card.points, 2),
        "projection": (card.points, 2),
        "settings": (card.points, len(card.parameters)),
        "gains_db": (card.points,),
        "brightness": (card.points,),
    }
    try:
        with np.load(path) as arrays:
            found = {name: np.asarray(arrays[name], np.float32) for name in shapes}
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ModelError(f"{path}: not readable ({error}); {_REMEDY} again") from None
    for name, shape in shapes.items():
        if found[name].shape != shape:
            has = found[name].shape
            raise ModelError(f"{path}: {name} is {has}, not {shape}; {_REMEDY} again")
    return found
