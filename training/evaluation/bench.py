"""One slice of one chain, case by case, in a process of its own."""

from collections.abc import Mapping
from functools import lru_cache
from time import process_time
from zlib import crc32

import numpy as np

from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.effects import load_chain
from bridge.search.render_search import warm_up
from training.estimators import chain_estimator
from training.evaluation.answers import answer_case
from training.evaluation.cases import CaseSource, NoCaseError, OwnCases, RigCases
from training.evaluation.cross_plugin import CrossCases
from training.evaluation.gear import GearCases
from training.evaluation.nearly_dry import NearlyDryCases
from training.evaluation.outcomes import Outcome
from training.evaluation.protocol import (
    CONDITIONS,
    CROSS_PLUGIN,
    KEYS,
    NEARLY_DRY,
    PROTOCOL_RATE_HZ,
    REAL_GEAR,
    SLICES,
    SPEECH,
    Work,
)
from training.evaluation.scores import Scores, score
from training.examples import ClipSource


def measure(job: tuple[Work, int]) -> Outcome | None:
    """One case by number; what its slice needs is loaded once in a process.

    None where the slice has no case of that number.
    """
    work, index = job
    try:
        return _bench(work).outcome(index)
    except NoCaseError:
        return None


def cases_of(work: Work) -> CaseSource:
    """The cases of a slice. Raises BridgeError where what they are made from is missing."""
    if work.slice == REAL_GEAR:
        return GearCases(work.gear)
    settings = work.settings
    clips = ClipSource(
        settings.clips_of(work.slice), work.corpus, "test", settings.seed, SLICES[work.slice]
    )
    if work.slice == CROSS_PLUGIN:
        return CrossCases(work.counterparts, clips)
    if work.slice == NEARLY_DRY:
        return NearlyDryCases(work.chain, clips)
    if len(work.chain.slots) > 1:
        return RigCases(work.chain, clips)
    return OwnCases(work.chain, clips)


class Bench:
    """Plugins, models and cases of one slice."""

    def __init__(self, work: Work) -> None:
        """Raises BridgeError where a plugin, its models or the corpus are missing."""
        self._work = work
        self._effect = load_chain(work.chain)
        self._estimator = chain_estimator(work.chain, work.models)
        self._cases = cases_of(work)
        if work.settings.budget_s is not None:
            warm_up(self._estimator)

    def outcome(self, index: int) -> Outcome:
        """Answer and score one case. Raises NoCaseError where there is none of that number."""
        settings, gear = self._work.settings, self._work.slice == REAL_GEAR
        case = self._cases[index]
        name = crc32(f"random {self._work.chain.id}".encode())
        answered = answer_case(
            case,
            self._effect,
            self._estimator,
            np.random.default_rng((settings.seed, index, name)),
            rendered=index < settings.rendered_cases,
            ceiling=gear and index < settings.ceiling_cases,
            budget_s=settings.budget_s,
        )
        start = process_time()
        with_pesq = self._work.slice == SPEECH and index < settings.pesq_cases
        scores = _scores(case.target, answered.audio, case.sample_rate, with_pesq)
        seconds = {**answered.seconds, "scoring": process_time() - start}
        return Outcome(
            index,
            case.clip,
            case.maker,
            case.clean,
            case.truth,
            scores,
            answered.answers,
            seconds,
        )


def _scores(target: Audio, audio: Mapping[str, Audio], sample_rate: int, with_pesq: bool) -> Scores:
    answers = [_at_protocol_rate(some, sample_rate) for some in audio.values()]
    scores = np.full((len(CONDITIONS), len(KEYS)), np.nan)
    rows = [CONDITIONS.index(condition) for condition in audio]
    scores[rows] = score(answers, _at_protocol_rate(target, sample_rate), with_pesq)
    return scores


def _at_protocol_rate(audio: Audio, sample_rate: int) -> Audio:
    return resample(audio[0], sample_rate, PROTOCOL_RATE_HZ)


@lru_cache(maxsize=1)
def _bench(work: Work) -> Bench:
    return Bench(work)
