"""The one feature function: what a recording's sound is like in the long run, whatever it plays.

Every quantity is computed once for each frame of audio, on a grid that starts with the stream, and
kept as long as the window reaches back; a vector of statistics is then taken over what is kept. A
recording is a stream that is pushed whole, so offline and live features are the same numbers.

The vector is free of level, so that nothing that learns from it can mistake loudness for
character; loudness stands beside it, as `LEVEL_NAMES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.sparse

from bridge.analysis.echoes import prominence
from bridge.analysis.features import FeatureSettings, decibels, hann, mel_matrix
from bridge.arrays import Audio, Floats

LEVEL_NAMES = (
    "rms_db",
    "k_weighted_db",
    "crest_db",
    "quantile_25_db",
    "quantile_50_db",
    "quantile_75_db",
    "quantile_90_db",
    "quantile_97_db",
)
"""What `levels` holds. RMS and K-weighted RMS (after ITU-R BS.1770, ungated) in dBFS; crest and
amplitude quantiles in dB above the RMS."""

CEPSTRUM_LAGS = 256
"""Samples; at 24 kHz 10.7 ms, the delays of flangers, choruses and rotating speakers."""

ECHO_FRAMES = 65_536
ECHO_HOP = 32_768
ECHO_BINS = 236
"""Bins of equal width in the square root of the lag, from `ECHO_FROM` to `ECHO_HOP` samples."""
ECHO_FROM = 192

CARRIER_FRAMES = 4_096
CARRIER_BINS = 1_024
"""Bins of 23.4 Hz up to 24 kHz, for the spectrum of the squared signal."""
_CARRIER_BACKGROUND = 81

MODULATION_HZ = tuple(float(hz) for hz in np.geomspace(0.2, 25.0, 25))
"""Edges of the bands of the modulation spectrum."""

BROAD_BANDS = 16
SWEEP_LAGS = 64
SWEEP_GROUPS = 8
_ACTIVE_RANGE_DB = 50.0
_MODULATION_RANGE_DB = 50.0
_QUIETEST = 1e-5
_FRAMES_AT_ONCE = 65_536
"""Of audio, overlap included."""

_LEVEL_QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.97)
_MEL_QUANTILES = (0.1, 0.5, 0.9)
_SLOPE_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_SLOPE_FRAMES = (5, 20)
_AMPLITUDE_QUANTILES = tuple(float(q) for q in (*np.linspace(0.05, 0.95, 13), 0.98, 0.995, 0.999))
_SIGNED_QUANTILES = (0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 0.995, 0.999)
_ENVELOPE_QUANTILES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
_ENVELOPE_FRAMES = 64
"""2.7 ms at 24 kHz."""
_ENVELOPE_STEPS = (1, 4, 16, 64)
_STEP_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

GROUPS: dict[str, int] = {
    "spectrum": 6 * 80,
    "slopes": len(_SLOPE_FRAMES) * len(_SLOPE_QUANTILES) * BROAD_BANDS,
    "modulation": (BROAD_BANDS + 1) * (len(MODULATION_HZ) - 1),
    "sweep": SWEEP_GROUPS * (len(MODULATION_HZ) - 1),
    "cepstrum": 2 * CEPSTRUM_LAGS,
    "echo": ECHO_BINS,
    "carrier": CARRIER_BINS,
    "amplitude": len(_AMPLITUDE_QUANTILES) + len(_SIGNED_QUANTILES) + 2,
    "envelope": len(_ENVELOPE_QUANTILES) + len(_ENVELOPE_STEPS) * len(_STEP_QUANTILES),
}
"""What the vector holds, in order, with the count of numbers of each group."""

SIZE = sum(GROUPS.values())


@dataclass(frozen=True)
class Statistics:
    """One window: the vector (SIZE,), its levels (len(LEVEL_NAMES),), and how sharp an echo every
    lag is, (ECHO_HOP + 1,), which `bridge.analysis.echoes` reads."""

    vector: Floats
    levels: Floats
    echoes: Floats


def statistics(audio: Audio, settings: FeatureSettings) -> Statistics:
    """Statistics of mono audio (frames,) at the settings' rate; at most the last window counts."""
    stream = StatisticsStream(settings)
    stream.push(audio)
    return stream.statistics()


class StatisticsStream:
    """Statistics of the newest window of a stream; each frame of audio is analysed once."""

    def __init__(self, settings: FeatureSettings) -> None:
        self._settings = settings
        window = settings.window_frames
        fft, hop = settings.fft_frames, settings.fft_hop_frames
        self._samples = _Kept(1, 1, window, lambda frames: frames)
        self._short = _Kept(fft, hop, 1 + (window - fft) // hop, partial(_short_frames, settings))
        self._echo = _Kept(
            ECHO_FRAMES, ECHO_HOP, max(1, 1 + (window - ECHO_FRAMES) // ECHO_HOP), _compressed
        )
        self._carrier = _Kept(
            CARRIER_FRAMES, CARRIER_FRAMES, max(1, window // CARRIER_FRAMES), _squared_power
        )
        self._lags: tuple[int, Floats, Floats] | None = None
        self._lines: tuple[int, Floats] | None = None

    @property
    def frames(self) -> int:
        """How many frames the statistics would speak of."""
        return len(self._samples.rows)

    def push(self, audio: Audio) -> None:
        """The next mono frames, any number, at the settings' rate."""
        self._samples.push(audio)
        self._short.push(audio)
        self._echo.push(audio)
        self._carrier.push(audio)

    def audio(self) -> Audio:
        """The window itself, (frames,), as it is until the next push."""
        return self._samples.rows[:, 0]

    def statistics(self) -> Statistics:
        """Raises ValueError where less than one spectral frame was pushed."""
        if not len(self._short.rows):
            raise ValueError(f"at least {self._settings.fft_frames} frames are needed")
        samples = self.audio()
        rms = max(float(np.sqrt(np.dot(samples, samples) / len(samples))), _QUIETEST)
        rms_db = float(20 * np.log10(rms))
        bands = self._settings.mel_bands
        powers, mel_db, cepstra = np.split(self._short.rows, [2, 2 + bands], axis=1)
        level_free = np.maximum(mel_db - rms_db, self._settings.floor_db)
        loudness = level_free.max(axis=1)
        active = loudness >= loudness.max() - _ACTIVE_RANGE_DB
        some = np.sort(samples[_some(len(samples))] / np.float32(rms))
        sizes = _sorted_sizes(some)
        profile, echoes = self._echoes(samples)
        groups: dict[str, npt.NDArray[np.floating]] = {
            "spectrum": _spectrum(level_free, active) / 20,
            "slopes": _slopes(level_free) / 10,
            "modulation": _modulation(level_free, self._settings),
            "sweep": _sweep(cepstra, self._settings),
            "cepstrum": _cepstrum(cepstra[active]),
            "echo": profile,
            "carrier": self._carriers(),
            "amplitude": _amplitude(some, sizes),
            "envelope": _envelope(samples, rms),
        }
        vector = np.concatenate([groups[name].ravel() for name in GROUPS]).astype(np.float32)
        return Statistics(vector, _levels(samples, rms_db, sizes, powers), echoes)

    def _carriers(self) -> Floats:
        rows = self._carrier.rows
        if not len(rows):
            return np.zeros(CARRIER_BINS, np.float32)
        if self._lines is None or self._lines[0] != self._carrier.count:
            self._lines = self._carrier.count, _prominence(rows.mean(axis=0))
        return self._lines[1]

    def _echoes(self, samples: Audio) -> tuple[Floats, Floats]:
        """The strongest lag of every bin, and how sharp every lag is."""
        if not len(self._echo.rows):
            lags = _lags(_compressed(np.resize(samples, (1, ECHO_FRAMES))))
            return _echo_profile(lags), np.zeros(ECHO_HOP + 1, np.float32)
        if self._lags is None or self._lags[0] != self._echo.count:
            lags = _lags(self._echo.rows)
            self._lags = self._echo.count, _echo_profile(lags), prominence(lags)
        return self._lags[1:]


class _Kept:
    """Cuts a stream into overlapping frames and keeps what was computed of the newest ones.

    They lie in an array with room for as many again, so that they are seldom moved.
    """

    def __init__(
        self, length: int, hop: int, keep: int, compute: Callable[[Audio], Floats]
    ) -> None:
        self.rows: Floats = np.zeros((0, 1), np.float32)
        self.count = 0
        self._room: Floats = np.zeros((0, 1), np.float32)
        self._end = 0
        self._length, self._hop, self._keep, self._compute = length, hop, keep, compute
        self._rest: Audio = np.zeros(0, np.float32)

    def push(self, audio: Audio) -> None:
        rest = np.concatenate([self._rest, audio])
        count = max(0, 1 + (len(rest) - self._length) // self._hop)
        if count:
            frames = np.lib.stride_tricks.sliding_window_view(rest, self._length)[:: self._hop]
            # Of a long recording only the frames that will be kept are computed, and these a few
            # at a time, as memory that leaves the cache costs more than the transforms.
            some = max(1, _FRAMES_AT_ONCE // self._length)
            starts = range(max(0, count - self._keep), count, some)
            new = [self._compute(frames[start : min(start + some, count)]) for start in starts]
            self._append(np.concatenate(new)[-self._keep :])
            self.count += count
        self._rest = rest[count * self._hop :]

    def _append(self, new: Floats) -> None:
        if not self.count:
            self._room = np.zeros((2 * self._keep, new.shape[1]), np.float32)
        if self._end + len(new) > len(self._room):
            kept = self.rows[len(new) - self._keep :] if len(new) < self._keep else self.rows[:0]
            self._room[: len(kept)] = kept
            self._end = len(kept)
        self._room[self._end : self._end + len(new)] = new
        self._end += len(new)
        self.rows = self._room[max(0, self._end - self._keep) : self._end]


def _short_frames(settings: FeatureSettings, frames: Audio) -> Floats:
    """Of frames (n, fft_frames): power, K-weighted power, mel levels in dB and the cepstrum."""
    spectrum = scipy.fft.rfft(frames * hann(settings.fft_frames), axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    powers = power @ _loudness_weights(settings)
    mel = (mel_matrix(settings) @ power.T).T
    logarithm = np.log(power + 1e-8 * power.max(axis=1, keepdims=True) + 1e-20)
    cepstrum = scipy.fft.irfft(logarithm, axis=-1)[:, :CEPSTRUM_LAGS]
    return np.concatenate([powers, 10 * np.log10(mel + 1e-16), cepstrum], axis=1)


def _spectrum(level_free: Floats, active: npt.NDArray[np.bool_]) -> Floats:
    sounding = level_free[active]
    steps = np.abs(np.diff(level_free, axis=0)) if len(level_free) > 1 else level_free[:1] * 0
    return np.stack(
        [
            sounding.mean(axis=0),
            sounding.std(axis=0),
            *_quantiles(sounding.T, _MEL_QUANTILES),
            steps.mean(axis=0),
        ]
    )


def _slopes(level_free: Floats) -> Floats:
    """How fast bands fall and rise, in dB within 53 and 213 ms: reverberation falls slowly."""
    # Sums of columns: numpy is slow where it sums many short rows.
    within = level_free.reshape(len(level_free), BROAD_BANDS, -1)
    bands = np.add.reduce([within[:, :, band] for band in range(within.shape[2])])
    bands /= within.shape[2]
    return np.stack(
        [
            _quantiles((bands[frames:] - bands[:-frames]).T, _SLOPE_QUANTILES)
            if len(bands) > frames
            else np.zeros((len(_SLOPE_QUANTILES), BROAD_BANDS))
            for frames in _SLOPE_FRAMES
        ]
    )


def _modulation(level_free: Floats, settings: FeatureSettings) -> Floats:
    """Strength of slow changes of level, of groups of bands and of their mean."""
    bands = np.maximum(level_free, level_free.max(axis=0) - _MODULATION_RANGE_DB)
    both = np.concatenate([bands, bands.mean(axis=1, keepdims=True)], axis=1)
    power = _slow_power(both, settings)
    grouped = power[:-1].reshape(BROAD_BANDS, -1, power.shape[1]).mean(axis=1)
    return np.asarray(np.log10(np.concatenate([grouped, power[-1:]]) + 1e-3))


def _sweep(cepstra: Floats, settings: FeatureSettings) -> Floats:
    """Strength of slow changes of the cepstrum: delays that move."""
    lags = _sweep_lags()
    power = _slow_power(cepstra[:, lags] * _lag_weights()[lags], settings)
    return np.asarray(np.log10(power.reshape(SWEEP_GROUPS, -1, power.shape[1]).mean(axis=1) + 1e-5))


def _slow_power(rows: Floats, settings: FeatureSettings) -> Floats:
    """Power of every column's (frames, columns) modulation, (columns, modulation bands)."""
    frames = len(rows)
    slow = _slow_transform(frames, settings.sample_rate_hz / settings.fft_hop_frames)
    centred = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    # The window is symmetric, so each half of the frames meets half of the transform.
    mirrored = centred[: frames // 2 : -1]
    even, odd = centred[: frames // 2 + 1].copy(), centred[1 : 1 + len(mirrored)] - mirrored
    even[1 : 1 + len(mirrored)] += mirrored
    real, imaginary = slow.cosines @ even, slow.sines @ odd
    return np.asarray((slow.bands @ (real * real + imaginary * imaginary)).T)


def _cepstrum(cepstra: Floats) -> Floats:
    mean, deviation = cepstra.mean(axis=0), cepstra.std(axis=0)
    # The lag 0 is level; the next ones are the spectrum's tilt and would hide the rest.
    mean[0] = 0
    return np.stack([mean * _lag_weights(), deviation * _lag_weights()])


def _compressed(frames: Audio) -> Floats:
    """|Y| ** 0.5 of frames: compression makes echoes stand out of periodic playing."""
    spectrum = scipy.fft.rfft(frames * hann(ECHO_FRAMES), axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    # Two square roots are many times faster than a power.
    return np.asarray(np.sqrt(np.sqrt(power)), np.float32)


def _lags(compressed: Floats) -> Floats:
    """Autocorrelation of the compressed spectrum, (ECHO_HOP + 1,)."""
    return np.asarray(scipy.fft.irfft(compressed.mean(axis=0))[: ECHO_HOP + 1])


def echo_prominence(audio: Audio) -> Floats:
    """`Statistics.echoes` alone, of mono audio (frames,), at least ECHO_FRAMES long."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, ECHO_FRAMES)[::ECHO_HOP]
    return prominence(_lags(np.concatenate([_compressed(frame[None]) for frame in frames])))


def _echo_profile(lags: Floats) -> Floats:
    strongest = np.maximum.reduceat(lags[:-1], _echo_edges())
    return np.asarray(strongest / max(float(lags[0]), 1e-12) * 20)


def _squared_power(frames: Audio) -> Floats:
    """Power spectrum of y² at twice the rate: a ring modulator puts a line at twice its carrier."""
    spectrum = scipy.fft.rfft(frames * hann(CARRIER_FRAMES), axis=-1)
    double = scipy.fft.irfft(spectrum, n=2 * CARRIER_FRAMES, axis=-1)
    squared = scipy.fft.rfft(double * double, axis=-1)
    power = squared.real**2 + squared.imag**2
    return np.asarray(power / np.maximum(power[:, :1], 1e-20), np.float32)


def _prominence(power: Floats) -> Floats:
    """How far every bin stands above its neighbourhood, in tens of dB."""
    level = np.log10(power[:-1] + 1e-12)
    half = _CARRIER_BACKGROUND // 2
    sums = np.cumsum(np.pad(level, (half + 1, half), mode="edge"))
    background = (sums[_CARRIER_BACKGROUND:] - sums[:-_CARRIER_BACKGROUND]) / _CARRIER_BACKGROUND
    return np.asarray((level - background).reshape(CARRIER_BINS, -1).max(axis=1))


def _amplitude(some: Floats, sizes: Floats) -> Floats:
    """How samples, sorted by value and by size, are spread: clipping flattens, a bias skews."""
    squares = some * some
    return np.concatenate(
        [
            _ranked(sizes, _AMPLITUDE_QUANTILES),
            _ranked(some, _SIGNED_QUANTILES),
            [np.cbrt(np.mean(some * squares)), np.mean(squares * squares) ** 0.25],
        ]
    )


def _envelope(samples: Audio, rms: float) -> Floats:
    """How the level is distributed, and how it rises and falls within 2.7, 11, 43 and 171 ms.

    It is counted from the RMS of all.
    """
    count = len(samples) // _ENVELOPE_FRAMES
    frames = samples[: count * _ENVELOPE_FRAMES].reshape(count, -1)
    power = np.einsum("ij,ij->i", frames, frames) / np.float32(_ENVELOPE_FRAMES * rms**2)
    level = np.maximum(10 * np.log10(power + 1e-12), -60.0)
    steps = [
        _quantiles(level[step:] - level[:-step], _STEP_QUANTILES)
        if count > step
        else np.zeros(len(_STEP_QUANTILES))
        for step in _ENVELOPE_STEPS
    ]
    return np.concatenate([_quantiles(level, _ENVELOPE_QUANTILES) / 20, *(s / 10 for s in steps)])


def _levels(samples: Audio, rms_db: float, sizes: Floats, powers: Floats) -> Floats:
    plain, weighted = powers.mean(axis=0)
    crest_db = float(decibels(np.maximum(samples.max(), -samples.min()))) - rms_db
    quantiles = decibels(_ranked(sizes, _LEVEL_QUANTILES))
    weighted_db = rms_db + 10 * np.log10(max(float(weighted) / max(float(plain), 1e-20), 1e-3))
    return np.array([rms_db, weighted_db, crest_db, *quantiles], np.float32)


def _quantiles(rows: Floats, quantiles: tuple[float, ...]) -> Floats:
    """The nearest ranks along the last axis, (len(quantiles), ...); faster than interpolating."""
    return _ranked(np.sort(rows, axis=-1), quantiles)


def _ranked(ordered: Floats, quantiles: tuple[float, ...]) -> Floats:
    """`_quantiles` of what is sorted."""
    ranks = _ranks(quantiles, ordered.shape[-1])
    return np.asarray(np.moveaxis(ordered[..., ranks], -1, 0))


@lru_cache(maxsize=256)
def _ranks(quantiles: tuple[float, ...], count: int) -> npt.NDArray[np.int64]:
    return np.round(np.array(quantiles) * (count - 1)).astype(np.int64)


def _sorted_sizes(ordered: Floats) -> Floats:
    """The absolute values of sorted numbers, sorted: two runs, which a stable sort only merges."""
    first = int(np.searchsorted(ordered, 0))
    return np.sort(np.concatenate([-ordered[:first][::-1], ordered[first:]]), kind="stable")


@lru_cache(maxsize=4)
def _some(frames: int) -> npt.NDArray[np.int64]:
    """An eighth of a window, enough for its quantiles; drawn, as a regular step can miss a tone."""
    return np.sort(np.random.default_rng(0).choice(frames, max(frames // 8, 1), replace=False))


@cache
def _lag_weights() -> Floats:
    return np.asarray(np.minimum(1 + np.arange(CEPSTRUM_LAGS) / 4, 20), np.float32)


@cache
def _sweep_lags() -> npt.NDArray[np.int64]:
    """Lags from 0.2 to 10.6 ms, closer together where they are short."""
    lags = np.unique(np.round(np.geomspace(5, CEPSTRUM_LAGS - 1, 2 * SWEEP_LAGS)).astype(int))
    return np.asarray(lags[np.round(np.linspace(0, len(lags) - 1, SWEEP_LAGS)).astype(int)])


@cache
def _echo_edges() -> npt.NDArray[np.int64]:
    roots = np.linspace(np.sqrt(ECHO_FROM), np.sqrt(ECHO_HOP), ECHO_BINS + 1)
    return np.round(roots[:-1] ** 2).astype(np.int64)


@dataclass(frozen=True)
class _SlowTransform:
    """The few bins of a windowed Fourier transform that lie in the modulation bands."""

    cosines: Floats
    """(bins, frames // 2 + 1)."""
    sines: Floats
    """(bins, (frames - 1) // 2), from the second frame on."""
    bands: scipy.sparse.csr_array
    """Mean over the bins of every band, (bands, bins)."""


@lru_cache(maxsize=4)
def _slow_transform(frames: int, rate_hz: float) -> _SlowTransform:
    """A band without a bin takes the nearest."""
    bins_hz = np.arange(frames // 2 + 1) * rate_hz / frames
    edges = np.array(MODULATION_HZ)
    inside = (bins_hz[:, None] >= edges[:-1]) & (bins_hz[:, None] < edges[1:])
    centres = np.sqrt(edges[:-1] * edges[1:])
    nearest = np.abs(bins_hz[:, None] - centres).argmin(axis=0)
    empty = ~inside.any(axis=0)
    inside[nearest[empty], np.flatnonzero(empty)] = True
    bins = np.flatnonzero(inside.any(axis=1))
    turns = np.outer(bins, np.arange(frames // 2 + 1)) % frames
    waves = np.exp(2j * np.pi * np.arange(frames) / frames)[turns] * hann(frames)[: frames // 2 + 1]
    return _SlowTransform(
        np.asarray(waves.real, np.float32),
        np.asarray(waves.imag[:, 1 : (frames + 1) // 2], np.float32),
        scipy.sparse.csr_array((inside[bins] / inside.sum(axis=0)).T.astype(np.float32)),
    )


@cache
def _loudness_weights(settings: FeatureSettings) -> Floats:
    """Weights of every bin's power, (bins, 2): all alike, and K-weighting after ITU-R BS.1770."""
    bins_hz = np.fft.rfftfreq(settings.fft_frames, 1 / settings.sample_rate_hz)
    with np.errstate(divide="ignore"):
        # Both stages as analogue magnitudes: a shelf of 4 dB at 1.68 kHz, a high-pass at 38 Hz.
        shelf = 10 ** (0.4 / (1 + (1_681.0 / bins_hz) ** 4))
        high_pass = 1 / (1 + (38.1 / bins_hz) ** 2) ** 2
    return np.stack([np.ones_like(shelf), shelf * high_pass], axis=1).astype(np.float32)
