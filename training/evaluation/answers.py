"""What every condition makes of a case's input."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bridge.arrays import Audio, finite
from bridge.effects import ChainEffect
from bridge.estimate.answer import Answer
from bridge.estimate.estimator import Estimator
from bridge.search.render_search import decide
from training.evaluation.cases import Case
from training.evaluation.ceiling import best_audio
from training.evaluation.draws import usable_setting
from training.evaluation.protocol import (
    BEST,
    DO_NOTHING,
    GAIN_ONLY,
    NETWORK,
    RANDOM,
    RENDERED,
    TRUE,
)
from training.evaluation.scores import loudness


@dataclass(frozen=True)
class Answered:
    """One case's audio, (1, frames) at the host's rate, by condition.

    `TRUE` is missing where nobody knows the setting, `NETWORK` where no network knows the chain,
    `RENDERED` and `BEST` where they were not asked for.
    """

    audio: Mapping[str, Audio]
    answers: Mapping[str, Answer]
    """Of the conditions under test."""
    seconds: Mapping[str, float]
    """Processor time of each of these, with the analysis of input and reference."""


def answer_case(
    case: Case,
    effect: ChainEffect,
    estimator: Estimator,
    draw: np.random.Generator,
    rendered: bool,
    ceiling: bool = False,
    budget_s: float | None = None,
) -> Answered:
    """All conditions' answers; `draw` gives the random setting.

    `rendered` asks for refinement, within `budget_s`; `ceiling` for the best setting there is.
    """
    rate = case.sample_rate
    answers: dict[str, Answer] = {}
    seconds: dict[str, float] = {}
    start = time.process_time()
    reference = estimator.analyse(case.reference, rate, "reference", repeat_short=True)
    heard_s = time.process_time() - start
    if estimator.trained:
        start = time.process_time()
        played = estimator.analyse(case.dry, rate, "input", repeat_short=True)
        answers[NETWORK] = estimator.predict(played, reference, rate)
        seconds[NETWORK] = time.process_time() - start + heard_s
    if rendered:
        start = time.process_time()
        left_s = None if budget_s is None else max(budget_s - heard_s, 0.0)
        answers[RENDERED] = decide(estimator, effect, case.dry, rate, reference, left_s)
        seconds[RENDERED] = time.process_time() - start + heard_s
    _, (random,) = usable_setting(effect, [case.dry], rate, draw)
    audio = {
        DO_NOTHING: case.dry,
        GAIN_ONLY: gain_only(case),
        RANDOM: random,
        **{name: finite(a.apply(effect, case.dry, rate)) for name, a in answers.items()},
    }
    if ceiling:
        audio[BEST] = best_audio(effect, case)
    if case.clean:
        audio[TRUE] = case.dry
    elif case.truth:
        audio[TRUE] = effect.render(case.dry, rate, case.truth)
    return Answered(audio, answers, seconds)


def gain_only(case: Case) -> Audio:
    """The input at the reference's integrated loudness (ITU-R BS.1770)."""
    have, want = (loudness(audio[0], case.sample_rate) for audio in (case.dry, case.reference))
    return np.asarray(case.dry * np.float32(10 ** ((want - have) / 20)), np.float32)
