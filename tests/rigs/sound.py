"""How a host sounds beside our own render of the same setting."""

from dataclasses import dataclass

import numpy as np

from bridge.analysis.metrics import mrstft
from bridge.arrays import Audio
from bridge.chain import ChainSetting
from bridge.effects import load_chain
from tests.rigs.jack import RATE, Player

_LONGEST_WAY = 4_096
"""Frames that sound may need through JACK and a host."""


@dataclass(frozen=True)
class Likeness:
    """MRSTFT distances to our own render, mean over the channels."""

    host: float
    """Of what the host played."""
    dry: float
    """Of what went in, as if the host had done nothing."""


def similarity(player: Player, dry: Audio, setting: ChainSetting) -> Likeness:
    """Play `dry`, shape (frames,), to a host that has `setting`, and compare what comes back.

    A second of silence goes before, in which the plugins settle.
    """
    played = np.concatenate([np.zeros(RATE, np.float32), dry])
    effect = load_chain(setting.chain)
    ours = effect.render(np.stack([played, played]), RATE, setting)
    heard = player.record(played, len(played) + _LONGEST_WAY)
    start = _delay(heard[0], ours[0])
    theirs = heard[:, start : start + len(played)]
    return Likeness(
        float(np.mean([mrstft(a[RATE:], b[RATE:]) for a, b in zip(theirs, ours, strict=True)])),
        float(np.mean([mrstft(dry, b[RATE:]) for b in ours])),
    )


def _delay(heard: Audio, ours: Audio) -> int:
    """How many frames later than our render the host's sound comes: where they agree most."""
    size = 2 * len(heard)
    spectra = np.fft.rfft(heard, size), np.fft.rfft(ours, size)
    agreement = np.fft.irfft(spectra[0] * spectra[1].conj(), size)[:_LONGEST_WAY]
    return int(np.argmax(agreement))
