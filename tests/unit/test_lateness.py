"""Playing that is heard only late, made by a real delay and reverberation."""

import pytest

from bridge.analysis.features import FeatureSettings
from bridge.analysis.lateness import Lateness
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio
from bridge.effects import load_effect
from bridge.manifest import Manifest, Setting

FEATURES = FeatureSettings()


def heard_late(manifest: Manifest, guitar: tuple[Audio, int], plugin: str, **values: float) -> bool:
    audio, rate = guitar
    setting = Setting.of_values(manifest.plugin(plugin), values)
    wet = load_effect(manifest.plugin(plugin)).render(audio[:, : 6 * rate], rate, setting)
    dry, late = (at_feature_rate(a, rate, FEATURES) for a in (audio[:, : 6 * rate], wet))
    return Lateness(dry, FEATURES).is_late(late)


@pytest.mark.parametrize(("mix", "late"), [(0.0, False), (0.4, False), (0.8, True), (1.0, True)])
@pytest.mark.parametrize("seconds", [0.1, 0.4, 0.9])
def test_a_delay_that_hides_the_playing_is_late(
    manifest: Manifest, guitar: tuple[Audio, int], seconds: float, mix: float, late: bool
) -> None:
    values = {"delay_seconds": seconds, "mix": mix, "feedback": 0.2}
    assert heard_late(manifest, guitar, "pedalboard-delay", **values) == late


def test_what_a_player_does_not_notice_is_not_late(
    manifest: Manifest, guitar: tuple[Audio, int]
) -> None:
    assert not heard_late(manifest, guitar, "pedalboard-delay", delay_seconds=0.02, mix=1.0)
    assert not heard_late(manifest, guitar, "pedalboard-chorus", mix=1.0)
    assert not heard_late(manifest, guitar, "pedalboard-reverb", wet_level=0.5, dry_level=0.5)
