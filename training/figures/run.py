"""Draw all figures, one file each; the same models give the same pictures."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from bridge.effects import load_effect
from bridge.estimate.sound_map import load_map
from bridge.library import MODELS, Library
from bridge.manifest import Manifest, PluginSpec
from bridge.models import load_encoder
from training.figures import domain, effects, fields, sweeps
from training.figures.hearing import Clip, listener_of

EFFECT_MAP = "effect-map"
_DPI = 100


def draw_all(
    manifest: Manifest,
    plugins: Sequence[PluginSpec],
    clips: Sequence[Clip],
    out: Path,
    models: Path = MODELS,
) -> Iterator[Path]:
    """Write each figure below `out` and yield its path, so that a caller can tell how far it is.

    `PLUGIN-interpolation.png`, `PLUGIN-domain.png` and `PLUGIN-map.png` for each of `plugins`;
    `effect-map.png` and `effect-map.json` of all that have a model. Raises ModelError, EffectError.
    """
    matplotlib.use("Agg")
    out.mkdir(parents=True, exist_ok=True)
    hear = listener_of(load_encoder(Library.of_models(models)))
    for plugin in plugins:
        sound_map = load_map(plugin, Library.of_models(models))
        swept = sweeps.sweep_all(load_effect(plugin), clips, hear)
        yield _save(sweeps.draw(plugin, swept, clips), out / f"{plugin.id}-interpolation.png")
        yield _save(domain.draw(sound_map), out / f"{plugin.id}-domain.png")
        yield _save(fields.draw(sound_map), out / f"{plugin.id}-map.png")
    seen = [plugin for plugin in manifest.plugins if plugin.model]
    heard = effects.hear_all(seen, clips, hear)
    places = effects.project(heard)
    measured = effects.measure(heard, places)
    (out / f"{EFFECT_MAP}.json").write_text(json.dumps(measured, indent=1) + "\n")
    yield _save(effects.draw(heard, places, measured), out / f"{EFFECT_MAP}.png")


def _save(figure: Figure, path: Path) -> Path:
    # Without the version of matplotlib in it, the same picture is the same file.
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})
    return path
