"""References that sound nearly dry, as when a player leaves a mix at .03."""

from functools import cached_property
from zlib import crc32

import numpy as np

from bridge.analysis.metrics import MRSTFT_FRAMES, magnitudes, match_rms, spectral_distance
from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.chain import Chain
from bridge.effects import ChainEffect, load_chain
from bridge.estimate.closeness import HARDLY_AUDIBLE
from training.evaluation.cases import Case, NoCaseError
from training.evaluation.draws import near_ends
from training.evaluation.protocol import PROTOCOL_RATE_HZ
from training.examples import ClipSource, is_usable

_MOST_DRAWS = 120


class NearlyDryCases:
    """Doing nothing is within `HARDLY_AUDIBLE` of the target, in gain-matched MRSTFT."""

    def __init__(self, chain: Chain, clips: ClipSource) -> None:
        self._chain, self._clips = chain, clips

    @cached_property
    def _effect(self) -> ChainEffect:
        return load_chain(self._chain)

    def __getitem__(self, index: int) -> Case:
        """Settings are drawn again until one leaves the input nearly alone."""
        clip = self._clips[index]
        name = crc32(f"nearly dry {self._chain.id}".encode())
        draw = np.random.default_rng((self._clips.seed, index, name))
        for turn in range(_MOST_DRAWS):
            setting = near_ends(self._chain, draw, turn / _MOST_DRAWS)
            target = self._effect.render(clip.dry, clip.sample_rate, setting)
            if not is_usable(target) or not is_near(clip.dry, target, clip.sample_rate):
                continue
            reference = self._effect.render(clip.other, clip.sample_rate, setting)
            if is_usable(reference):
                return Case(
                    clip.stem,
                    self._chain.id,
                    clip.sample_rate,
                    clip.dry,
                    target,
                    reference,
                    setting,
                    clean=False,
                )
        raise NoCaseError(
            f"of {_MOST_DRAWS} settings of {self._chain.id} none leaves {clip.stem} nearly alone"
        )


def is_near(audio: Audio, target: Audio, sample_rate: int) -> bool:
    """Whether audio of (1, frames) is within `HARDLY_AUDIBLE` of a target, gain-matched.

    Resolution by resolution, so that what is far away is soon known to be.
    """
    have, wanted = (resample(some[0], sample_rate, PROTOCOL_RATE_HZ) for some in (audio, target))
    have = match_rms(have, wanted)
    left = HARDLY_AUDIBLE * sum(frames // 2 < len(wanted) for frames in MRSTFT_FRAMES)
    for frames in MRSTFT_FRAMES:
        if frames // 2 < len(wanted):
            left -= spectral_distance(magnitudes(have, (frames,)), magnitudes(wanted, (frames,)))
        if left < 0:
            return False
    return True
