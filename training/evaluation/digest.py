"""What all measured slices of one host rate come to: the numbers of `evaluation.json`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bridge.manifest import PluginSpec
from training.evaluation.intervals import Json
from training.evaluation.parameters import expected_calibration_error
from training.evaluation.protocol import (
    ANSWERS,
    DO_NOTHING,
    GAIN_ONLY,
    MATCHED,
    RAW,
    RENDERED,
    SLICES,
)
from training.evaluation.published import gain_of_means
from training.evaluation.results import PluginResults


@dataclass(frozen=True)
class Measured:
    """One plugin at one host rate."""

    plugin: PluginSpec
    slices: Mapping[str, Json]
    """Summaries by slice, in the order of `SLICES`; slices without cases are left out."""
    missing: Mapping[str, str]
    """Why a slice has no cases."""

    def block(self, slice_name: str, condition: str) -> Json:
        """The scores to compare a condition in: of all cases, or of those rendered too."""
        part: Json = self.slices[slice_name]["rendered" if condition == RENDERED else "all"]
        return part


def by_host_rate(files: Sequence[PluginResults]) -> dict[int, list[Measured]]:
    """What was measured, by host rate in Hz."""
    rates: dict[int, list[Measured]] = {}
    for file in files:
        for rate, slices in sorted(file.read().items()):
            known = {name: slices[name] for name in SLICES if name in slices}
            measured = Measured(
                file.plugin,
                {name: summary for name, summary in known.items() if "cases" in summary},
                {name: s["no_counterpart"] for name, s in known.items() if "cases" not in s},
            )
            if measured.slices:
                rates.setdefault(int(rate), []).append(measured)
    return dict(sorted(rates.items()))


def digest(plugins: Sequence[Measured]) -> Json:
    """The whole of one host rate in one place."""
    return {
        "cases": _cases(plugins),
        "worst_true_parameters": worst_true_parameters(plugins),
        "relative_gain": {
            answer: {
                key: {
                    name: {
                        m.plugin.id: m.block(name, answer)["relative_gain"][answer][key]
                        for m in plugins
                        if name in m.slices
                    }
                    for name in SLICES
                }
                for key in (RAW, MATCHED)
            }
            for answer in ANSWERS
        },
        "mean_relative_gain_of_mda": {
            answer: {
                key: {name: mean_gains(mda(plugins), name, answer, key) for name in SLICES}
                for key in (RAW, MATCHED)
            }
            for answer in ANSWERS
        },
        "beats_on_every_slice": {
            answer: {
                f"{key}, {baseline}": [
                    m.plugin.id for m in plugins if beats(m, answer, baseline, key)
                ]
                for key in (RAW, MATCHED)
                for baseline in (DO_NOTHING, GAIN_ONLY)
            }
            for answer in ANSWERS
        },
        "expected_calibration_error": {
            m.plugin.id: {answer: calibration_errors(m, answer) for answer in ANSWERS}
            for m in plugins
        },
    }


def mda(plugins: Iterable[Measured]) -> list[Measured]:
    """The effects that the prior work was measured on."""
    return [m for m in plugins if m.plugin.id.startswith("mda-")]


def mean_gains(plugins: Sequence[Measured], slice_name: str, answer: str, key: str) -> Json | None:
    """Mean over plugins of the relative gains, and the relative gain of the mean scores."""
    blocks = [m.block(slice_name, answer) for m in plugins if slice_name in m.slices]
    gains = [block["relative_gain"][answer][key] for block in blocks]
    known = [gain["mean"] for gain in gains if gain]
    if not known:
        return None
    pairs = [
        (block["means"][answer][key]["mean"], block["means"][DO_NOTHING][key]["mean"])
        for block in blocks
    ]
    return {
        "mean": round(float(np.mean(known)), 4),
        "of_means": round(gain_of_means(pairs), 4),
        "plugins": len(known),
    }


def beats(measured: Measured, answer: str, baseline: str, key: str) -> bool:
    """Whether the paired difference lies below 0, with its interval, on every slice."""
    return all(
        is_below(measured.block(name, answer)["differences"][f"{answer} - {baseline}"].get(key))
        for name in measured.slices
    )


def is_below(difference: Json | None) -> bool:
    """Whether a whole interval lies below 0."""
    return bool(difference and difference["mean"] + (difference["ci95"] or 0.0) < 0)


def worst_true_parameters(plugins: Sequence[Measured]) -> Json:
    """By plugin, the worst score of any metric, slice and case; exactly 0 where all is well."""
    return {
        m.plugin.id: max(
            (s["worst_true_parameters"] for s in m.slices.values() if "parameters" in s),
            default=None,
        )
        for m in plugins
    }


def calibration_errors(measured: Measured, answer: str) -> Json:
    """Expected calibration error over the cases of all slices, by parameter and of the bypass."""
    known = [s for s in measured.slices.values() if "parameters" in s]
    symbols = dict.fromkeys(symbol for s in known for symbol in s["parameters"][answer])
    errors = {
        symbol: _pooled([s["parameters"][answer][symbol]["calibration"] for s in known])
        for symbol in symbols
    }
    return {
        "parameters": errors,
        "bypass": _pooled([s["bypass"][answer]["calibration"] for s in known]),
    }


def _pooled(calibrations: Sequence[Json]) -> float | None:
    bins = np.sum([calibration["bins"] for calibration in calibrations], axis=0)
    return expected_calibration_error(bins.tolist()) if calibrations else None


def _cases(plugins: Sequence[Measured]) -> Json:
    return {
        m.plugin.id: {name: summary["cases"] for name, summary in m.slices.items()} for m in plugins
    }
