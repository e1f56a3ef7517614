"""Cases to learn judging from: playing, a reference with other playing, and the target.

The reference is made by everything there is: the candidates' own chain, other chains, random
amplifiers, captures of real gear, an equaliser around any of them, and nothing at all; often so
mixed with the dry sound that it is nearly dry. A case is a pure function of (source, index).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import magnitudes, spectral_distance
from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effects import ChainEffect, load_chain
from bridge.library import Library
from bridge.manifest import Manifest
from bridge.search.excerpts import Excerpt, excerpts
from training.canonical import canonical
from training.critic.amplifiers import Sound, amplifier, equaliser
from training.errors import TrainingError
from training.examples import Clip, ClipSource, is_usable
from training.gear import GearPairs

CHAINS = {"guitar-amp": 4.0, "mda-amp": 2.0, "vocal": 2.0}
"""How often each rig's candidates are judged; a trained plugin counts 1."""
MAKERS = {"own": 0.48, "other": 0.14, "amplifier": 0.16, "gear": 0.12, "dry": 0.1}
"""What makes the reference, and how often."""
_NEARLY_DRY = 0.3
_EQUALISED = 0.15
_AROUND_START = 0.25
"""Deviation of normalised values around the start of a rig."""
_OPTIONAL_OUT = 0.5
_DRAWN = 5
"""Of so many settings the one that changes least is taken, where it is to be nearly dry."""
_MAX_REDRAWS = 30
_FOR_GEAR = {"guitar-amp": 6.0, "mda-amp": 2.0, "mda-overdrive": 2.0, "mda-combo": 2.0}
_FOR_GEAR |= {"pedalboard-distortion": 2.0}


@dataclass(frozen=True)
class Case:
    """One question to a critic. Audio is (1, frames) at `sample_rate` Hz."""

    index: int
    maker: str
    sample_rate: int
    playing: Audio
    excerpt: Excerpt
    """The liveliest of the playing; candidates are rendered on it."""
    target: Audio
    """What it should become."""
    reference: Audio
    """Other playing, longer or not."""
    chain: Chain
    """Whose candidates are judged."""
    truth: ChainSetting | None
    """Where the chain itself made the reference."""


@lru_cache(maxsize=64)
def effect_of(chain: Chain) -> ChainEffect:
    """A chain's plugins, loaded once in a process."""
    return load_chain(chain)


class CaseSource:
    """Draws the cases of one split."""

    def __init__(
        self,
        clips: ClipSource,
        library: Library,
        features: FeatureSettings,
        gear: GearPairs | None = None,
    ) -> None:
        """Without `gear` random amplifiers stand in for it."""
        self._clips, self._features, self._gear = clips, features, gear
        self._manifest = library.manifest
        self._chains = chains(self._manifest)

    def __getitem__(self, index: int) -> Case:
        draw = np.random.default_rng((self._clips.seed, index, 16))
        maker = str(draw.choice(list(MAKERS), p=list(MAKERS.values())))
        for _ in range(_MAX_REDRAWS):
            case = self._drawn(draw, index, maker)
            if is_usable(case.reference) and is_usable(case.target):
                return case
        raise TrainingError(
            f"case {index}: {_MAX_REDRAWS} references in a row are silence or noise"
        )

    def _drawn(self, draw: np.random.Generator, index: int, maker: str) -> Case:
        if maker == "gear" and self._gear:
            return self._of_gear(draw, index, self._gear)
        clip = self._clips[int(draw.integers(2**31))]
        if maker in ("amplifier", "gear") and draw.random() < 0.7:
            chain = self._chain(draw, _FOR_GEAR)
        else:
            chain = self._chain(draw)
        truth = None
        if maker == "own":
            truth = _setting(draw, chain, clip)
            sound: Sound = _through(truth)
        elif maker == "other":
            sound = _through(_setting(draw, self._chain(draw), clip))
        elif maker == "dry":
            sound = _louder(draw.choice([0.0, draw.normal(0, 6)]))
        else:
            sound = amplifier(draw)
        if maker != "dry" and draw.random() < _EQUALISED:
            truth, sound = None, _in_order([equaliser(draw), sound, equaliser(draw)])
        if maker in ("other", "amplifier") and draw.random() < _NEARLY_DRY:
            share = float(np.exp(draw.uniform(np.log(0.02), np.log(0.3))))
            sound = _mixed(_level_kept(sound, clip.other, clip.sample_rate, 0.0), share)
        if maker not in ("dry", "own"):
            sound = _level_kept(sound, clip.other, clip.sample_rate, draw.normal(0, 4))
        rate = clip.sample_rate
        (excerpt,) = excerpts(clip.dry, rate, self._features)
        target, reference = sound(excerpt.audio, rate), sound(clip.other, rate)
        return Case(index, maker, rate, clip.dry, excerpt, target, reference, chain, truth)

    def _of_gear(self, draw: np.random.Generator, index: int, gear: GearPairs) -> Case:
        dry, wet, reference = gear.draw(draw)
        level = np.float32(10 ** (draw.normal(0, 4) / 20))
        (excerpt,) = excerpts(dry, gear.sample_rate, self._features)
        target = wet[:, excerpt.start : excerpt.start + excerpt.audio.shape[1]] * level
        chain = self._chain(draw, _FOR_GEAR if draw.random() < 0.85 else None)
        rate, reference = gear.sample_rate, reference * level
        return Case(index, "gear", rate, dry, excerpt, target, reference, chain, None)

    def _chain(self, draw: np.random.Generator, weights: dict[str, float] | None = None) -> Chain:
        names = weights or self._chains
        shares = np.array(list(names.values()))
        name = str(draw.choice(list(names), p=shares / shares.sum()))
        return chain_of(name, self._manifest)


def chains(manifest: Manifest) -> dict[str, float]:
    """What candidates are judged of, and how often: trained plugins and rigs."""
    return {plugin.id: 1.0 for plugin in manifest.plugins if plugin.model} | CHAINS


def random_setting(draw: np.random.Generator, chain: Chain) -> ChainSetting:
    """Anywhere for a single plugin; around the start for a longer chain."""
    if len(chain.slots) == 1:
        values = draw.random(len(chain.predicted))
        return _canonical(ChainSetting.of_predicted(chain, values.tolist()))
    start = np.array(ChainSetting.start(chain).predicted)
    values = np.clip(start + _AROUND_START * draw.standard_normal(len(start)), 0, 1)
    out = [s.id for s in chain.slots if s.optional and draw.random() < _OPTIONAL_OUT]
    return ChainSetting.of_predicted(chain, values.tolist(), out)


def _canonical(setting: ChainSetting) -> ChainSetting:
    settings = tuple(canonical(one) for one in setting.settings)
    return ChainSetting(setting.chain, settings, setting.bypassed)


def _setting(draw: np.random.Generator, chain: Chain, clip: Clip) -> ChainSetting:
    """A random one; often that of several which changes the sound least."""
    if draw.random() > _NEARLY_DRY:
        return random_setting(draw, chain)
    some = clip.other[:, : clip.sample_rate]
    dry = magnitudes(some[0], (1_024,))
    settings = [random_setting(draw, chain) for _ in range(_DRAWN)]
    effect = effect_of(chain)

    def change(setting: ChainSetting) -> float:
        wet = effect.render(some, clip.sample_rate, setting)[0]
        if not np.isfinite(wet).all():
            return float("inf")
        return spectral_distance(magnitudes(wet, (1_024,)), dry)

    return min(settings, key=change)


def _through(setting: ChainSetting) -> Sound:
    effect = effect_of(setting.chain)
    return lambda audio, rate: effect.render(audio, rate, setting)


def _in_order(sounds: Sequence[Sound]) -> Sound:
    def play(audio: Audio, sample_rate: float) -> Audio:
        for sound in sounds:
            audio = sound(audio, sample_rate)
        return audio

    return play


def _louder(change_db: float) -> Sound:
    gain = np.float32(10 ** (change_db / 20))
    return lambda audio, _rate: audio * gain


def _mixed(sound: Sound, share: float) -> Sound:
    return lambda audio, rate: np.asarray(
        (1 - share) * audio + share * sound(audio, rate), np.float32
    )


def _level_kept(sound: Sound, audio: Audio, sample_rate: float, change_db: float) -> Sound:
    """The same so much louder than `audio`, or softer."""
    wet = sound(audio, sample_rate)
    gain = np.float32(_rms(audio) / max(_rms(wet), 1e-6) * 10 ** (change_db / 20))
    return lambda some, rate: sound(some, rate) * gain


def _rms(audio: Audio) -> float:
    return float(np.sqrt(np.mean(audio**2)))
