"""What all measured slices of one host rate come to: the numbers of `evaluation.json`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bridge.chain import Chain
from training.errors import TrainingError
from training.evaluation.harm import worst_cases
from training.evaluation.intervals import Json
from training.evaluation.outcomes import Outcome
from training.evaluation.parameters import expected_calibration_error
from training.evaluation.protocol import (
    ANSWERS,
    BEST,
    DO_NOTHING,
    GAIN_ONLY,
    GAINED,
    MATCHED,
    NETWORK,
    RAW,
    RENDERED,
    SLICES,
)
from training.evaluation.published import gain_of_means
from training.evaluation.results import ChainResults, Entry
from training.evaluation.summary import summarise

COMPARED = (GAIN_ONLY, *ANSWERS, BEST)
"""Whose gain and harm over doing nothing is told."""


_PARTS = {RENDERED: "rendered", BEST: "bounded"}


@dataclass(frozen=True)
class Measured:
    """One plugin or rig at one host rate."""

    chain: Chain
    slices: Mapping[str, Json]
    """Summaries by slice, in the order of `SLICES`; slices without cases are left out."""
    missing: Mapping[str, str]
    """Why a slice has no cases."""
    outcomes: Mapping[str, Sequence[Outcome]]
    """The cases by slice; of summaries of earlier versions there are none."""

    def block(self, slice_name: str, condition: str) -> Json:
        """The scores to compare a condition in: of all cases, or of those that have it."""
        summary: Json = self.slices.get(slice_name, {})
        part: Json = summary.get(_PARTS.get(condition, "all"), {})
        return part

    def mean(self, slice_name: str, condition: str, key: str) -> Json | None:
        """One condition's mean score among the rendered cases: of all conditions the same ones."""
        found: Json | None = (
            self.block(slice_name, RENDERED).get("means", {}).get(condition, {}).get(key)
        )
        return found

    def gain(self, slice_name: str, condition: str, key: str) -> Json | None:
        """Relative gain over doing nothing; None where it was not measured."""
        gains = self.block(slice_name, condition).get("relative_gain", {})
        found: Json | None = gains.get(condition, {}).get(key)
        return found

    def harmed(self, slice_name: str, condition: str) -> Json | None:
        """Share of harmed cases; None where it was not measured."""
        found: Json | None = self.block(slice_name, condition).get("harmed", {}).get(condition)
        return found

    def difference(self, slice_name: str, answer: str, baseline: str, key: str) -> Json | None:
        """Paired difference of two conditions; None where it was not measured."""
        differences = self.block(slice_name, answer).get("differences", {})
        found: Json | None = differences.get(f"{answer} - {baseline}", {}).get(key)
        return found

    def worst(self) -> list[Json]:
        """The worst cases of what the musician gets: rendered where that was measured."""
        answers = {name for some in self.outcomes.values() for o in some for name in o.answers}
        for condition in (RENDERED, NETWORK):
            if condition in answers:
                return worst_cases(self.outcomes, condition)
        return []


def by_host_rate(files: Sequence[ChainResults]) -> dict[int, list[Measured]]:
    """What was measured, by host rate in Hz."""
    rates: dict[int, list[Measured]] = {}
    for file in files:
        entries = file.read()
        for rate in sorted({rate for rate, _ in entries}):
            known = {name: entries[rate, name] for name in SLICES if (rate, name) in entries}
            measured = _measured(file.chain, known)
            if measured.slices:
                rates.setdefault(rate, []).append(measured)
    return dict(sorted(rates.items()))


def _measured(chain: Chain, entries: Mapping[str, Entry]) -> Measured:
    slices: dict[str, Json] = {}
    missing: dict[str, str] = {}
    outcomes: dict[str, Sequence[Outcome]] = {}
    for name, entry in entries.items():
        if entry.missing:
            missing[name] = entry.missing
        elif entry.old_summary is not None:
            slices[name] = entry.old_summary
        else:
            try:
                outcomes[name] = entry.outcomes(chain)
            except TrainingError as error:
                missing[name] = str(error)
            else:
                made_by = list(entry.made_by)
                slices[name] = {"counterparts": made_by, **summarise(outcomes[name])}
    return Measured(chain, slices, missing, outcomes)


def digest(measured: Sequence[Measured]) -> Json:
    """The whole of one host rate in one place."""
    return {
        "cases": _cases(measured),
        "worst_true_parameters": worst_true_parameters(measured),
        "relative_gain": {
            answer: {
                key: {
                    name: {
                        m.chain.id: found for m in measured if (found := m.gain(name, answer, key))
                    }
                    for name in SLICES
                }
                for key in (RAW, MATCHED)
            }
            for answer in COMPARED
        },
        "harmed": {
            answer: {
                name: {m.chain.id: found for m in measured if (found := m.harmed(name, answer))}
                for name in SLICES
            }
            for answer in COMPARED
        },
        "mean_relative_gain_of_mda": {
            answer: {
                key: {name: mean_gains(mda(measured), name, answer, key) for name in SLICES}
                for key in (RAW, MATCHED)
            }
            for answer in ANSWERS
        },
        "mean_harmed_of_mda": {
            answer: {name: mean_harmed(mda(measured), name, answer) for name in SLICES}
            for answer in ANSWERS
        },
        "beats_on_every_slice": {
            answer: {
                f"{key}, {baseline}": [
                    m.chain.id for m in measured if beats(m, answer, baseline, key)
                ]
                for key in (RAW, MATCHED)
                for baseline in (DO_NOTHING, GAIN_ONLY)
            }
            for answer in ANSWERS
        },
        "expected_calibration_error": {
            m.chain.id: {answer: calibration_errors(m, answer) for answer in ANSWERS}
            for m in measured
        },
        "modulation": {
            m.chain.id: {name: s["modulation"] for name, s in m.slices.items() if _modulates(s)}
            for m in measured
            if any(map(_modulates, m.slices.values()))
        },
        "foretold": {
            m.chain.id: {name: s["foretold"] for name, s in m.slices.items() if s.get("foretold")}
            for m in measured
        },
        "worst_cases": {m.chain.id: m.worst() for m in measured},
    }


def mda(measured: Iterable[Measured]) -> list[Measured]:
    """The effects that the prior work was measured on."""
    return [m for m in plugins_of(measured) if m.chain.id.startswith("mda-")]


def plugins_of(measured: Iterable[Measured]) -> list[Measured]:
    """The single plugins."""
    return [m for m in measured if len(m.chain.slots) == 1]


def mean_gains(measured: Sequence[Measured], slice_name: str, answer: str, key: str) -> Json | None:
    """Mean over plugins of the relative gains, and the relative gain of the mean scores."""
    known = [(m, found) for m in measured if (found := m.gain(slice_name, answer, key))]
    if not known:
        return None
    blocks = [m.block(slice_name, answer)["means"] for m, _ in known]
    return {
        "mean": round(float(np.mean([found["mean"] for _, found in known])), 4),
        "of_means": round(
            gain_of_means([(b[answer][key]["mean"], b[DO_NOTHING][key]["mean"]) for b in blocks]), 4
        ),
        "plugins": len(known),
    }


def mean_harmed(measured: Sequence[Measured], slice_name: str, answer: str) -> float | None:
    """Mean over plugins of the share of harmed cases."""
    known = [found["mean"] for m in measured if (found := m.harmed(slice_name, answer))]
    return round(float(np.mean(known)), 4) if known else None


def beats(measured: Measured, answer: str, baseline: str, key: str) -> bool:
    """Whether the paired difference lies below 0, with its interval, on every slice.

    But for *nearly dry*, where there is nothing to win.
    """
    names = [name for name in measured.slices if name in GAINED]
    return bool(names) and all(
        is_below(measured.difference(name, answer, baseline, key)) for name in names
    )


def is_below(difference: Json | None) -> bool:
    """Whether a whole interval lies below 0."""
    return bool(difference and difference["mean"] + (difference["ci95"] or 0.0) < 0)


def worst_true_parameters(measured: Sequence[Measured]) -> Json:
    """By plugin, the worst score of any metric, slice and case; exactly 0 where all is well."""
    return {
        m.chain.id: max(
            (s["worst_true_parameters"] for s in m.slices.values() if "parameters" in s),
            default=None,
        )
        for m in measured
    }


def calibration_errors(measured: Measured, answer: str) -> Json:
    """Expected calibration error over the cases of all slices, by parameter and of the bypass."""
    known = [s for s in measured.slices.values() if "parameters" in s]
    symbols = dict.fromkeys(symbol for s in known for symbol in s["parameters"][answer])
    errors = {
        symbol: _pooled(
            [found["calibration"] for s in known if (found := s["parameters"][answer].get(symbol))]
        )
        for symbol in symbols
    }
    return {
        "parameters": errors,
        "bypass": _pooled([s["bypass"][answer]["calibration"] for s in known]),
    }


def _pooled(calibrations: Sequence[Json]) -> float | None:
    bins = np.sum([calibration["bins"] for calibration in calibrations], axis=0)
    return expected_calibration_error(bins.tolist()) if calibrations else None


def _cases(measured: Sequence[Measured]) -> Json:
    return {
        m.chain.id: {name: summary["cases"] for name, summary in m.slices.items()} for m in measured
    }


def _modulates(summary: Json) -> bool:
    return any(summary.get("modulation", {}).values())
