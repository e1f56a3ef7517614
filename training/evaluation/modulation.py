"""Modulation: how near rate, depth and mix are, and how far apart two modulation spectra.

Nobody can know the phase at which a reference's oscillator would have met the input, and a score
that compares point by point punishes the right setting for it. What is measured here does not
depend on phase.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bridge.analysis.features import FeatureSettings, hann, mel_power
from bridge.arrays import Audio, Floats
from bridge.chain import ChainSetting
from training.evaluation.intervals import Json, Values, interval_and_median, share
from training.evaluation.protocol import PROTOCOL_RATE_HZ

LOW_HZ, HIGH_HZ = 0.2, 20.0
AUDIBLE = 0.5
"""Gain-matched MRSTFT of doing nothing from which an effect counts as clearly audible."""
NEAR_RATE = 0.1
"""A rate this near, as a share of the true one, counts as found."""
_BANDS = 12
"""Bands of the modulation spectrum, of equal width in octaves."""
_RANGE_DB = 50.0
"""Below a band's loudest frame what is quieter counts as this much."""
_FLOOR_DB2 = 0.01
"""Power of a modulation that nobody hears: a tenth of a dB."""
_FEATURES = FeatureSettings(sample_rate_hz=PROTOCOL_RATE_HZ, mel_bands=24)


@dataclass(frozen=True)
class Modulator:
    """Which of a plugin's parameters are what, and how fast it turns."""

    rate_hz: Callable[[Mapping[str, float]], float]
    """Of the real values by symbol; 0 where nothing turns."""
    depth: str
    mix: str | None = None


def _leslie_hz(values: Mapping[str, float]) -> float:
    """The high rotor, which comes up to 12.8 Hz; in every mode but Stop it runs as in Fast."""
    return 12.8 * values["speed"] if values["mode"] >= 0.1 else 0.0


def _thruzero_hz(values: Mapping[str, float]) -> float:
    return float(10 ** (3 * values["rate"] - 2)) if values["rate"] >= 0.01 else 0.0


MODULATORS = {
    "mda-leslie": Modulator(_leslie_hz, "hi_depth"),
    "mda-thruzero": Modulator(_thruzero_hz, "depth", "mix"),
    "pedalboard-chorus": Modulator(lambda values: values["rate_hz"], "depth", "mix"),
    "pedalboard-phaser": Modulator(lambda values: values["rate_hz"], "depth", "mix"),
}
"""By plugin id. The rates of the mda effects are those of their sources."""


def modulation_errors(
    truths: Sequence[ChainSetting], found: Sequence[ChainSetting], before: Values
) -> Json | None:
    """Errors of rate (in %), depth and mix (of normalised values); None where nothing modulates.

    The settings are of one plugin each; `before` is the distance of doing nothing, by case. Beside
    all cases stand those that are clearly audible. A plugin that is left out has a mix of 0.
    """
    modulator = MODULATORS.get(truths[0].chain.id) if truths else None
    if modulator is None:
        return None
    pairs = list(zip(truths, found, strict=True))
    rates = np.array([_rate_error(modulator, truth, answer) for truth, answer in pairs])
    audible = before >= AUDIBLE
    errors: Json = {"rate_percent": {}, "depth": {}, "mix": {}, "rate_near": {}}
    for name, chosen in {"all": np.full(len(pairs), True), "audible": audible}.items():
        errors["rate_percent"][name] = interval_and_median(100 * rates[chosen])
        known = rates[chosen][~np.isnan(rates[chosen])]
        errors["rate_near"][name] = share(known <= NEAR_RATE)
        for what, symbol in {"depth": modulator.depth, "mix": modulator.mix}.items():
            if symbol:
                both = [(_value(t, symbol), _value(f, symbol, what == "mix")) for t, f in pairs]
                apart = np.array([abs(true - answered) for true, answered in both])
                errors[what][name] = interval_and_median(apart[chosen])
    return errors


def _rate_error(modulator: Modulator, truth: ChainSetting, found: ChainSetting) -> float:
    """As a share of the true rate; NaN where nothing turned."""
    true, answered = (modulator.rate_hz(some.settings[0].values) for some in (truth, found))
    return abs(answered - true) / true if true else float("nan")


def _value(setting: ChainSetting, symbol: str, absent_is_0: bool = False) -> float:
    if absent_is_0 and setting.dry:
        return 0.0
    symbols = [spec.symbol for spec in setting.settings[0].plugin.parameters]
    return setting.settings[0].normalised[symbols.index(symbol)]


def modulation_distance(one: Floats, other: Floats) -> float:
    """Mean difference in dB of two modulation spectra."""
    return float(np.mean(np.abs(one - other)))


def modulation_spectrum(audio: Audio) -> Floats:
    """How much the level of every band changes how fast, in dB, (mel bands, bands of modulation).

    The spectrum of band envelopes in dB, from `LOW_HZ` to `HIGH_HZ`, of mono audio at the
    protocol's rate.
    """
    short = max(0, 2 * _FEATURES.fft_frames - len(audio))
    power = mel_power(np.pad(audio, (0, short)), _FEATURES)
    envelopes = 10 * np.log10(power + 1e-12)
    envelopes = np.maximum(envelopes, envelopes.max(axis=1, keepdims=True) - _RANGE_DB)
    envelopes = envelopes - envelopes.mean(axis=1, keepdims=True)
    frames = envelopes.shape[1]
    spectrum = np.abs(np.fft.rfft(envelopes * hann(frames), axis=1)) ** 2
    return np.asarray(10 * np.log10(spectrum @ _weights(frames) + _FLOOR_DB2), np.float32)


@lru_cache(maxsize=4)
def _weights(frames: int) -> npt.NDArray[np.float64]:
    """Mean over the bins of every band, (bins, bands); a band without a bin takes the nearest."""
    bins_hz = np.fft.rfftfreq(frames, _FEATURES.fft_hop_frames / _FEATURES.sample_rate_hz)
    edges = np.geomspace(LOW_HZ, HIGH_HZ, _BANDS + 1)
    inside = (bins_hz[:, None] >= edges[:-1]) & (bins_hz[:, None] < edges[1:])
    nearest = np.abs(bins_hz[:, None] - np.sqrt(edges[:-1] * edges[1:])).argmin(axis=0)
    empty = ~inside.any(axis=0)
    inside[nearest[empty], np.flatnonzero(empty)] = True
    return np.asarray(inside / inside.sum(axis=0), np.float64)
