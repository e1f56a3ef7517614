"""One picture of a demo run: three spectrograms and the parameters over time."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bridge.analysis.features import FeatureSettings, mel_power
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio
from bridge.demo.run import DemoResult

_FEATURES = FeatureSettings(window_frames=24_000, mel_bands=96)
# Okabe & Ito's colours, which colour-blind people tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def draw(result: DemoResult, path: Path) -> None:
    """Write the picture as PNG."""
    matplotlib.use("Agg")
    figure = Figure(figsize=(11, 10), layout="constrained")
    rows = figure.subplots(4, 1, height_ratios=(1, 1, 1, 1.1))
    figure.suptitle(f"{result.truth.plugin.name}: live input brought to the reference's sound")
    distance = result.report["distance"]
    for axes, title, audio in (
        (rows[0], "reference", result.reference),
        (rows[1], f"input: {distance['before']:.1f} dB from the reference", result.source),
        (rows[2], f"output: {distance['after']:.1f} dB from the reference", result.output),
    ):
        _spectrogram(axes, audio, result.sample_rate, title)
    _history(rows[3], result)
    figure.savefig(path, dpi=110)


def _spectrogram(axes: Axes, audio: Audio, sample_rate: int, title: str) -> None:
    power = mel_power(at_feature_rate(audio, sample_rate, _FEATURES), _FEATURES)
    decibels = 10 * np.log10(np.maximum(power, 1e-9))
    seconds = audio.shape[1] / sample_rate
    image = axes.imshow(
        decibels,
        origin="lower",
        aspect="auto",
        extent=(0, seconds, 0, _FEATURES.mel_bands),
        vmin=-80,
        vmax=-10,
        cmap="magma",
    )
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_ylabel("mel band")
    axes.set_xlabel("s")
    axes.figure.colorbar(image, ax=axes, label="dBFS", pad=0.01)


def _history(axes: Axes, result: DemoResult) -> None:
    times = [second for second, _ in result.history]
    for spec, colour in zip(result.truth.plugin.parameters, _COLOURS, strict=False):
        values = [spec.to_normalised(real[spec.symbol]) for _, real in result.history]
        axes.plot(times, values, color=colour, label=spec.name)
        truth = spec.to_normalised(result.truth.values[spec.symbol])
        axes.axhline(truth, color=colour, linestyle="--", linewidth=1)
    axes.axvline(result.adapted_s, color="grey", linewidth=1)
    seconds = result.source.shape[1] / result.sample_rate
    axes.set(ylim=(-0.03, 1.03), xlim=(0, seconds), xlabel="s", ylabel="normalised value")
    axes.set_title(
        "parameters sent (dashed: the reference's true setting; grey: measured from here)",
        loc="left",
        fontsize=10,
    )
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False)
