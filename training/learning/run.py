"""From a plugin to its predictor: listen, fit, judge, and keep what helps.

Everything but the last step lies in a folder of the user's cache, from which a run that was stopped
goes on. Worker processes render and listen; this process fits the network.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import numpy as np
import torch
from torch import nn

from bridge.arrays import Floats
from bridge.library import Layer, Library
from bridge.manifest import PluginSpec
from bridge.models import load_encoder
from bridge.models.cards import EncoderCard, PredictorCard, read_card
from training import sensitivity
from training.calibration import calibrate
from training.errors import TrainingError
from training.examples import ClipSettings, ClipSource, ExampleSource, Task
from training.export import record_beside, write_card, write_predictor
from training.files import write_whole
from training.joint import Networks, train_joint
from training.learning.audio import build_corpus
from training.learning.frozen import FrozenEncoder, embedded
from training.learning.installing import install
from training.learning.judging import Trial, Verdict, judge
from training.networks import Predictor
from training.pool import Pool, hear, load_pool
from training.runs import JointSettings, Run
from training.workers import executor

CLIPS = ClipSettings(
    sample_rates_hz=(48_000, 48_000, 44_100),
    gain_db=(-18.0, 6.0),
    halves_s=(131_072 / 24_000, 65_536 / 24_000),
    other_clip_share=0.5,
    equal_levels=True,
    speed=(0.8, 1.25),
    tone_db=8.0,
)
EXPERIMENT = "learn"
BUDGET_S = 3.0
"""What `match` takes by itself: what it answers then is compared."""
_EPOCHS = 40
_SEED, _VALIDATION_SEED = 51, 52
_CHUNK = 128
_LEAST_CLIPS, _MOST_CLIPS = 256, 12_288
_LEAST_CASES, _MOST_CASES = 8, 64
_LISTENING, _JUDGING = 0.55, 0.25
"""Shares of the time; fitting takes what is left, and seldom needs it."""
_PACED, _CASE_S = 6, 8.0
"""Examples that are timed; what a case takes with both searches, loading and scoring."""

Told = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """What is to be learned, and on what."""

    plugin: PluginSpec
    library: Library
    layer: Layer
    """Where the model goes."""
    cache: Path
    minutes: float
    audio: tuple[Path, ...] = ()
    workers: int = 2


@dataclass(frozen=True)
class Learned:
    """What came of it."""

    verdict: Verdict
    clips: int
    seconds: float
    kept: Path | None
    """Where the model lies; None where the search is as good without it."""


@dataclass(frozen=True)
class _Plan:
    clips: int
    cases: int


def learn(wish: Wish, told: Told) -> Learned:
    """Train a predictor for the plugin and keep it where it brings answers nearer.

    Raises TrainingError where there is nothing to learn or too little audio, EffectError where the
    plugin is not installed.
    """
    return _Learning(wish, told).run()


class _Learning:
    """One run; its steps, in order."""

    def __init__(self, wish: Wish, told: Told) -> None:
        if not wish.plugin.predicted:
            raise TrainingError(f"{wish.plugin.id}: all its parameters are held; nothing to learn")
        self._wish, self._told, self._plugin = wish, told, wish.plugin
        self._encoder = load_encoder(wish.library)
        self._data = wish.cache / f"audio-{_key(sorted(str(p.resolve()) for p in wish.audio))}"
        entry = self._plugin.model_dump(exclude={"name", "kind", "model"}, mode="json")
        key = _key([entry, self._card.sha256, self._data.name])
        self._folder = wish.cache / f"{self._plugin.id}-{key}"

    def run(self) -> Learned:
        """All steps."""
        started_s = time.monotonic()
        for line in build_corpus(self._data / "corpus", self._wish.audio, 2 * max(CLIPS.halves_s)):
            self._told(f"skipped: {line}")
        plan = self._plan()
        self._told(f"1 of 3: listening to {plan.clips} clips through {self._plugin.name}")
        pool, validation = self._pools(plan)
        self._told("2 of 3: fitting the network")
        models = self._fit(plan, pool, validation)
        self._told(f"3 of 3: searching {plan.cases} held-back clips, without it and with it")
        verdict = self._judge(plan, models)
        kept = None
        if verdict.better:
            wish, folder = self._wish, models / self._name
            kept = install(folder, self._plugin, wish.library, wish.layer, self._card.sha256)
        return Learned(verdict, plan.clips, time.monotonic() - started_s, kept)

    @property
    def _name(self) -> str:
        """Of the model's folder; never that of a shipped one."""
        return f"learned-{self._plugin.id}"

    @property
    def _card(self) -> EncoderCard:
        return self._encoder.card

    def _plan(self) -> _Plan:
        """As much as there is time for; a run that was stopped keeps its plan."""
        record = self._folder / "plan.json"
        plans = json.loads(record.read_text()) if record.exists() else {}
        minutes = f"{self._wish.minutes:g}"
        if minutes not in plans:
            seconds = 60 * self._wish.minutes
            pace_s = self._pace_s() / self._wish.workers
            clips = round(_LISTENING * seconds / pace_s / _CHUNK) * _CHUNK
            cases = round(_JUDGING * seconds * self._wish.workers / _CASE_S)
            plans[minutes] = [
                min(max(clips, _LEAST_CLIPS), _MOST_CLIPS),
                min(max(cases, _LEAST_CASES), _MOST_CASES),
            ]
            write_whole(record, json.dumps(plans) + "\n")
        return _Plan(*plans[minutes])

    def _pace_s(self) -> float:
        """Seconds that a clip and its reference take."""
        source = self._source()
        source.reference(0, source.clips[0])
        started_s = time.monotonic()
        for index in range(_PACED):
            clip = source.clips[index]
            audio, _ = source.reference(index, clip)
            for heard in (clip.dry, audio):
                hear(heard, clip.sample_rate, self._card.features)
        return (time.monotonic() - started_s) / _PACED

    def _source(self) -> ExampleSource:
        """A new one each time: one that has loaded the plugin cannot travel to another process."""
        clips = ClipSource(CLIPS, self._data / "corpus", "train", _SEED)
        return ExampleSource(Task(plugin=self._plugin.id), self._plugin, clips)

    def _pools(self, plan: _Plan) -> tuple[Pool, Pool]:
        pools = [
            load_pool(
                [self._plugin],
                clips,
                self._card.features,
                self._data,
                split,
                seed,
                count,
                processes=self._wish.workers,
            )
            for clips, split, seed, count in (
                (CLIPS, "train", _SEED, plan.clips),
                (CLIPS.plain, "validation", _VALIDATION_SEED, _CHUNK),
            )
        ]
        pool, validation = (embedded(pool, self._encoder) for pool in pools)
        return pool, validation

    def _fit(self, plan: _Plan, pool: Pool, validation: Pool) -> Path:
        """The predictor below a folder of models, with its card."""
        run = Run(self._folder / f"run-{plan.clips}")
        plugin = self._plugin
        torch.manual_seed(0)
        networks = Networks(
            FrozenEncoder(), nn.ModuleDict({plugin.id: Predictor(plugin.predicted)})
        )
        weights = {plugin.id: self._weights(run)}
        settings = JointSettings(epochs=_EPOCHS)
        train_joint(networks, {plugin.id: plugin}, weights, pool, validation, run, settings)
        calibrate(networks, validation)
        models = run.folder / "models"
        folder = models / self._name
        # A run that was stopped may have left half of one.
        rmtree(folder, ignore_errors=True)
        models.mkdir(exist_ok=True)
        record = record_beside(self._card, EXPERIMENT, self._data / "corpus")
        rates = CLIPS.sample_rates_hz
        write_predictor(folder, networks, plugin, validation, rates, self._card.sha256, record)
        return models

    def _weights(self, run: Run) -> Floats:
        """How much each parameter matters to the ear."""
        record = run.folder / "sensitivity.json"
        if not record.exists():
            with executor(self._wish.workers) as workers:
                found = sensitivity.measure(self._source(), workers)
            write_whole(record, json.dumps(found.tolist()) + "\n")
        return np.array(json.loads(record.read_text()), np.float32)

    def _judge(self, plan: _Plan, models: Path) -> Verdict:
        library, name = self._wish.library, self._name
        with_it = Library((*library.layers, Layer(models / "none.yaml", models)))
        trial = Trial(
            # As `match` would answer now: with the predictor that is there, if there is one.
            before=(self._plugin, library),
            learned=(self._plugin.model_copy(update={"model": name}), with_it),
            corpus=self._data / "corpus",
            clips=CLIPS,
            budget_s=BUDGET_S,
        )
        verdict = judge(trial, plan.cases, self._wish.workers)
        if not verdict.cases:
            raise TrainingError(
                f"{self._plugin.id}: no held-back clip lets it be heard; give --audio DIR with"
                " other recordings, or wider ranges in its entry"
            )
        folder = models / name
        card = read_card(folder, PredictorCard)
        write_card(folder, card.model_copy(update={"metrics": card.metrics | metrics(verdict)}))
        return verdict


def metrics(verdict: Verdict) -> dict[str, float]:
    """What a card says of the comparison."""
    (alone, learned), (harmed_alone, harmed_learned) = verdict.gains, verdict.harmed
    return {
        "search_cases": float(len(verdict.cases)),
        "search_alone_gain": round(alone, 4),
        "search_learned_gain": round(learned, 4),
        "search_alone_harmed": round(harmed_alone, 4),
        "search_learned_harmed": round(harmed_learned, 4),
    }


def _key(described: object) -> str:
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:12]
