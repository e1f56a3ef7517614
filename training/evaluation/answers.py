"""What every condition makes of a case's input."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bridge.arrays import Audio, finite
from bridge.effects import ChainEffect, Effect
from bridge.estimate.answer import Answer
from bridge.estimate.estimator import Estimator
from bridge.search.render_search import decide
from training.evaluation.cases import Case, usable_setting
from training.evaluation.protocol import DO_NOTHING, GAIN_ONLY, NETWORK, RANDOM, RENDERED, TRUE
from training.evaluation.scores import loudness


@dataclass(frozen=True)
class Answered:
    """One case's audio, (1, frames) at the host's rate, by condition.

    `TRUE` is missing where nobody knows the setting, `RENDERED` where it was not asked for.
    """

    audio: Mapping[str, Audio]
    answers: Mapping[str, Answer]
    """Of the conditions under test."""
    seconds: Mapping[str, float]
    """Processor time of each of these, with the analysis of input and reference."""


def answer_case(
    case: Case, effect: Effect, estimator: Estimator, draw: np.random.Generator, rendered: bool
) -> Answered:
    """All conditions' answers; `draw` gives the random setting, `rendered` asks for refinement."""
    chain_effect, rate = ChainEffect(estimator.chain, [effect]), case.sample_rate
    start = time.process_time()
    played = estimator.analyse(case.dry, rate, "input", repeat_short=True)
    analysed = time.process_time()
    reference = estimator.analyse(case.reference, rate, "reference", repeat_short=True)
    heard = time.process_time()
    answers = {NETWORK: estimator.predict(played, reference, rate)}
    seconds = {NETWORK: time.process_time() - start}
    if rendered:
        start = time.process_time()
        answers[RENDERED] = decide(estimator, chain_effect, case.dry, rate, reference)
        seconds[RENDERED] = time.process_time() - start + heard - analysed
    _, (random,) = usable_setting(effect, [case.dry], rate, draw)
    audio = {
        DO_NOTHING: case.dry,
        GAIN_ONLY: gain_only(case),
        RANDOM: random,
        **{name: finite(a.apply(chain_effect, case.dry, rate)) for name, a in answers.items()},
    }
    if case.clean:
        audio[TRUE] = case.dry
    elif case.truth:
        audio[TRUE] = effect.render(case.dry, rate, case.truth)
    return Answered(audio, answers, seconds)


def gain_only(case: Case) -> Audio:
    """The input at the reference's integrated loudness (ITU-R BS.1770)."""
    have, want = (loudness(audio[0], case.sample_rate) for audio in (case.dry, case.reference))
    return np.asarray(case.dry * np.float32(10 ** ((want - have) / 20)), np.float32)
