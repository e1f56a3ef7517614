"""ONNX sessions for encoder and predictor: one thread, fixed shapes, no telemetry."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# onnxruntime reports its use to its maker unless told otherwise before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime

from bridge.analysis.statistics import GROUPS, LEVEL_NAMES, SIZE
from bridge.arrays import Floats
from bridge.errors import ModelError
from bridge.library import CARD_FILE, MODEL_FILE, Library, open_library
from bridge.manifest import PluginSpec
from bridge.models.cards import EncoderCard, PredictorCard, check_fits, read_card, read_record

PREDICTOR_INPUTS = (
    "input_embedding",
    "reference_embedding",
    "input_levels",
    "reference_levels",
    "sample_rate",
)
ENCODER_OUTPUTS = ("embedding", "style")
PREDICTOR_OUTPUTS = ("parameters", "bins", "bypass")


@dataclass(frozen=True)
class Embedded:
    """What the encoder says of one recording."""

    embedding: Floats
    """(embedding_size,): what predictors take."""
    style: Floats
    """(style_size,): scaled so that distances compare styles, whatever was played."""


@dataclass(frozen=True)
class Prediction:
    """What a predictor knows of the setting; p counts the plugin's predicted parameters."""

    parameters: Floats
    """Normalised values (p,) in 0..1."""
    posterior: Floats
    """Probabilities (p, bins) of each parameter's value; classes of an enum come first."""
    bypass: float
    """Probability that the reference is dry."""


class Encoder:
    """Statistics to embeddings."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelError where model or card are missing, corrupt or do not fit together."""
        self.card = read_card(folder, EncoderCard)
        for field, has, computed in (
            ("levels", list(self.card.levels), list(LEVEL_NAMES)),
            ("statistics", self.card.statistics, GROUPS),
        ):
            if has != computed:
                raise ModelError(
                    f"{folder}: {field} are {has} but this version computes {computed};"
                    " export the model again"
                )
        self._session = open_session(
            folder / MODEL_FILE,
            {"vector": (1, SIZE)},
            {"embedding": (1, self.card.embedding_size), "style": (1, self.card.style_size)},
        )

    def embed(self, vector: Floats) -> Embedded:
        """The embedding of a vector of statistics, (SIZE,)."""
        embedding, style = self._session.run(None, {"vector": vector[None]})
        return Embedded(embedding[0], style[0])


class Predictor:
    """Two embeddings, two sets of levels and the host's rate to what is known of the setting."""

    def __init__(self, folder: Path, plugin: PluginSpec, encoder: EncoderCard) -> None:
        """Raises ModelError, naming the field, where it fits neither manifest nor encoder."""
        self.card = read_card(folder, PredictorCard)
        check_fits(self.card, plugin, encoder, folder)
        size, levels = self.card.embedding_size, len(self.card.levels)
        shapes = dict(
            zip(
                PREDICTOR_INPUTS,
                [(1, size), (1, size), (1, levels), (1, levels), (1, 1)],
                strict=True,
            )
        )
        count = len(plugin.predicted)
        outputs = {
            "parameters": (1, count),
            "bins": (1, count, self.card.bins),
            "bypass": (1, 1),
        }
        self._session = open_session(folder / MODEL_FILE, shapes, outputs)

    def predict(
        self,
        input_embedding: Floats,
        reference_embedding: Floats,
        input_levels: Floats,
        reference_levels: Floats,
        sample_rate: float,
    ) -> Prediction:
        """What the setting should be, in the manifest's order of predicted parameters.

        Embeddings (embedding_size,), levels as `LEVEL_NAMES`, the host's rate in Hz.
        """
        arrays = (
            input_embedding,
            reference_embedding,
            input_levels,
            reference_levels,
            np.array([sample_rate]),
        )
        feed = {
            name: np.asarray(array, np.float32)[None]
            for name, array in zip(PREDICTOR_INPUTS, arrays, strict=True)
        }
        parameters, bins, bypass = self._session.run(None, feed)
        return Prediction(parameters[0], bins[0], float(bypass[0, 0]))


def load_encoder(library: Library | None = None, sha256: str | None = None) -> Encoder:
    """The encoder of that hash, or by itself the newest one."""
    return Encoder((library or open_library()).encoder_folder(sha256))


def load_predictor(
    plugin: PluginSpec, encoder: Encoder, library: Library | None = None
) -> Predictor:
    """The predictor the manifest names for a plugin. Raises ModelError where it names none."""
    return Predictor(predictor_folder(plugin, library or open_library()), plugin, encoder.card)


def predictor_folder(plugin: PluginSpec, library: Library) -> Path:
    """Where the plugin's predictor lies. Raises ModelError where it has none."""
    folder = library.predictor_folder(plugin)
    if folder is None:
        raise ModelError(
            f"{plugin.id}: no model is trained for this plugin yet; choose another plugin, or"
            " train one and name its folder in the manifest"
        )
    return folder


def needed_encoder(folder: Path) -> str:
    """The hash of the encoder that the predictor in a folder needs."""
    return read_record(folder / CARD_FILE, PredictorCard, "export the model").encoder_sha256


def open_session(
    path: Path,
    inputs: Mapping[str, tuple[int | str, ...]],
    outputs: Mapping[str, tuple[int | str, ...]],
) -> onnxruntime.InferenceSession:
    """A model in one thread; a size that may vary has a name.

    Raises ModelError where it does not load or has other shapes.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    # onnxruntime's exceptions share no base class but Exception.
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"{path}: not a model onnxruntime can load ({reason})") from None
    found = {node.name: tuple(node.shape) for node in session.get_inputs()}
    if found != inputs:
        raise ModelError(f"{path}: inputs are {found} but the card calls for {inputs}")
    answers = {node.name: tuple(node.shape) for node in session.get_outputs()}
    if answers != outputs:
        raise ModelError(f"{path}: outputs are {answers} but the card calls for {outputs}")
    return session
