"""Untrained models in the form the loader asks for, in milliseconds and without PyTorch."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import GROUPS, LEVEL_NAMES, SIZE
from bridge.arrays import Floats
from bridge.library import CARD_FILE, CRITIC_FOLDER, ENCODER_FOLDER, MODEL_FILE
from bridge.manifest import PluginSpec
from bridge.models.cards import (
    CriticCard,
    EncoderCard,
    ParameterRecord,
    PredictorCard,
    file_sha256,
    read_card,
)
from bridge.models.critic import QUANTILES
from bridge.models.loading import PREDICTOR_INPUTS
from bridge.search.comparison import COMPARISON_SIZE, PAIRS
from bridge.search.surprise import SURPRISES

EMBEDDING_SIZE = 16
BINS = 32
SURPRISING = 0.4
"""How much a critic counts what surprises the predictors, beside the logarithm of a distance."""


def write_models(
    models: Path,
    plugin: PluginSpec,
    bypass_logit: float = -3.0,
    features: FeatureSettings | None = None,
    hop_s: float = 0.05,
) -> Path:
    """An encoder, its critic, and the plugin's predictor, whose answers depend on all they hear.

    `bypass_logit` is what the predictor holds of the reference being dry, whatever it hears.
    """
    features = features or FeatureSettings()
    record = {
        "features": features,
        "statistics": GROUPS,
        "sample_rate_hz": features.sample_rate_hz,
        "window_s": features.window_s,
        "hop_s": hop_s,
        "embedding_size": EMBEDDING_SIZE,
        "style_size": SIZE,
        "levels": LEVEL_NAMES,
        "experiment": "stand-in",
        "training_data": (),
        "metrics": {},
        "versions": {},
    }
    encoder = _write(models / ENCODER_FOLDER, _encoder())
    card = EncoderCard(sha256=encoder, **record)
    (models / ENCODER_FOLDER / CARD_FILE).write_text(card.model_dump_json())
    assert plugin.model
    folder = models / plugin.model
    predictor = PredictorCard(
        sha256=_write(folder, _predictor(plugin, bypass_logit)),
        plugin=plugin.id,
        parameters=tuple(ParameterRecord.of(spec) for spec in plugin.predicted),
        host_rates_hz=(48_000,),
        bins=BINS,
        encoder_sha256=encoder,
        **record,
    )
    (folder / CARD_FILE).write_text(predictor.model_dump_json())
    write_critic(models)
    return models


def write_critic(models: Path, cautious: float = 0.5) -> Path:
    """A critic for the encoder that lies there: what sounds like the reference is near."""
    encoder = read_card(models / ENCODER_FOLDER, EncoderCard)
    folder = models / CRITIC_FOLDER
    record = encoder.model_dump(exclude={"kind", "sha256"})
    card = CriticCard(
        **record,
        sha256=_write(folder, _critic()),
        encoder_sha256=encoder.sha256,
        comparison_size=COMPARISON_SIZE,
        cases=0,
        cautious=cautious,
    )
    (folder / CARD_FILE).write_text(card.model_dump_json())
    return folder


def _encoder() -> onnx.GraphProto:
    draw = np.random.default_rng(0)
    weights = {
        "weight": draw.standard_normal((SIZE, EMBEDDING_SIZE)) / np.sqrt(SIZE),
        "scale": np.full((1, SIZE), 0.1),
    }
    nodes = [
        helper.make_node("MatMul", ["vector", "weight"], ["embedding"]),
        helper.make_node("Mul", ["vector", "scale"], ["style"]),
    ]
    outputs = {"embedding": (1, EMBEDDING_SIZE), "style": (1, SIZE)}
    return _graph(nodes, {"vector": (1, SIZE)}, outputs, weights)


def _predictor(plugin: PluginSpec, bypass_logit: float) -> onnx.GraphProto:
    draw = np.random.default_rng(1)
    count = len(plugin.predicted)
    inputs = dict(
        zip(
            PREDICTOR_INPUTS,
            [(1, EMBEDDING_SIZE)] * 2 + [(1, len(LEVEL_NAMES))] * 2 + [(1, 1)],
            strict=True,
        )
    )
    size = sum(shape[1] for shape in inputs.values())
    # Levels are tens of dB, a rate thousands of Hz: the answers must not stick at an end.
    scales = np.repeat([1, 1, 0.02, 0.02, 1e-5], [shape[1] for shape in inputs.values()])[:, None]
    weights = {
        "point_weight": scales * draw.standard_normal((size, count)) * 0.3,
        "bin_weight": scales * draw.standard_normal((size, count * BINS)) * 0.3,
        "bin_shape": np.array([1, count, BINS], np.int64),
        "none": np.zeros((size, 1)),
        "logit": np.array([[bypass_logit]]),
    }
    nodes = [
        helper.make_node("Concat", list(inputs), ["evidence"], axis=1),
        helper.make_node("MatMul", ["evidence", "point_weight"], ["points"]),
        helper.make_node("Sigmoid", ["points"], ["parameters"]),
        helper.make_node("MatMul", ["evidence", "bin_weight"], ["scores"]),
        helper.make_node("Reshape", ["scores", "bin_shape"], ["rows"]),
        helper.make_node("Softmax", ["rows"], ["bins"], axis=-1),
        helper.make_node("MatMul", ["evidence", "none"], ["zero"]),
        helper.make_node("Add", ["zero", "logit"], ["bypass_logit"]),
        helper.make_node("Sigmoid", ["bypass_logit"], ["bypass"]),
    ]
    outputs = {"parameters": (1, count), "bins": (1, count, BINS), "bypass": (1, 1)}
    return _graph(nodes, inputs, outputs, weights)


def _critic() -> onnx.GraphProto:
    """Distances grow with those of the groups of statistics, and the raw one with the level's.

    Of what surprises the predictors it expects less.
    """
    size, groups = COMPARISON_SIZE, len(GROUPS)
    level = size - 3 * len(LEVEL_NAMES) - 2 - len(SURPRISES)
    apart = level - PAIRS * groups
    near = np.zeros((size, 3))
    near[apart : apart + groups] = 0.5 / groups
    near[apart + groups : apart + 2 * groups, 2] = -0.5 / groups
    near[size - len(SURPRISES)] = SURPRISING
    near[size - 1, 2] = -SURPRISING
    louder = np.zeros((size, 1))
    louder[level + LEVEL_NAMES.index("rms_db")] = 1
    weights = {
        "near": near,
        "louder": louder,
        "raw": np.array([[0.0, 0.5, 0.0]]),
        # What is identical is then at .07, what is clearly different at 1.
        "scale": np.array([[2.5, 2.5, 0.0]]),
        "last": np.array([2], np.int64),
        "spread": np.array([[[-0.2, -0.1, 0.0, 0.1, 0.2]]]),
    }
    nodes = [
        helper.make_node("MatMul", ["comparison", "near"], ["apart"]),
        helper.make_node("Add", ["apart", "scale"], ["medians"]),
        helper.make_node("MatMul", ["comparison", "louder"], ["change"]),
        helper.make_node("Abs", ["change"], ["off"]),
        helper.make_node("MatMul", ["off", "raw"], ["farther"]),
        helper.make_node("Add", ["medians", "farther"], ["distances"]),
        helper.make_node("Unsqueeze", ["distances", "last"], ["columns"]),
        helper.make_node("Add", ["columns", "spread"], ["quantiles"]),
    ]
    outputs = {"quantiles": ("candidates", 3, len(QUANTILES))}
    return _graph(nodes, {"comparison": ("candidates", size)}, outputs, weights)


def _graph(
    nodes: list[onnx.NodeProto],
    inputs: Mapping[str, tuple[int | str, ...]],
    outputs: Mapping[str, tuple[int | str, ...]],
    weights: dict[str, Floats],
) -> onnx.GraphProto:
    def values(shapes: Mapping[str, tuple[int | str, ...]]) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in shapes.items()
        ]

    constants = [
        numpy_helper.from_array(
            array if array.dtype == np.int64 else array.astype(np.float32), name
        )
        for name, array in weights.items()
    ]
    return helper.make_graph(nodes, "stand-in", values(inputs), values(outputs), constants)


def _write(folder: Path, graph: onnx.GraphProto) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / MODEL_FILE)
    return file_sha256(folder / MODEL_FILE)
