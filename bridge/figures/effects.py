"""The effect map: every effect in one projection, those that the encoder knows and others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from bridge.arrays import Floats
from bridge.effects import load_effect
from bridge.figures.hearing import Clip, Listener
from bridge.figures.palette import COLOURS, MARKERS
from bridge.figures.projection import onto_plane
from bridge.manifest import PluginSpec, Setting, load_manifest

UNSEEN = Path(__file__).parent / "unseen.yaml"
SETTINGS = 16
"""Of each effect, on each clip."""
EMBEDDING, PROJECTIONS = "embedding", ("UMAP", "PCA")
_NEIGHBOURS = 5
_SEED = 0
_LEAST_RMS = 1e-3


@dataclass(frozen=True)
class Heard:
    """n recordings: how effects moved the embedding of their clips."""

    plugins: Sequence[PluginSpec]
    seen: frozenset[str]
    """Ids of the plugins that the encoder was trained with."""
    shifts: Floats
    """(n, d)."""
    effect: npt.NDArray[np.int64]
    """Numbers of plugins, (n,)."""
    clip: npt.NDArray[np.int64]
    """Numbers of clips, (n,)."""


def hear_all(seen: Sequence[PluginSpec], clips: Sequence[Clip], hear: Listener) -> Heard:
    """The plugins that the encoder knows, and those of `unseen.yaml`, at settings spread evenly.

    Raises EffectError where one is not installed.
    """
    plugins = [*seen, *load_manifest(UNSEEN, models=None).plugins]
    rows = [
        (shift, number, which)
        for number, plugin in enumerate(plugins)
        for which, clip in enumerate(clips)
        for shift in _shifts(plugin, clip, hear, number * len(clips) + which)
    ]
    shifts, effects, heard = zip(*rows, strict=True)
    known = frozenset(plugin.id for plugin in seen)
    return Heard(plugins, known, np.stack(shifts), np.array(effects), np.array(heard))


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
    - knn: share of recordings whose effect the majority of their five neighbours on *other clips*
      names; `seen` and `unseen` are the shares of these effects' recordings;
    - trustworthiness: Venna & Kaski, ICANN (2001): whether neighbours in the projection are
      neighbours in the embedding, 0..1.
    """
    seen = np.array([plugin.id in heard.seen for plugin in heard.plugins])[heard.effect]
    found: dict[str, Any] = {
        "effects": {"seen": len(heard.seen), "unseen": len(heard.plugins) - len(heard.seen)},
        "recordings": len(heard.effect),
        "chance": round(1 / len(heard.plugins), 4),
    }
    for name, points in places.items():
        right = _neighbours_agree(points, heard)
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
        f"Effect map: {measured['recordings']} recordings through {len(heard.plugins)} effects,"
        " how each moves its clip's embedding\n"
        f"the whole embedding: silhouette {whole['silhouette']:.2f}, kNN accuracy across clips"
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
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=6,
        fontsize="small",
        title="filled: the encoder was trained with it; hollow, label framed: it never heard it",
    )
    return figure


def _shifts(plugin: PluginSpec, clip: Clip, hear: Listener, seed: int) -> Iterator[Floats]:
    effect = load_effect(plugin)
    dry = hear(clip.audio, clip.sample_rate)
    for row in qmc.Sobol(len(plugin.predicted), rng=seed).random(SETTINGS).tolist():
        wet = effect.render(clip.audio, clip.sample_rate, Setting.of_predicted(plugin, row))
        # What lets nothing through says nothing of the effect.
        if np.sqrt(np.mean(wet**2)) > _LEAST_RMS:
            yield hear(wet, clip.sample_rate) - dry


def _neighbours_agree(points: Floats, heard: Heard) -> npt.NDArray[np.bool_]:
    right = np.zeros(len(points), bool)
    for clip in np.unique(heard.clip):
        asked = heard.clip == clip
        known = KNeighborsClassifier(_NEIGHBOURS).fit(points[~asked], heard.effect[~asked])
        right[asked] = known.predict(points[asked]) == heard.effect[asked]
    return right


def _draw_one(axes: Axes, heard: Heard, points: Floats) -> None:
    for number, plugin in enumerate(heard.plugins):
        x, y = points[heard.effect == number].T
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number // len(COLOURS)]
        seen = plugin.id in heard.seen
        axes.scatter(
            x,
            y,
            26 if seen else 34,
            facecolors=colour if seen else "none",
            edgecolors="none" if seen else colour,
            linewidths=1.4,
            marker=marker,
            alpha=0.75,
            label=plugin.name if seen else f"{plugin.name} (unseen)",
        )
    for number, plugin in enumerate(heard.plugins):
        place = np.median(points[heard.effect == number], axis=0)
        axes.annotate(
            plugin.name.split(maxsplit=1)[-1],
            place,
            size="small",
            style="normal" if plugin.id in heard.seen else "italic",
            ha="center",
            va="center",
            bbox={
                "boxstyle": "round,pad=0.15",
                "facecolor": "white",
                "alpha": 0.7,
                "edgecolor": "none" if plugin.id in heard.seen else "black",
                "linewidth": 0.8,
            },
        )
