"""What a trained encoder holds of each plugin, in the pictures of `dafx-bridge figures`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from matplotlib.figure import Figure

from bridge.arrays import Floats
from bridge.effects import load_effect
from bridge.errors import ModelError
from bridge.estimate.sound_map import load_map
from bridge.library import MODELS, Library
from bridge.manifest import PluginSpec
from training.figures import domain, fields, sweeps
from training.figures.hearing import clips_of, listener
from training.fit import Trained


def latent_figures(
    trained: Trained, plugins: Iterable[PluginSpec], models: Path = MODELS
) -> dict[str, Figure]:
    """Titled pictures of each plugin: its parameters' ways, and its sound map where it has one.

    The map is that of the exported models.
    """

    def embed(vector: Floats) -> Floats:
        with torch.no_grad():
            embedding: Floats = trained.encoder(torch.from_numpy(vector[None]))[0].numpy()
        return embedding

    trained.encoder.eval()
    hear, clips = listener(embed, trained.experiment.features), clips_of()
    found = {}
    for plugin in plugins:
        swept = sweeps.sweep_all(load_effect(plugin), clips, hear)
        found[f"{plugin.name}: latent space"] = sweeps.draw(plugin, swept, clips)
        found |= dict(_of_map(plugin, models))
    return found


def _of_map(plugin: PluginSpec, models: Path) -> Iterator[tuple[str, Figure]]:
    try:
        sound_map = load_map(plugin, Library.of_models(models))
    except ModelError:
        # A map is made from exported models, which a first report comes before.
        return
    yield f"{plugin.name}: domain colouring", domain.draw(sound_map)
    yield f"{plugin.name}: sound map", fields.draw(sound_map)
