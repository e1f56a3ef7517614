"""From PyTorch to `exported_models/`: ONNX, card and golden outputs, checked before they count."""

from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bridge.analysis.features import LEVEL_NAMES
from bridge.manifest import PluginSpec
from bridge.models.cards import (
    CARD_FILE,
    GOLDEN_FILE,
    MODEL_FILE,
    DataSource,
    EncoderCard,
    ParameterRecord,
    PredictorCard,
    file_sha256,
)
from bridge.models.loading import ENCODER_FOLDER, PREDICTOR_INPUTS
from training.corpus import load_index
from training.errors import TrainingError
from training.networks import EMBEDDING_SIZE, Encoder, Predictor
from training.pool import Pool
from training.regression import parameter_error

HOP_S = 0.05
TOLERANCE = 1e-4
_GOLDEN_CASES = 4
_OPSET = 17


class _MeanOnly(nn.Module):
    """The encoder as it is used: the mean, never a sample, of its latent."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, pictures: Tensor) -> Tensor:
        """Embeddings."""
        mean: Tensor = self.encoder(pictures)[0]
        return mean


class _Clamped(nn.Module):
    """The predictor as it is used: answers inside 0..1."""

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        self.predictor = predictor

    def forward(self, *inputs: Tensor) -> Tensor:
        """Normalised parameters."""
        answer: Tensor = self.predictor(*inputs)
        return answer.clamp(0, 1)


def export(
    experiment: str,
    encoder: Encoder,
    predictor: Predictor,
    plugin: PluginSpec,
    host_rates_hz: tuple[int, ...],
    validation: Pool,
    corpus: Path,
    models: Path,
) -> None:
    """Write encoder and predictor below `models`, after both are checked.

    Raises TrainingError where ONNX Runtime's answers differ from PyTorch's by more than 1e-4.
    """
    encoder.eval()
    predictor.eval()
    cases = slice(0, _GOLDEN_CASES)
    pictures = torch.from_numpy(validation.input_pictures[cases].astype(np.float32))
    wanted = torch.from_numpy(validation.reference_pictures[cases].astype(np.float32))
    mean_only = _MeanOnly(encoder).eval()
    with torch.no_grad():
        inputs = (
            mean_only(pictures),
            mean_only(wanted),
            torch.from_numpy(validation.input_levels[cases]),
            torch.from_numpy(validation.reference_levels[cases]),
            torch.from_numpy(validation.sample_rates[cases, None]),
        )
    errors = parameter_error(encoder, predictor, validation)
    metrics = {
        f"validation_mae_{spec.symbol}": round(float(error), 4)
        for spec, error in zip(plugin.predicted, errors, strict=True)
    }
    record: dict[str, Any] = {
        "features": encoder.features,
        "sample_rate_hz": encoder.features.sample_rate_hz,
        "window_s": encoder.features.window_s,
        "hop_s": HOP_S,
        "embedding_size": EMBEDDING_SIZE,
        "levels": LEVEL_NAMES,
        "experiment": experiment,
        "training_data": _sources(corpus),
        "metrics": metrics,
        "versions": {
            name: version(name) for name in ("dafx-bridge", "torch", "onnx", "onnxruntime")
        },
    }
    if plugin.model is None:
        raise TrainingError(f"{plugin.id}: name its model folder in the manifest first")
    with TemporaryDirectory(dir=models) as scratch:
        encoder_folder, folder = Path(scratch) / ENCODER_FOLDER, Path(scratch) / plugin.model
        sha256 = _write(encoder_folder, mean_only, ("pictures",), (pictures,), "embedding")
        _write_card(encoder_folder, EncoderCard(sha256=sha256, **record))
        clamped = _Clamped(predictor).eval()
        card = PredictorCard(
            sha256=_write(folder, clamped, PREDICTOR_INPUTS, inputs, "parameters"),
            plugin=plugin.id,
            parameters=tuple(ParameterRecord.of(spec) for spec in plugin.predicted),
            host_rates_hz=tuple(sorted(set(host_rates_hz))),
            encoder_sha256=sha256,
            **record,
        )
        _write_card(folder, card)
        # Both are whole and checked: only now do they take the place of the last ones.
        for ready in (encoder_folder, folder):
            target = models / ready.name
            target.mkdir(exist_ok=True)
            for path in ready.iterdir():
                path.replace(target / path.name)


def _write_card(folder: Path, card: EncoderCard | PredictorCard) -> None:
    (folder / CARD_FILE).write_text(card.model_dump_json(indent=2) + "\n")


def _write(
    folder: Path, model: nn.Module, names: tuple[str, ...], inputs: tuple[Tensor, ...], output: str
) -> str:
    """Model and golden outputs into `folder`; the model's hash."""
    folder.mkdir()
    path = folder / MODEL_FILE
    # The TorchScript exporter: its graphs agree with PyTorch to 1e-7 and need no further package.
    torch.onnx.export(
        model,
        tuple(array[:1] for array in inputs),
        path,
        input_names=list(names),
        output_names=[output],
        opset_version=_OPSET,
        dynamo=False,
    )
    with torch.no_grad():
        expected = model(*inputs).numpy()
    golden = {name: array.numpy() for name, array in zip(names, inputs, strict=True)}
    golden[output] = expected
    np.savez(folder / GOLDEN_FILE, allow_pickle=False, **golden)
    if (difference := golden_difference(folder)) > TOLERANCE:
        raise TrainingError(f"{path}: ONNX Runtime differs from PyTorch by {difference:.1e}")
    return file_sha256(path)


def golden_difference(folder: Path) -> float:
    """Largest difference between the golden outputs and ONNX Runtime's, case by case."""
    import onnxruntime

    session = onnxruntime.InferenceSession(folder / MODEL_FILE)
    names = [node.name for node in session.get_inputs()]
    (output,) = (node.name for node in session.get_outputs())
    with np.load(folder / GOLDEN_FILE) as golden:
        cases = {name: golden[name] for name in [*names, output]}
    differences = []
    for case in range(len(cases[output])):
        feed = {name: cases[name][case : case + 1] for name in names}
        answer = session.run(None, feed)[0]
        differences.append(np.abs(answer - cases[output][case : case + 1]).max())
    return float(max(differences))


def _sources(corpus: Path) -> tuple[DataSource, ...]:
    hours: dict[tuple[str, str], float] = defaultdict(float)
    for stem in load_index(corpus, "train"):
        hours[stem.package, stem.licence] += stem.seconds / 3600
    return tuple(
        DataSource(package=package, licence=licence, hours=round(total, 2))
        for (package, licence), total in sorted(hours.items())
    )
