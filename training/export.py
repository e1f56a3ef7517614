"""From PyTorch to `exported_models/`: ONNX, cards and golden outputs, checked before they count."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import GROUPS, LEVEL_NAMES, SIZE
from bridge.arrays import Floats
from bridge.kinds import KINDS
from bridge.library import CARD_FILE, ENCODER_FOLDER, MODEL_FILE
from bridge.manifest import PluginSpec
from bridge.models.cards import (
    GOLDEN_FILE,
    CriticCard,
    DataSource,
    EncoderCard,
    ParameterRecord,
    PredictorCard,
    file_sha256,
)
from bridge.models.loading import (
    ENCODER_OUTPUTS,
    PREDICTOR_INPUTS,
    PREDICTOR_OUTPUTS,
)
from training.corpus import load_index
from training.errors import TrainingError
from training.joint import Networks, answers
from training.networks import BINS, EMBEDDING_SIZE, Encoder, Predictor
from training.pool import Pool

HOP_S = 0.05
TOLERANCE = 1e-4
_GOLDEN_CASES = 4
_OPSET = 17


class _Encoder(nn.Module):
    """The encoder as it is used."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding and style."""
        return self.encoder(vector), self.encoder.style(vector)


class _Predictor(nn.Module):
    """The predictor as it is used: answers inside 0..1, probabilities."""

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        self.predictor = predictor

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normalised parameters, probabilities of bins, probability of bypass."""
        points, bins, bypass = self.predictor(*inputs)
        return self.predictor.decode(points, bins), bins.exp(), torch.sigmoid(bypass)


def export(
    experiment: str,
    networks: Networks,
    plugins: Sequence[PluginSpec],
    host_rates_hz: Sequence[int],
    features: FeatureSettings,
    validation: Pool,
    corpus: Path,
    models: Path,
) -> None:
    """Write the encoder and the plugins' predictors below `models`, after all are checked.

    Raises TrainingError where ONNX Runtime's answers differ from PyTorch's by more than 1e-4, or
    where a predictor that is already there, and not among these, needs another encoder.
    """
    networks.train(False)
    record: dict[str, Any] = {
        "features": features,
        "statistics": GROUPS,
        "sample_rate_hz": features.sample_rate_hz,
        "window_s": features.window_s,
        "hop_s": HOP_S,
        "embedding_size": EMBEDDING_SIZE,
        "style_size": SIZE,
        "levels": LEVEL_NAMES,
        "experiment": experiment,
        "training_data": sources(corpus),
        "versions": _versions(),
    }
    with TemporaryDirectory(dir=models) as scratch:
        folder = Path(scratch) / ENCODER_FOLDER
        cases = validation.dry.vectors[:_GOLDEN_CASES].astype(np.float32)
        encoder = _Encoder(networks.encoder).eval()
        sha256 = write_model(
            folder, encoder, ("vector",), (torch.from_numpy(cases),), ENCODER_OUTPUTS
        )
        write_card(folder, EncoderCard(sha256=sha256, metrics={}, **record))
        _refuse_orphans(models, sha256, {plugin.id for plugin in plugins})
        ready = [folder]
        for plugin in plugins:
            if plugin.model is None:
                raise TrainingError(f"{plugin.id}: name its model folder in the manifest first")
            folder = Path(scratch) / plugin.model
            write_predictor(folder, networks, plugin, validation, host_rates_hz, sha256, record)
            ready.append(folder)
        # All are whole and checked: only now do they take the place of the last ones.
        for folder in ready:
            target = models / folder.name
            target.mkdir(exist_ok=True)
            for path in folder.iterdir():
                path.replace(target / path.name)


def write_predictor(
    folder: Path,
    networks: Networks,
    plugin: PluginSpec,
    validation: Pool,
    host_rates_hz: Sequence[int],
    encoder_sha256: str,
    record: Mapping[str, Any],
) -> None:
    """A plugin's predictor and its card into `folder`; `record` is what all cards say.

    Raises TrainingError where ONNX Runtime's answers differ from PyTorch's by more than 1e-4.
    """
    predictor: Predictor = networks.predictors[plugin.id]  # type: ignore[assignment]
    sha256 = write_model(
        folder,
        _Predictor(predictor).eval(),
        PREDICTOR_INPUTS,
        _inputs(networks.encoder, validation, plugin.id),
        PREDICTOR_OUTPUTS,
    )
    card = PredictorCard(
        sha256=sha256,
        plugin=plugin.id,
        parameters=tuple(ParameterRecord.of(spec) for spec in plugin.predicted),
        host_rates_hz=tuple(sorted(set(host_rates_hz))),
        bins=BINS,
        encoder_sha256=encoder_sha256,
        metrics=_metrics(networks, plugin, validation),
        **record,
    )
    write_card(folder, card)


def record_beside(encoder: EncoderCard, experiment: str, corpus: Path) -> dict[str, Any]:
    """What the card says of a predictor that was trained later, on the encoder of this card."""
    return encoder.model_dump(exclude={"kind", "sha256", "metrics"}) | {
        "experiment": experiment,
        "training_data": sources(corpus),
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    """Of what makes a model."""
    return {name: version(name) for name in ("dafx-bridge", "torch", "onnx", "onnxruntime")}


def _inputs(encoder: Encoder, pool: Pool, plugin: str) -> tuple[Tensor, ...]:
    cases = slice(0, _GOLDEN_CASES)
    wet = pool.wet[plugin].heard
    with torch.no_grad():
        return (
            encoder(torch.from_numpy(pool.dry.vectors[cases].astype(np.float32))),
            encoder(torch.from_numpy(wet.vectors[cases].astype(np.float32))),
            torch.from_numpy(pool.dry.levels[cases]),
            torch.from_numpy(wet.levels[cases]),
            torch.from_numpy(pool.sample_rates[cases, None]),
        )


def _metrics(networks: Networks, plugin: PluginSpec, pool: Pool) -> dict[str, float]:
    """Mean absolute error of every parameter, or the share of wrong classes; bypass accuracy."""
    wet = pool.wet[plugin.id]
    points, bins, bypass = answers(networks, pool, plugin.id)
    predictor: Predictor = networks.predictors[plugin.id]  # type: ignore[assignment]
    found = predictor.decode(torch.from_numpy(points), torch.from_numpy(bins)).numpy()
    difference = np.abs(found - wet.truth)[~wet.clean]
    metrics = {}
    for spec, column in zip(plugin.predicted, difference.T, strict=True):
        name = "class_error" if spec.classes else "mae"
        value = (column > 1e-3).mean() if spec.classes else column.mean()
        metrics[f"validation_{name}_{spec.symbol}"] = round(float(value), 4)
    right = (bypass > 0.5) == wet.clean
    return metrics | {"validation_bypass_accuracy": round(float(right.mean()), 4)}


def _refuse_orphans(models: Path, encoder_sha256: str, exported: Collection[str]) -> None:
    for path in sorted(models.glob(f"*/{CARD_FILE}")):
        card = json.loads(path.read_text())
        # The network of kinds is trained after the encoder.
        if card.get("kind") != "predictor" or card["plugin"] in (*exported, KINDS.id):
            continue
        if card["encoder_sha256"] != encoder_sha256:
            raise TrainingError(
                f"{path}: {card['plugin']} needs the encoder that would be replaced; train it with"
                " the others, or remove its folder and its `model` in the manifest"
            )


def write_card(folder: Path, card: EncoderCard | PredictorCard | CriticCard) -> None:
    """The card into a model's folder."""
    (folder / CARD_FILE).write_text(card.model_dump_json(indent=2) + "\n")


def write_model(
    folder: Path,
    model: nn.Module,
    names: Sequence[str],
    inputs: tuple[Tensor, ...],
    outputs: Sequence[str],
    batch: str | None = None,
) -> str:
    """Model and golden outputs into `folder`; the model's hash. `batch` as `to_onnx` takes it."""
    folder.mkdir()
    golden = to_onnx(folder / MODEL_FILE, model, names, inputs, outputs, batch)
    np.savez(folder / GOLDEN_FILE, allow_pickle=False, **golden)
    refuse_difference(folder)
    return file_sha256(folder / MODEL_FILE)


def to_onnx(
    path: Path,
    model: nn.Module,
    names: Sequence[str],
    inputs: tuple[Tensor, ...],
    outputs: Sequence[str],
    batch: str | None = None,
) -> dict[str, Floats]:
    """Write a network; what PyTorch makes of `inputs` (n, ...), by name.

    It takes one row at a time, or any number where `batch` names it.
    """
    # The TorchScript exporter: its graphs agree with PyTorch to 1e-7 and need no further package.
    torch.onnx.export(
        model,
        tuple(array[:1] for array in inputs),
        path,
        input_names=list(names),
        output_names=list(outputs),
        opset_version=_OPSET,
        dynamo=False,
        dynamic_axes={name: {0: batch} for name in (*names, *outputs)} if batch else None,
    )
    with torch.no_grad():
        expected = model(*inputs)
    answers = expected if isinstance(expected, tuple) else (expected,)
    return {
        name: array.numpy()
        for name, array in zip([*names, *outputs], [*inputs, *answers], strict=True)
    }


def refuse_difference(folder: Path, model: str = MODEL_FILE) -> None:
    """Raise TrainingError where ONNX Runtime's answers are not PyTorch's golden ones."""
    if (difference := golden_difference(folder, model)) > TOLERANCE:
        raise TrainingError(
            f"{folder / model}: ONNX Runtime differs from PyTorch by {difference:.1e}"
        )


def golden_difference(folder: Path, model: str = MODEL_FILE) -> float:
    """Largest difference between the golden outputs and ONNX Runtime's, case by case."""
    import onnxruntime

    session = onnxruntime.InferenceSession(folder / model)
    inputs = [node.name for node in session.get_inputs()]
    outputs = [node.name for node in session.get_outputs()]
    with np.load(folder / GOLDEN_FILE) as golden:
        cases = {name: golden[name] for name in [*inputs, *outputs]}
    differences = []
    for case in range(len(cases[outputs[0]])):
        feed = {name: cases[name][case : case + 1] for name in inputs}
        for name, answer in zip(outputs, session.run(None, feed), strict=True):
            differences.append(np.abs(answer - cases[name][case : case + 1]).max())
    return float(max(differences))


def sources(corpus: Path) -> tuple[DataSource, ...]:
    """The packages of the training split, with their licences and hours."""
    hours: dict[tuple[str, str], float] = defaultdict(float)
    for stem in load_index(corpus, "train"):
        hours[stem.package, stem.licence] += stem.seconds / 3600
    return tuple(
        DataSource(package=package, licence=licence, hours=round(total, 2))
        for (package, licence), total in sorted(hours.items())
    )
