"""The cases, what a system answers to them, and how far that is from the target.

Cases are those of the published protocol on validation audio; every rung sees the same. Scoring
and rendering run in worker processes, which load a plugin's cases once.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.pool import Pool as Workers
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from bridge.analysis.metrics import magnitudes, mrstft_with_gain
from bridge.arrays import finite
from bridge.chain import Chain, ChainSetting
from bridge.effects import ChainEffect
from bridge.estimate.answer import Answer
from bridge.estimate.estimator import Estimator
from bridge.manifest import PluginSpec
from bridge.models import Prediction
from bridge.search.render_search import decide
from training.canonical import canonical
from training.estimators import estimator_of
from training.evaluation.intervals import Values
from training.evaluation.protocol import MATCHED, RAW
from training.evaluation.protocol import Settings as ProtocolSettings
from training.examples import ClipSource, ExampleSource, Task
from training.files import write_whole
from training.networks import Predictor
from training.spsa import Batch, evidence

ERROR = "parameter_error"
MEASURES = (RAW, MATCHED, ERROR)
"""MRSTFT to the target; the same at the target's RMS; mean absolute error of the normalised
parameters, of wet cases only."""
_SEED = 13


@dataclass(frozen=True)
class Work:
    """Whose cases; small enough to send to a process with every case."""

    plugin: PluginSpec
    corpus: Path


@lru_cache(maxsize=1)
def cases_of(work: Work) -> ExampleSource:
    """A plugin's cases by number."""
    clips = ClipSource(ProtocolSettings().clips, work.corpus, "validation", _SEED)
    return ExampleSource(Task(plugin=work.plugin.id), work.plugin, clips)


@lru_cache(maxsize=1)
def _estimator(plugin: PluginSpec, models: Path) -> Estimator:
    return estimator_of(plugin, models)


def constant_answer(plugin: PluginSpec, bypass: bool) -> Answer:
    """The middle of every range, or the plugin left out."""
    chain, middle = Chain.of_plugin(plugin), [0.5] * len(plugin.predicted)
    setting = ChainSetting.of_predicted(chain, middle, [plugin.id] if bypass else [])
    return Answer(setting, (), (float(bypass),))


@torch.no_grad()
def answers_to(
    batch: Batch, encoder: nn.Module, predictor: Predictor, plugin: PluginSpec
) -> list[Answer]:
    """What networks answer to a batch of cases."""
    points, bins, bypass = predictor(*evidence(encoder, batch))
    rows = zip(
        predictor.decode(points, bins).numpy(),
        bins.exp().numpy(),
        torch.sigmoid(bypass[:, 0]).tolist(),
        strict=True,
    )
    chain = Chain.of_plugin(plugin)
    return [Answer.of(chain, [Prediction(*row)]) for row in rows]


def answer_with_models(work: Work, models: Path, index: int) -> tuple[Answer, Answer]:
    """What exported models answer to one case: the network alone, and refined by rendering."""
    cases, estimator = cases_of(work), _estimator(work.plugin, models)
    case, effect = cases[index], ChainEffect(estimator.chain, [cases.effect])
    rate = case.sample_rate
    played = estimator.analyse(case.dry, rate, "input", repeat_short=True)
    reference = estimator.analyse(case.reference, rate, "reference", repeat_short=True)
    return (
        estimator.predict(played, reference, rate),
        decide(estimator, effect, case.dry, rate, reference),
    )


def score(work: Work, index: int, answer: Answer) -> list[float]:
    """The `MEASURES` of an answer to one case; the error is NaN where the reference is dry."""
    cases = cases_of(work)
    case = cases[index]
    effect = ChainEffect(answer.setting.chain, [cases.effect])
    audio = answer.apply(effect, case.dry, case.sample_rate)
    target = case.target[0]
    found = finite(audio[0])
    distances = mrstft_with_gain(found, target, magnitudes(target))
    if case.truth is None:
        return [*distances, np.nan]
    settings = (answer.setting.settings[0], case.truth)
    given, true = (np.array(canonical(setting).predicted) for setting in settings)
    return [*distances, float(np.abs(given - true).mean())]


class Scores:
    """All that was measured, kept in a file after every rung of every plugin."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def has(self, rungs: Sequence[str], plugin: PluginSpec, version: str = "") -> bool:
        """Whether all of these rungs were measured, of this version of their models."""
        found = [self._known.get(rung, {}).get(plugin.id) for rung in rungs]
        return all(entry is not None and entry["version"] == version for entry in found)

    def measure(
        self,
        rung: str,
        work: Work,
        answers: Sequence[Answer],
        workers: Workers,
        version: str = "",
    ) -> None:
        """Score a rung's answers to the first cases of a plugin, unless they were."""
        if self.has([rung], work.plugin, version):
            return
        jobs = [(work, index, answer) for index, answer in enumerate(answers)]
        rows = np.round(workers.starmap(score, jobs, chunksize=4), 6)
        cases = [[None if np.isnan(v) else v for v in row] for row in rows.tolist()]
        entry = {"version": version, "cases": cases}
        self._known.setdefault(rung, {})[work.plugin.id] = entry
        write_whole(self._path, json.dumps(self._known))

    def values(self, rung: str, plugins: Sequence[PluginSpec]) -> dict[str, Values]:
        """By measure, what a rung scored, (plugins, cases)."""
        entries = [self._known[rung][plugin.id]["cases"] for plugin in plugins]
        stack = np.array(entries, np.float64)
        return {measure: stack[..., number] for number, measure in enumerate(MEASURES)}
