"""Build one plugin's sound map from what training has heard, and export it beside its predictor."""

from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor, nn

from bridge.arrays import Floats
from bridge.library import CARD_FILE
from bridge.manifest import PluginSpec
from bridge.models import EncoderCard
from bridge.models.cards import GOLDEN_FILE, MapCard, ParameterRecord, file_sha256
from bridge.models.maps import (
    LOCATE_FILE,
    MAP_INPUTS,
    MAP_OUTPUTS,
    POINTS_FILE,
    POSITION_FILE,
    SETTING_FILE,
)
from training.export import refuse_difference, to_onnx
from training.sound_map.fitting import fit_back, fit_locator, fit_place
from training.sound_map.layout import lay_out
from training.sound_map.networks import Coding, Locator, ToPosition, ToSetting
from training.sound_map.settings import even_settings
from training.sound_map.sounds import Examples, Sounds, learn

SEED = 7
_GOLDEN_CASES = 4


@dataclass(frozen=True)
class Built:
    """A plugin's map as it was learned."""

    coding: Coding
    sounds: Sounds
    positions: Floats
    """Of the settings that were laid out, (n, 2)."""
    projection: Floats
    """Where these lay before they were spread over the square, (n, 2), standardised."""
    settings: Floats
    """These settings, (n, p)."""
    back: ToSetting
    place: ToPosition
    locator: Locator


def build(plugin: PluginSpec, heard: Examples, points: int) -> Built:
    """The map of a plugin, of `points` settings, from recordings through it."""
    coding = Coding(plugin.predicted)
    sounds = learn(heard, coding)
    drawn = islice(even_settings(plugin, SEED), points)
    settings = np.array([setting.predicted for setting in drawn], np.float32)
    laid = sounds.network(coding.encode(torch.from_numpy(settings))).numpy()
    positions, projection = lay_out(laid, SEED)
    back = fit_back(positions, settings, sounds, coding)
    place = fit_place(positions, settings, back, coding)
    locator = fit_locator(heard.wet, _goals(heard, coding, sounds, place, positions, laid))
    return Built(coding, sounds, positions, projection, settings, back, place, locator)


def write(
    built: Built,
    plugin: PluginSpec,
    encoder: EncoderCard,
    embeddings: Floats,
    metrics: dict[str, float],
    folder: Path,
) -> None:
    """Export a map to its own folder, made whole before it takes the last one's place.

    `embeddings` (n, d) are those of the recordings that it was learned from. Raises TrainingError
    where ONNX Runtime answers otherwise than PyTorch.
    """
    cases = slice(0, _GOLDEN_CASES)
    networks: dict[str, tuple[nn.Module, Floats]] = {
        SETTING_FILE: (_Decoded(built.back, built.coding), built.positions[cases]),
        POSITION_FILE: (_Encoded(built.place, built.coding), built.settings[cases]),
        LOCATE_FILE: (built.locator, embeddings[cases]),
    }
    codes = built.coding.encode(torch.from_numpy(built.settings))
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as scratch:
        partial = Path(scratch)
        golden: dict[str, Floats] = {}
        for name, (network, rows) in networks.items():
            golden |= to_onnx(
                partial / name,
                network,
                (MAP_INPUTS[name],),
                (torch.from_numpy(rows),),
                (MAP_OUTPUTS[name],),
            )
        np.savez(partial / GOLDEN_FILE, allow_pickle=False, **golden)
        for name in networks:
            refuse_difference(partial, name)
        np.savez_compressed(
            partial / POINTS_FILE,
            allow_pickle=False,
            positions=built.positions,
            projection=built.projection,
            settings=built.settings,
            gains_db=built.sounds.gain(codes)[:, 0].numpy(),
            brightness=built.sounds.brightness(codes)[:, 0].numpy(),
        )
        card = MapCard(
            plugin=plugin.id,
            parameters=tuple(ParameterRecord.of(spec) for spec in plugin.predicted),
            experiment=encoder.experiment,
            clips=len(embeddings),
            points=len(built.positions),
            encoder_sha256=encoder.sha256,
            embedding_size=encoder.embedding_size,
            metrics=metrics,
            sha256={name: file_sha256(partial / name) for name in (*networks, POINTS_FILE)},
            versions={
                name: version(name)
                for name in ("dafx-bridge", "torch", "onnx", "onnxruntime", "umap-learn")
            },
        )
        (partial / CARD_FILE).write_text(card.model_dump_json(indent=2) + "\n")
        for path in partial.iterdir():
            path.replace(folder / path.name)


class _Decoded(nn.Module):
    """Positions to settings, as they are used."""

    def __init__(self, back: ToSetting, coding: Coding) -> None:
        super().__init__()
        self.back, self.coding = back, coding

    def forward(self, positions: Tensor) -> Tensor:
        """Normalised settings (n, p)."""
        return self.coding.decode(self.back(positions))


class _Encoded(nn.Module):
    """Settings to positions, as they are used."""

    def __init__(self, place: ToPosition, coding: Coding) -> None:
        super().__init__()
        self.place, self.coding = place, coding

    def forward(self, settings: Tensor) -> Tensor:
        """Positions (n, 2)."""
        answer: Tensor = self.place(self.coding.encode(settings))
        return answer


def _goals(
    heard: Examples,
    coding: Coding,
    sounds: Sounds,
    place: ToPosition,
    positions: Floats,
    laid: Floats,
) -> Floats:
    """Where every recording belongs, (n, 2): a dry one at the setting that sounds most like it."""
    dry = np.isnan(heard.settings[:, 0])
    goals = place(coding.encode(torch.from_numpy(np.nan_to_num(heard.settings)))).numpy()
    nearest = ((laid - sounds.dry.numpy()) ** 2).sum(axis=1).argmin()
    goals[dry] = positions[nearest]
    return np.asarray(goals.clip(0, 1), np.float32)
