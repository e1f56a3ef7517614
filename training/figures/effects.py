"""The effect map: every effect in one projection, those that the encoder knows and others."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import qmc
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from bridge.arrays import Floats
from bridge.effects import Effect, load_effect
from bridge.manifest import PluginSpec, Setting, read_manifest
from training.figures.hearing import Clip, Listener, is_heard, shifts
from training.figures.palette import COLOURS, MARKERS
from training.figures.projection import onto_plane

UNSEEN = Path(__file__).parent / "unseen.yaml"
SETTINGS = 24
"""Of each effect."""
EMBEDDING, PROJECTIONS = "embedding", ("UMAP", "PCA")
_NEIGHBOURS = 5
_SEED = 0

_FAMILIES = {
    "distortion": ("overdrive", "amplifier", "distortion", "bit crusher", "clipping"),
    "delay": ("delay",),
    "reverb": ("reverb",),
    "modulation": ("ring modulator", "flanger", "rotary speaker", "chorus", "phaser"),
    "dynamics": ("dynamics", "multiband compressor", "compressor", "gate"),
    "filter": ("resonant filter", "equaliser"),
    "other": (),
}
"""Kinds that share a colour; a kind that is not listed is another."""


@dataclass(frozen=True)
class Heard:
    """n settings: how they moved the embedding, mean over the clips."""

    plugins: Sequence[PluginSpec]
    seen: frozenset[str]
    """Ids of the plugins that the encoder was trained with."""
    shifts: Floats
    """(n, d)."""
    effect: npt.NDArray[np.int64]
    """Numbers of plugins, (n,)."""


def hear_all(seen: Sequence[PluginSpec], clips: Sequence[Clip], hear: Listener) -> Heard:
    """The plugins that the encoder knows, and those of `unseen.yaml`, at settings spread evenly.

    Raises EffectError where one is not installed.
    """
    plugins = [*seen, *read_manifest(UNSEEN).plugins]
    found = [_shifts(plugin, clips, hear) for plugin in plugins]
    return Heard(
        plugins,
        frozenset(plugin.id for plugin in seen),
        np.concatenate(found),
        np.repeat(np.arange(len(plugins)), [len(shifts) for shifts in found]),
    )


def project(heard: Heard) -> dict[str, Floats]:
    """The standardised embedding and its projections onto the plane, (n, d) and (n, 2)."""
    embedding = StandardScaler().fit_transform(heard.shifts)
    return {
        EMBEDDING: embedding,
        "UMAP": onto_plane(embedding, neighbours=15, least_distance=0.3, seed=_SEED),
        "PCA": PCA(2, random_state=_SEED).fit_transform(embedding),
    }


def measure(heard: Heard, places: dict[str, Floats]) -> dict[str, Any]:
    """How well effects are apart: in the embedding itself and in each projection.

    - silhouette: Rousseeuw, J. Comput. Appl. Math. 20 (1987), -1..1;
    - knn: share of settings whose effect the majority of their five nearest neighbours names;
      `knn_seen` and `knn_unseen` are the shares of these effects' settings;
    - trustworthiness: Venna & Kaski, ICANN (2001): whether neighbours in the projection are
      neighbours in the embedding, 0..1.
    """
    seen = np.array([plugin.id in heard.seen for plugin in heard.plugins])[heard.effect]
    found: dict[str, Any] = {
        "effects": {"seen": len(heard.seen), "unseen": len(heard.plugins) - len(heard.seen)},
        "settings": len(heard.effect),
        "chance": round(1 / len(heard.plugins), 4),
    }
    for name, points in places.items():
        right = _neighbours_agree(points, heard.effect)
        found[name] = {
            "silhouette": round(float(silhouette_score(points, heard.effect)), 3),
            "knn": round(float(right.mean()), 3),
            "knn_seen": round(float(right[seen].mean()), 3),
            "knn_unseen": round(float(right[~seen].mean()), 3),
        }
        if name != EMBEDDING:
            trust = trustworthiness(places[EMBEDDING], points, n_neighbors=_NEIGHBOURS)
            found[name]["trustworthiness"] = round(float(trust), 3)
    return found


def draw(heard: Heard, places: dict[str, Floats], measured: dict[str, Any]) -> Figure:
    """UMAP and PCA side by side, with their numbers."""
    figure = Figure(figsize=(15, 8.8), layout="constrained")
    whole = measured[EMBEDDING]
    figure.suptitle(
        f"Effect map: {measured['settings']} settings of {len(heard.plugins)} effects, how each"
        " moves the embedding, mean over the clips\n"
        f"the whole embedding: silhouette {whole['silhouette']:.2f}, kNN accuracy"
        f" {whole['knn']:.2f} (seen {whole['knn_seen']:.2f}, unseen {whole['knn_unseen']:.2f},"
        f" chance {measured['chance']:.2f})"
    )
    panels = figure.subplots(1, 2)
    for axes, name in zip(panels, PROJECTIONS, strict=True):
        _draw_one(axes, heard, places[name])
        numbers = measured[name]
        axes.set_title(
            f"{name}: silhouette {numbers['silhouette']:.2f}, kNN accuracy {numbers['knn']:.2f},"
            f" trustworthiness {numbers['trustworthiness']:.2f}"
        )
        axes.set(xlabel=f"{name} 1", ylabel=f"{name} 2", xticks=(), yticks=())
    handles, labels = panels[0].get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda n: list(_FAMILIES).index(labels[n].split(":")[0]))
    figure.legend(
        [handles[number] for number in order],
        [labels[number] for number in order],
        loc="outside lower center",
        ncols=5,
        fontsize="small",
        title="filled: the encoder was trained with it; hollow: it never heard it",
    )
    return figure


def _shifts(plugin: PluginSpec, clips: Sequence[Clip], hear: Listener) -> Floats:
    values = qmc.Sobol(len(plugin.predicted), rng=_SEED).random_base2(6)
    effect = load_effect(plugin)
    settings = (Setting.of_predicted(plugin, row) for row in values.tolist())
    # What lets nothing through says nothing of the effect.
    audible = (setting for setting in settings if _is_audible(effect, setting, clips[0]))
    moved = shifts(effect, list(islice(audible, SETTINGS)), clips, hear)
    return np.asarray(np.nanmean(moved, axis=0))


def _is_audible(effect: Effect, setting: Setting, clip: Clip) -> bool:
    return is_heard(effect.render(clip.audio, clip.sample_rate, setting))


def _neighbours_agree(points: Floats, effect: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether the majority of a setting's neighbours, itself left out, are of its effect, (n,)."""
    search = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(points)
    named = effect[search.kneighbors(return_distance=False)]
    votes = (named[:, :, None] == np.arange(effect.max() + 1)).sum(axis=1)
    return np.asarray(votes.argmax(axis=1) == effect)


def _draw_one(axes: Axes, heard: Heard, points: Floats) -> None:
    drawn = dict.fromkeys(_FAMILIES, 0)
    for number, plugin in enumerate(heard.plugins):
        family = next((f for f, kinds in _FAMILIES.items() if plugin.kind in kinds), "other")
        colour = COLOURS[list(_FAMILIES).index(family)]
        marker = MARKERS[drawn[family] % len(MARKERS)]
        drawn[family] += 1
        x, y = points[heard.effect == number].T
        seen = plugin.id in heard.seen
        axes.scatter(
            x,
            y,
            36,
            facecolors=colour if seen else "none",
            edgecolors="white" if seen else colour,
            linewidths=0.4 if seen else 1.5,
            marker=marker,
            label=f"{family}: {plugin.name}" + ("" if seen else " (unseen)"),
        )
