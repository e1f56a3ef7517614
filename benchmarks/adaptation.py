"""How long the knobs need to follow a change of playing: the information latency of every model.

    python -m benchmarks.adaptation [--splices 24] [--data data]

Two dry recordings of the corpus' test split are spliced, so that the playing changes within one
sample, while the reference stays. The predicted parameters are followed through the engine's own
window, averaging and glide, hop for hop, with the network alone and the live settings nobody has
changed. Half of the change is done when the setting, projected on the line from its mean before
the splice to its mean long after it, is first half way there; all of it at nine tenths. Splices
that change the setting less than it wanders by itself tell nothing and are left out.

This is not the compute latency, which is a few milliseconds (`dafx-bridge bench`): a window has to
fill with the new playing first. Writes docs/results/adaptation.json and .md, and each model's
figures into its card.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from bridge.arrays import Audio, Floats
from bridge.audio.files import read_audio
from bridge.chain import ChainSetting
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Smoother, share_of_way
from bridge.effects import load_effect
from bridge.engine.window import LiveWindow
from bridge.errors import EffectError
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis
from bridge.library import CARD_FILE, MODELS, Library
from bridge.manifest import PluginSpec
from training.corpus import load_index
from training.corpus.stems import SAMPLE_RATE
from training.estimators import estimator_of, predictor_of
from training.evaluation.cases import usable_setting

RESULT = Path("docs/results/adaptation.json")
BEFORE_S, AFTER_S = 14.0, 18.0
SETTLED_S = 4.0
"""The ends of both parts, over which the means are taken."""
REFERENCE_S = 10.0
CLEAR = 2.0
"""Deviations of its wandering by which a setting must change at least."""
HALF, ALL = 0.5, 0.9


@dataclass(frozen=True)
class Followed:
    """One model and one splice: what was predicted at every hop, (hops, parameters)."""

    settings: Floats
    hop_s: float

    def seconds_until(self, share: float) -> float | None:
        """From the splice until so much of the change is done; None where there is hardly any."""
        splice, settled = round(BEFORE_S / self.hop_s), round(SETTLED_S / self.hop_s)
        before, after = self.settings[splice - settled : splice], self.settings[-settled:]
        way = after.mean(axis=0) - before.mean(axis=0)
        length = float(np.linalg.norm(way))
        if length == 0:
            return None
        along = (self.settings - before.mean(axis=0)) @ way / length
        ends = along[splice - settled : splice], along[-settled:]
        if length < CLEAR * sum(float(part.std()) for part in ends):
            return None
        done = np.flatnonzero(along[splice:] >= share * length)
        return float((done[0] + 1) * self.hop_s)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splices", type=int, default=24)
    parser.add_argument("--data", type=Path, default=Path("data"))
    arguments = parser.parse_args()
    estimators = [estimator_of(plugin, MODELS) for plugin in _plugins()]
    draw = np.random.default_rng(0)
    followed: dict[str, list[Followed]] = {estimator.chain.id: [] for estimator in estimators}
    for number, (first, second, other) in zip(
        range(arguments.splices), _stems(arguments.data / "corpus", draw), strict=False
    ):
        references = [_reference(estimator, other, draw) for estimator in estimators]
        played = np.concatenate(
            [first[:, : round(BEFORE_S * SAMPLE_RATE)], second[:, : round(AFTER_S * SAMPLE_RATE)]],
            axis=1,
        )
        for estimator, settings in zip(
            estimators, follow(estimators, references, played), strict=True
        ):
            followed[estimator.chain.id].append(Followed(settings, estimator.hop_s))
        print(f"{number + 1} of {arguments.splices}", flush=True)
    report = {
        "splices": arguments.splices,
        "window_s": round(estimators[0].features.window_s, 2),
        "averaging_s": LiveSettings().averaging_s,
        "glide_s": LiveSettings().glide.attack_s,
        "models": {name: _times(runs) for name, runs in followed.items()},
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    RESULT.with_suffix(".md").write_text(_markdown(report))
    for estimator in estimators:
        _into_card(estimator, report["models"][estimator.chain.id])
    print(RESULT.with_suffix(".md").read_text())


def follow(
    estimators: Sequence[Estimator], references: Sequence[Analysis], played: Audio
) -> list[Floats]:
    """What each model's continuous parameters are at every hop, normalised, (hops, parameters).

    All models hear through the same encoder; `played` is (1, frames) at `SAMPLE_RATE`.
    """
    hop_s, settings = estimators[0].hop_s, LiveSettings()
    window = LiveWindow(SAMPLE_RATE, estimators[0].features)
    smoothers = [Smoother(ChainSetting.start(estimator.chain)) for estimator in estimators]
    columns = [
        [i for i, p in enumerate(e.chain.parameters) if p.spec.predicted and not p.spec.classes]
        for e in estimators
    ]
    rows: list[list[list[float]]] = [[] for _ in estimators]
    averaged: Analysis | None = None
    hop = round(hop_s * SAMPLE_RATE)
    for start in range(0, played.shape[1] - hop + 1, hop):
        window.push(played[:, start : start + hop])
        if window.ready:
            heard = estimators[0].embed(window.statistics())
            share = share_of_way(hop_s, settings.averaging_s)
            averaged = averaged.towards(heard, share) if averaged else heard
        for number, estimator in enumerate(estimators):
            if averaged:
                target = estimator.predict(averaged, references[number], SAMPLE_RATE).setting
                smoothers[number].towards(target, hop_s, settings.glide_of)
            now = smoothers[number].setting.normalised
            rows[number].append([now[column] for column in columns[number]])
    return [np.array(of_one, np.float32) for of_one in rows]


def _plugins() -> Iterator[PluginSpec]:
    """Those that have a model and are installed."""
    for plugin in Library().manifest.plugins:
        if plugin.model:
            try:
                load_effect(plugin)
            except EffectError as error:
                print(f"left out: {error}")
            else:
                yield plugin


def _stems(corpus: Path, draw: np.random.Generator) -> Iterator[tuple[Audio, Audio, Audio]]:
    """Three different recordings that are long enough, over and over; each (1, frames)."""
    longest = max(BEFORE_S, AFTER_S)
    stems = [stem for stem in load_index(corpus, "test") if stem.seconds >= longest]
    for _ in count():
        chosen = draw.choice(len(stems), 3, replace=False)
        first, second, other = (read_audio(corpus / "test" / stems[i].path)[0] for i in chosen)
        yield first, second, other


def _reference(estimator: Estimator, dry: Audio, draw: np.random.Generator) -> Analysis:
    """What the plugin makes of a recording at a random setting."""
    clip = dry[:, : round(REFERENCE_S * SAMPLE_RATE)]
    effect = load_effect(estimator.chain.slots[0].plugin)
    _, (wet,) = usable_setting(effect, [clip], SAMPLE_RATE, draw)
    return estimator.analyse(wet, SAMPLE_RATE, "reference")


def _times(runs: Sequence[Followed]) -> dict[str, float | int | None]:
    half = [seconds for run in runs if (seconds := run.seconds_until(HALF)) is not None]
    whole = [seconds for run in runs if (seconds := run.seconds_until(ALL)) is not None]
    return {
        "clear_changes": len(half),
        "half_s": round(float(np.median(half)), 2) if half else None,
        "full_s": round(float(np.median(whole)), 2) if whole else None,
    }


def _into_card(estimator: Estimator, times: Mapping[str, float | int | None]) -> None:
    told = {f"{part}_adaptation_s": times[f"{part}_s"] for part in ("half", "full")}
    known = {name: float(seconds) for name, seconds in told.items() if seconds is not None}
    card = predictor_of(estimator).card
    card = card.model_copy(update={"metrics": card.metrics | known})
    path = MODELS / str(estimator.chain.slots[0].plugin.model) / CARD_FILE
    path.write_text(card.model_dump_json(indent=2) + "\n")


def _markdown(report: Mapping[str, Any]) -> str:
    lines = [
        "# How long the knobs need to follow a change of playing",
        "",
        f"Median over up to {report['splices']} splices of test recordings; window"
        f" {report['window_s']} s, averaging {report['averaging_s']} s, glide"
        f" {report['glide_s']} s; network alone. *Half*: half of the way to the new setting; *all*:"
        " nine tenths of it.",
        "",
        "Written by `python -m benchmarks.adaptation`, which tells how it is measured.",
        "",
        "| model | half, s | all, s | clear changes |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {t['half_s']} | {t['full_s']} | {t['clear_changes']} |"
        for name, t in report["models"].items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
