"""How many settings a second a search can try, and what each part of one takes.

Runs on the caller's thread and takes some seconds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bridge.analysis.statistics import statistics
from bridge.analysis.windows import at_feature_rate
from bridge.audio.files import read_audio
from bridge.audio.resample import resample
from bridge.chain import ChainSetting, chain_of
from bridge.demo.run import INPUT, REFERENCE
from bridge.effects import load_chain
from bridge.estimate.estimator import Estimator
from bridge.library import open_library
from bridge.search.beside import Beside, has_free_core
from bridge.search.child import PATIENCE_S
from bridge.search.render_search import Search, Trial, warm_up
from bridge.spawning import one_blas_thread

_TRIED, _WARM = 30, 5
_RATE_HZ = 48_000
_LOOK_S = 0.02


@dataclass(frozen=True)
class SearchSpeed:
    """Of one chain on one window of playing; medians in milliseconds."""

    chain: str
    audio_s: float
    sample_rate_hz: int
    candidates_per_s: float
    """With a second process beside, where a second core is free."""
    one_core_per_s: float
    candidate_ms: float
    """All of one, on one core."""
    render_ms: float
    """The plugins alone."""
    resample_ms: float
    statistics_ms: float
    networks_ms: float

    @property
    def to_bare(self) -> float:
        """A candidate as a multiple of rendering and statistics alone."""
        return self.candidate_ms / (self.render_ms + self.statistics_ms)


def measure_search(text: str) -> SearchSpeed:
    """Try random settings of a chain on the demo's guitar. Raises BridgeError as `match` does."""
    with one_blas_thread():
        return _measured(text)


def _measured(text: str) -> SearchSpeed:
    library = open_library()
    chain = chain_of(text, library.manifest)
    estimator, effect = Estimator(chain, library), load_chain(chain)
    warm_up(estimator)
    features = estimator.features
    played, own_rate = read_audio(INPUT)
    audio = resample(played, own_rate, _RATE_HZ)[:1, : round(features.window_s * _RATE_HZ)]
    reference = estimator.analyse(*read_audio(REFERENCE), str(REFERENCE))
    search = Search(estimator, effect, audio, _RATE_HZ, reference)
    draw = np.random.default_rng(0)
    settings = [
        ChainSetting.of_predicted(chain, draw.random(len(chain.predicted)).tolist())
        for _ in range(_WARM + _TRIED)
    ]
    wet = [effect.render(audio, _RATE_HZ, setting) for setting in settings]
    mono = [at_feature_rate(one, _RATE_HZ, features) for one in wet]
    measured = [statistics(one, features) for one in mono]
    critic = estimator.critic
    compared = np.zeros((1, critic.card.comparison_size), np.float32)
    candidate_ms = _median_ms(lambda n: search.render(settings[n]))
    one_core_per_s = round(1_000 / candidate_ms, 1)
    together_per_s = 0.0
    if has_free_core():
        with Beside(chain, library) as beside:
            search = Search(estimator, effect, audio, _RATE_HZ, reference, beside=beside)
            together_per_s = _per_s(search, beside, settings)
    return SearchSpeed(
        chain.id,
        round(audio.shape[1] / _RATE_HZ, 2),
        _RATE_HZ,
        together_per_s or one_core_per_s,
        one_core_per_s,
        candidate_ms,
        _median_ms(lambda n: effect.render(audio, _RATE_HZ, settings[n])),
        _median_ms(lambda n: at_feature_rate(wet[n], _RATE_HZ, features)),
        _median_ms(lambda n: statistics(mono[n], features)),
        _median_ms(lambda n: (estimator.embed(measured[n]), critic.judge(compared))),
    )


def _per_s(search: Search, beside: Beside, settings: list[ChainSetting]) -> float:
    """Settings a second with the process beside; 0 where it does not come to help."""
    end_s = time.monotonic() + PATIENCE_S
    while not beside.ready:
        if beside.process_id is None or time.monotonic() > end_s:
            return 0.0
        time.sleep(_LOOK_S)
    trials = [Trial(setting) for setting in settings]
    search.render_all(trials[:_WARM])
    started_s = time.perf_counter()
    search.render_all(trials[_WARM:])
    return round(_TRIED / (time.perf_counter() - started_s), 1)


def _median_ms(work: Callable[[int], object]) -> float:
    times_s = []
    for number in range(_WARM + _TRIED):
        started_s = time.perf_counter()
        work(number)
        times_s.append(time.perf_counter() - started_s)
    return round(1_000 * float(np.median(times_s[_WARM:])), 3)
