"""One slice of one plugin, case by case, in a process of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import process_time
from zlib import crc32

import numpy as np

from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.effects import load_effect
from bridge.estimate.answer import Answer
from bridge.manifest import Setting
from training.estimators import estimator_of
from training.evaluation.answers import answer_case
from training.evaluation.cases import Case, CaseSource, OwnCases
from training.evaluation.cross_plugin import CrossCases
from training.evaluation.protocol import (
    CONDITIONS,
    CROSS_PLUGIN,
    KEYS,
    PROTOCOL_RATE_HZ,
    SLICES,
    SPEECH,
    Work,
)
from training.evaluation.scores import Scores, score
from training.examples import ClipSource


@dataclass(frozen=True)
class Outcome:
    """All that is kept of one case."""

    scores: Scores
    """(CONDITIONS, METRICS); NaN where a condition or a metric was not measured."""
    truth: Setting | None
    clean: bool
    answers: Mapping[str, Answer]
    seconds: Mapping[str, float]


def measure(job: tuple[Work, int]) -> Outcome:
    """One case by number; what its slice needs is loaded once in a process."""
    work, index = job
    return _bench(work).outcome(index)


class Bench:
    """Plugin, models and cases of one slice."""

    def __init__(self, work: Work) -> None:
        """Raises BridgeError where the plugin, its models or the corpus are missing."""
        self._work = work
        self._effect = load_effect(work.plugin)
        self._estimator = estimator_of(work.plugin, work.models)
        settings = work.settings
        clips = ClipSource(settings.clips, work.corpus, "test", settings.seed, SLICES[work.slice])
        self._cases: CaseSource = (
            CrossCases(work.counterparts, clips)
            if work.slice == CROSS_PLUGIN
            else OwnCases(work.plugin, clips)
        )

    def outcome(self, index: int) -> Outcome:
        """Answer and score one case."""
        settings = self._work.settings
        case = self._cases[index]
        name = crc32(f"random {self._work.plugin.id}".encode())
        draw = np.random.default_rng((settings.seed, index, name))
        answered = answer_case(
            case, self._effect, self._estimator, draw, index < settings.rendered_cases
        )
        start = process_time()
        with_pesq = self._work.slice == SPEECH and index < settings.pesq_cases
        scores = self._scores(case, answered.audio, with_pesq)
        seconds = {**answered.seconds, "scoring": process_time() - start}
        return Outcome(scores, case.truth, case.clean, answered.answers, seconds)

    @staticmethod
    def _scores(case: Case, audio: Mapping[str, Audio], with_pesq: bool) -> Scores:
        target = _at_protocol_rate(case.target, case.sample_rate)
        answers = [_at_protocol_rate(some, case.sample_rate) for some in audio.values()]
        scores = np.full((len(CONDITIONS), len(KEYS)), np.nan)
        rows = [CONDITIONS.index(condition) for condition in audio]
        scores[rows] = score(answers, target, with_pesq)
        return scores


def _at_protocol_rate(audio: Audio, sample_rate: int) -> Audio:
    return resample(audio[0], sample_rate, PROTOCOL_RATE_HZ)


@lru_cache(maxsize=1)
def _bench(work: Work) -> Bench:
    return Bench(work)
