"""Scenes to learn judging from: playing, other playing, and several ways to make a sound of both.

Each way makes a case: what it makes of the other playing is the reference, what it makes of the
playing is the target. They are everything there is: the candidates' own chain, other chains, random
amplifiers, captures of real gear, an equaliser around any of them, and nothing at all; often so
mixed with the dry sound that they are nearly dry. A scene is a pure function of (source, index).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.windows import at_feature_rate, rms_db
from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effects import ChainEffect, load_chain
from bridge.library import Library
from bridge.manifest import Manifest
from bridge.search.excerpts import Excerpt, excerpts
from training.canonical import canonical
from training.critic.amplifiers import Sound, amplifier, equaliser
from training.critic.gear import GearPairs
from training.errors import TrainingError
from training.examples import Clip, ClipSource, is_usable, nearly_dry

CHAINS = {"guitar-amp": 4.0, "mda-amp": 2.0, "vocal": 2.0}
"""How often each rig's candidates are judged; a trained plugin counts 1."""
_ANY = "any"
_ANY_WEIGHT = 6.0
"""How often those of other plugins and of random chains are."""
_LENGTHS = {1: 0.3, 2: 0.4, 3: 0.2, 4: 0.1}
"""Of these chains, and how often."""
MAKERS = {"own": 0.5, "other": 0.16, "amplifier": 0.24, "dry": 0.1}
"""What makes a reference, and how often."""
SOUNDS = 6
"""References of one scene."""
_GEAR = 0.2
"""How many scenes are played by captures of real gear, among other makers."""
_NEARLY_DRY = 0.3
_EQUALISED = 0.15
_AROUND_START = 0.25
"""Deviation of normalised values around the start of a rig."""
_OPTIONAL_OUT = 0.5
_MAX_REDRAWS, _MAX_CLIPS = 30, 10
_HEARD_DB = -50.0
"""RMS in dBFS below which a sound is drawn again."""
_FOR_GEAR = {"guitar-amp": 6.0, "mda-amp": 2.0, "mda-overdrive": 2.0, "mda-combo": 2.0}
_FOR_GEAR |= {"pedalboard-distortion": 2.0, _ANY: 2.0}


@dataclass(frozen=True)
class Made:
    """One way to make a sound. Audio is (1, frames)."""

    maker: str
    target: Audio
    """Of the playing's excerpt."""
    reference: Audio
    """Of the other playing."""
    setting: ChainSetting | None = None
    """Where the candidates' own chain made it."""

    @property
    def audio(self) -> tuple[Audio, Audio]:
        """Both."""
        return self.target, self.reference


@dataclass(frozen=True)
class Scene:
    """One piece of playing, and ways to make a sound of it. Audio at `sample_rate` Hz."""

    index: int
    sample_rate: int
    playing: Audio
    excerpt: Excerpt
    """The liveliest of the playing; candidates are rendered on it."""
    chain: Chain
    """Whose candidates are judged."""
    made: tuple[Made, ...]


@lru_cache(maxsize=32)
def effect_of(chain: Chain) -> ChainEffect:
    """A chain's plugins, loaded once in a process."""
    return load_chain(chain)


class SceneSource:
    """Draws the scenes of one split."""

    def __init__(
        self,
        clips: ClipSource,
        library: Library,
        features: FeatureSettings,
        gear: GearPairs | None = None,
        sounds: int = SOUNDS,
    ) -> None:
        """Without `gear` there are other makers alone."""
        self._clips, self._features, self._gear, self._sounds = clips, features, gear, sounds
        self._manifest = library.manifest
        self._chains = chains(self._manifest)

    def __getitem__(self, index: int) -> Scene:
        draw = np.random.default_rng((self._clips.seed, index, 16))
        for _ in range(_MAX_CLIPS):
            if scene := self._drawn(draw, index):
                return scene
        raise TrainingError(f"scene {index}: {_MAX_CLIPS} clips in a row are all but silent")

    def _drawn(self, draw: np.random.Generator, index: int) -> Scene | None:
        """A scene of the next clip; None where that clip is all but silent."""
        if self._gear and draw.random() < _GEAR:
            return self._with_gear(draw, index, self._gear)
        clip = self._clips[int(draw.integers(2**31))]
        chain = self._chain(draw, _FOR_GEAR if draw.random() < 0.25 else None)
        return self._scene(draw, index, clip, chain, [])

    def _with_gear(self, draw: np.random.Generator, index: int, gear: GearPairs) -> Scene | None:
        one, other = gear.draw(draw)
        clip = Clip("guitar", "", gear.sample_rate, one.dry, other.dry)
        chain = self._chain(draw, _FOR_GEAR if draw.random() < 0.8 else None)
        (excerpt,) = excerpts(one.dry, gear.sample_rate, self._features)
        level = np.float32(10 ** (draw.normal(0, 4) / 20))
        target = one.wet[:, excerpt.start : excerpt.start + excerpt.audio.shape[1]]
        made = Made("gear", target * level, other.wet * level)
        return self._scene(draw, index, clip, chain, [made])

    def _scene(
        self, draw: np.random.Generator, index: int, clip: Clip, chain: Chain, made: list[Made]
    ) -> Scene | None:
        (excerpt,) = excerpts(clip.dry, clip.sample_rate, self._features)
        for _ in range(_MAX_REDRAWS):
            if len(made) == self._sounds:
                return Scene(index, clip.sample_rate, clip.dry, excerpt, chain, tuple(made))
            one = self._made(draw, clip, excerpt, chain)
            if all(self._is_heard(audio, clip.sample_rate) for audio in one.audio):
                made.append(one)
        return None

    def _is_heard(self, audio: Audio, sample_rate: float) -> bool:
        """By the encoder, which may hear less of the highest frequencies."""
        if not is_usable(audio):
            return False
        return rms_db(at_feature_rate(audio, sample_rate, self._features)) > _HEARD_DB

    def _made(self, draw: np.random.Generator, clip: Clip, excerpt: Excerpt, chain: Chain) -> Made:
        maker = str(draw.choice(list(MAKERS), p=list(MAKERS.values())))
        rate, setting = clip.sample_rate, None
        if maker == "own":
            setting = _setting(draw, chain, clip)
            sound = _through(setting)
        elif maker == "other":
            sound = _through(_setting(draw, self._chain(draw), clip))
        elif maker == "dry":
            sound = _louder(draw.choice([0.0, draw.normal(0, 6)]))
        else:
            sound = amplifier(draw)
        if maker != "dry" and draw.random() < _EQUALISED:
            setting, sound = None, _in_order([equaliser(draw), sound, equaliser(draw)])
        if maker in ("other", "amplifier") and draw.random() < _NEARLY_DRY:
            share = float(np.exp(draw.uniform(np.log(0.02), np.log(0.3))))
            sound = _mixed(_level_kept(sound, clip.other, rate, 0.0), share)
        if maker not in ("dry", "own"):
            sound = _level_kept(sound, clip.other, rate, draw.normal(0, 4))
        return Made(maker, sound(excerpt.audio, rate), sound(clip.other, rate), setting)

    def _chain(self, draw: np.random.Generator, weights: dict[str, float] | None = None) -> Chain:
        names = weights or self._chains
        shares = np.array(list(names.values()))
        name = str(draw.choice(list(names), p=shares / shares.sum()))
        return any_chain(draw, self._manifest) if name == _ANY else chain_of(name, self._manifest)


def chains(manifest: Manifest) -> dict[str, float]:
    """What candidates are judged of, and how often: trained plugins, rigs, and any chain."""
    plugins = {plugin.id: 1.0 for plugin in manifest.plugins if plugin.model}
    return plugins | CHAINS | {_ANY: _ANY_WEIGHT}


def any_chain(draw: np.random.Generator, manifest: Manifest) -> Chain:
    """A plugin that has no predictor, or several in any order, some of which may be left out."""
    length = int(draw.choice(list(_LENGTHS), p=list(_LENGTHS.values())))
    if length == 1:
        slots = [plugin.id for plugin in manifest.plugins if not plugin.model]
    else:
        slots = [plugin.id for plugin in manifest.plugins]
        slots += [f"{rig.id}/{slot.slot}" for rig in manifest.rigs for slot in rig.slots]
    return chain_of(",".join(draw.choice(slots, length, replace=False)), manifest)


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
    return nearly_dry(lambda: random_setting(draw, chain), effect_of(chain).render, clip)


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
