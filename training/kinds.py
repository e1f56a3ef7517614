"""The network of kinds: which family of effects a reference is likely to be made by.

It is a predictor like every other, of a plugin that has one parameter, the family. So that it knows
more than the plugins with models, it learns from all shipped plugins whose family is known.
"""

from collections.abc import Sequence

from bridge.analysis.features import FeatureSettings
from bridge.kinds import family_of
from bridge.manifest import Manifest, PluginSpec
from training.examples import ClipSettings

CLIPS = ClipSettings(
    sample_rates_hz=(48_000, 48_000, 44_100),
    gain_db=(-18.0, 6.0),
    halves_s=(FeatureSettings().least_s,),
    other_clip_share=0.5,
    equal_levels=True,
    speed=(0.8, 1.25),
    tone_db=8.0,
)
COUNT, VALIDATION_COUNT = 640, 128
SEED, VALIDATION_SEED = 31, 32
_LEFT_OUT = ("gain",)
"""What only changes the level is told from the levels."""


def heard(manifest: Manifest) -> Sequence[PluginSpec]:
    """The plugins that it learns from."""
    return [p for p in manifest.plugins if family_of(p.kind) not in (None, *_LEFT_OUT)]
