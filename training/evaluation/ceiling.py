"""The best setting there is: searched for with the target known, which no answer can have."""

import numpy as np

from bridge.analysis.metrics import magnitudes, mrstft_with_gain
from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.chain import ChainSetting
from bridge.effects import ChainEffect
from bridge.search.evolution import Evolution
from training.evaluation.cases import Case
from training.evaluation.protocol import PROTOCOL_RATE_HZ

TRIES, TRIES_OF_RIGS = 120, 320
_SPREAD = 0.25
"""Deviation of normalised values with which the search begins."""


def best_audio(effect: ChainEffect, case: Case, tries: int | None = None) -> Audio:
    """The input as the best setting makes it, (1, frames); as it is where none is nearer.

    CMA-ES from the chain's start, on gain-matched MRSTFT to the target, with so many tries: by
    itself `TRIES`, and `TRIES_OF_RIGS` for a longer chain.
    """
    if tries is None:
        tries = TRIES if len(effect.chain.slots) == 1 else TRIES_OF_RIGS
    wanted = resample(case.target[0], case.sample_rate, PROTOCOL_RATE_HZ)
    spectra = magnitudes(wanted)

    def distance(audio: Audio) -> float:
        if not np.isfinite(audio).all():
            return float("inf")
        have = resample(audio[0], case.sample_rate, PROTOCOL_RATE_HZ)
        return mrstft_with_gain(have, wanted, spectra)[1]

    best, nearest = case.dry, distance(case.dry)
    evolution = Evolution(ChainSetting.start(effect.chain), _SPREAD, seed=0)
    while tries > 0:
        generation = []
        for _ in range(evolution.population):
            individual = evolution.ask()
            wet = effect.render(case.dry, case.sample_rate, individual.setting)
            cost = distance(wet)
            generation.append((individual, cost))
            if cost < nearest:
                best, nearest = wet, cost
        evolution.tell(generation)
        tries -= evolution.population
    return best
