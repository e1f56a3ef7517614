"""Which of a reference's windows playing is compared with."""

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import LEVEL_NAMES
from bridge.arrays import Audio, Floats
from bridge.chain import Chain
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis, ReferenceAnalysis
from bridge.library import Library
from bridge.manifest import PluginSpec
from tests.stand_ins import write_models

RMS = LEVEL_NAMES.index("rms_db")


def window(rms_db: float, sound: float) -> Analysis:
    """A window of that level, all of whose other numbers are `sound`."""
    levels = np.full(len(LEVEL_NAMES), sound, np.float32)
    levels[RMS] = rms_db
    several = np.full(4, sound, np.float32)
    return Analysis(several, several, levels, several)


def reference(*windows: Analysis) -> ReferenceAnalysis:
    return ReferenceAnalysis(*[np.zeros(4, np.float32)] * 5, windows)


def numbers(analysis: Analysis) -> list[Floats]:
    return [analysis.embedding, analysis.style, analysis.levels, analysis.echoes]


def test_quiet_playing_is_compared_with_the_quiet_windows() -> None:
    """Whatever the level of the recording: how far below its loudest window they lie counts."""
    heard = reference(window(-10.0, 1.0), window(-32.0, 0.0), window(-30.0, 0.0))
    loud, quiet = heard.like(0.0), heard.like(21.0)
    assert loud.style == pytest.approx(1.0, abs=1e-3)
    assert quiet.style == pytest.approx(0.0, abs=1e-3)
    assert loud.levels[RMS] == pytest.approx(-10.0, abs=0.05)
    assert quiet.levels[RMS] == pytest.approx(-31.0, abs=0.05)


def test_windows_of_one_level_count_alike() -> None:
    found = reference(window(-20.0, 0.0), window(-20.0, 1.0), window(-20.0, 5.0)).like(0.0)
    for some in (found.embedding, found.style, found.echoes):
        assert some == pytest.approx(2.0)


@pytest.mark.parametrize("below_db", [0.0, 12.0, 60.0])
def test_one_window_stays_itself(below_db: float) -> None:
    only = window(-25.0, 3.0)
    for found, own in zip(numbers(reference(only).like(below_db)), numbers(only), strict=True):
        assert found.dtype == np.float32
        assert found == pytest.approx(own)


def test_what_is_quieter_than_all_windows_is_compared_with_the_quietest() -> None:
    heard = reference(window(-10.0, 1.0), window(-30.0, 0.0))
    assert heard.like(60.0).style == pytest.approx(0.0, abs=1e-3)


def test_a_recording_is_known_window_by_window(
    overdrive: PluginSpec, guitar: tuple[Audio, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    features = FeatureSettings(window_frames=65_536, least_frames=32_768)
    models = write_models(tmp_path_factory.mktemp("models"), overdrive, features=features)
    estimator = Estimator(Chain.of_plugin(overdrive), Library.of_models(models))
    audio, rate = guitar
    frames = round(features.window_s * rate)
    # One window of playing, and the same 20 dB quieter: three windows, half overlapping.
    played = np.concatenate([audio[:, :frames], np.float32(0.1) * audio[:, :frames]], axis=1)
    heard = estimator.analyse(played, rate, "reference")
    assert len(heard.windows) == 3
    rms_db = [w.levels[RMS] for w in heard.windows]
    assert rms_db[0] - rms_db[2] == pytest.approx(20, abs=0.1)
    assert heard.levels == pytest.approx(
        np.mean([w.levels for w in heard.windows], axis=0), abs=1e-3
    )
    assert heard.like(0.0).levels[RMS] == pytest.approx(rms_db[0], abs=3)
    assert heard.like(20.0).levels[RMS] == pytest.approx(rms_db[2], abs=0.1)
