"""Metrics against values known by hand, intervals, calibration, the published table."""

import auraloss
import numpy as np
import pyloudnorm
import pytest
import torch

from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting
from bridge.estimate.answer import Answer
from bridge.manifest import Manifest, PluginSpec, Setting
from training.errors import TrainingError
from training.evaluation.cross_plugin import load_counterparts
from training.evaluation.intervals import (
    gain_and_median,
    interval,
    interval_and_median,
    relative_gain,
)
from training.evaluation.parameters import bypass_summary, calibration, parameter_summary
from training.evaluation.protocol import KEYS, PROTOCOL_RATE_HZ
from training.evaluation.published import load_published
from training.evaluation.scores import centroid_error, loudness, mel_distance, pesq_score, score
from training.examples import is_usable

RATE = PROTOCOL_RATE_HZ


def sine(hz: float, amplitude: float = 0.5, seconds: float = 3.0) -> Audio:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def column(scores: np.ndarray, key: str) -> np.ndarray:
    return scores[:, KEYS.index(key)]


def test_an_answer_that_equals_its_target_scores_exactly_zero() -> None:
    target = sine(440)
    scores = score([target.copy(), sine(440, 0.25)], target)
    assert np.all(scores[0, :-1] == 0.0)
    assert np.isnan(column(scores, "pesq")).all()
    assert np.all(scores[1, [KEYS.index(k) for k in ("mrstft", "msd", "loudness_lu")]] > 0)


def test_half_the_level_is_6_db_in_every_level_and_nothing_when_gain_matched() -> None:
    target = np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32) * 0.1
    scores = score([target / 2], target)
    six_db = 20 * np.log10(2)
    assert column(scores, "rms_db") == pytest.approx(six_db, abs=1e-4)
    assert column(scores, "loudness_lu") == pytest.approx(six_db, abs=1e-3)
    assert column(scores, "crest_db") == pytest.approx(0, abs=1e-4)
    assert column(scores, "sce_hz") == pytest.approx(0, abs=0.01)
    assert column(scores, "mrstft_gain_matched") == pytest.approx(0, abs=1e-5)
    assert column(scores, "modulation_db") == pytest.approx(0, abs=1e-3)


def test_mrstft_columns_equal_auraloss() -> None:
    draw = np.random.default_rng(1)
    answer, target = draw.standard_normal((2, 4 * RATE)).astype(np.float32) * [[0.1], [0.03]]
    frames = [32, 128, 512, 2_048, 8_192, 32_768]
    loss = auraloss.freq.MultiResolutionSTFTLoss(
        frames, [f // 2 for f in frames], frames, w_sc=0.0, w_lin_mag=1.0, w_log_mag=1.0
    )

    def expected(some: np.ndarray) -> float:
        pair = (torch.tensor(x, dtype=torch.float32)[None, None] for x in (some, target))
        return float(loss(*pair))

    scores = score([answer.astype(np.float32)], target.astype(np.float32))
    assert column(scores, "mrstft")[0] == pytest.approx(expected(answer), rel=1e-3)
    matched = answer * np.sqrt(np.mean(target**2) / np.mean(answer**2))
    assert column(scores, "mrstft_gain_matched")[0] == pytest.approx(expected(matched), rel=1e-3)


def test_crest_of_a_sine_is_3_db_above_that_of_a_square() -> None:
    square = np.sign(sine(100)).astype(np.float32) * 0.5
    assert column(score([sine(100)], square), "crest_db")[0] == pytest.approx(3.01, abs=0.02)


def test_centroid_error_of_two_sines_is_the_difference_of_their_frequencies() -> None:
    assert centroid_error(sine(3_000), sine(1_000)) == pytest.approx(2_000, rel=0.01)
    # Pauses of the target do not count.
    pause = np.zeros(2 * RATE, np.float32)
    found = centroid_error(
        np.concatenate([sine(3_000), pause]), np.concatenate([sine(1_000), pause])
    )
    assert found == pytest.approx(2_000, rel=0.03)
    assert centroid_error(sine(1_000), np.zeros(3 * RATE, np.float32)) == 0.0


def test_mel_distance_of_a_doubled_level_is_ln_2_and_its_mean_magnitude() -> None:
    noise = np.random.default_rng(0).standard_normal(131_072).astype(np.float32)
    quiet = mel_distance(noise * 0.02, noise * 0.01)
    loud = mel_distance(noise * 0.2, noise * 0.1)
    assert quiet > np.log(2)
    # The logarithmic part does not depend on the level, the linear part is proportional to it.
    assert (loud - np.log(2)) == pytest.approx(10 * (quiet - np.log(2)), rel=1e-3)


def test_loudness_is_that_of_bs_1770_and_has_a_floor() -> None:
    # ITU-R BS.1770: a full-scale 997 Hz sine in one channel reads -3.01 LKFS.
    assert loudness(sine(997, 1.0), RATE) == pytest.approx(-3.01, abs=0.1)
    assert loudness(sine(997), RATE) == pytest.approx(
        pyloudnorm.Meter(RATE).integrated_loudness(sine(997))
    )
    assert loudness(np.zeros(RATE, np.float32), RATE) == -70.0
    assert loudness(sine(997, 1e-5), RATE) == -70.0


def test_pesq_is_best_for_equal_speech_and_has_no_say_in_silence(
    guitar: tuple[Audio, int],
) -> None:
    pytest.importorskip("pesq")
    audio = guitar[0][0, : 4 * RATE]
    noise = np.random.default_rng(0).standard_normal(len(audio)).astype(np.float32) * 0.05
    best, worse = pesq_score(audio, audio), pesq_score(audio + noise, audio)
    # The top of the scale of ITU-T P.862.2.
    assert best == pytest.approx(4.644, abs=0.01)
    assert worse < best - 0.5
    silence = np.zeros_like(audio)
    assert np.isnan(pesq_score(silence, audio))
    assert np.isnan(pesq_score(audio, silence))


def test_without_the_package_there_is_no_pesq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.evaluation.scores.pesq", None)
    assert np.isnan(pesq_score(sine(440), sine(440)))


def test_silence_and_what_is_not_finite_are_not_usable() -> None:
    assert is_usable(sine(440)[None])
    for audio in (np.zeros((1, 100)), np.full((1, 100), np.nan), np.full((1, 100), 20.0)):
        assert not is_usable(audio.astype(np.float32))


def test_interval_counts_only_what_was_measured() -> None:
    found = interval(np.array([1.0, 2.0, 3.0, np.nan]))
    assert found == {"mean": 2.0, "ci95": pytest.approx(1.96 / np.sqrt(3), abs=1e-6), "n": 3}
    assert interval(np.array([np.nan])) is None
    assert interval(np.array([1.0])) == {"mean": 1.0, "ci95": None, "n": 1}
    skewed = np.array([1.0, 2.0, 9.0, np.nan])
    assert interval_and_median(skewed) == {**(interval(skewed) or {}), "median": 2.0}
    assert interval_and_median(np.array([np.nan])) is None


def test_relative_gain_has_an_interval_that_holds() -> None:
    """Coverage of the interval over many small experiments with a known ratio of means."""
    draw = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        baseline = 1 + draw.random(100)
        answers = 0.4 * baseline + draw.normal(0, 0.2, 100)
        found = relative_gain(answers, baseline)
        assert found
        inside += abs(found["mean"] - 0.6) <= found["ci95"]
    assert 0.92 <= inside / 400 <= 0.98
    assert relative_gain(np.zeros(3), np.ones(3)) == {"mean": 1.0, "ci95": 0.0, "n": 3}
    assert relative_gain(np.ones(3), np.zeros(3)) is None


def test_the_median_gain_is_that_of_the_single_cases() -> None:
    answers, baseline = np.array([0.1, 0.1, 4.0, 0.0]), np.array([1.0, 1.0, 1.0, 0.0])
    found = gain_and_median(answers, baseline)
    assert found
    assert (found["mean"], found["median"]) == (pytest.approx(-0.4), pytest.approx(0.9))
    assert gain_and_median(np.ones(3), np.zeros(3)) is None


def answer(setting: Setting, confidence: float = 0.8, bypass: bool = False) -> Answer:
    chain = Chain.of_plugin(setting.plugin)
    in_chain = ChainSetting(chain, (setting,), frozenset({chain.id} if bypass else ()))
    return Answer(in_chain, (confidence,) * len(setting.predicted), (float(bypass),))


def test_parameters_are_compared_with_the_constant_and_enums_by_class(manifest: Manifest) -> None:
    combo = manifest.plugin("mda-combo")
    values = {"drive": 0.9, "model": 0.5}
    truth = Setting.of_values(combo, values)
    near = Setting.of_values(combo, {**values, "drive": 0.85})
    wrong = Setting.of_values(combo, {**values, "drive": 0.5, "model": 0.0})
    found = parameter_summary([truth, truth], [answer(near), answer(wrong)])
    assert found["drive"]["measure"] == "error"
    assert found["drive"]["answer"]["mean"] == pytest.approx((0.05 + 0.4) / 2)
    assert found["drive"]["constant"]["mean"] == pytest.approx(0.4)
    assert found["drive"]["beats_constant"]["mean"] == pytest.approx(0.175)
    assert found["model"]["measure"] == "accuracy"
    assert found["model"]["answer"]["mean"] == 0.5
    # The constant 0.5 is the middle class, which is the true one here.
    assert found["model"]["constant"]["mean"] == 1.0
    # Said 0.8, was near in one of two cases.
    assert found["drive"]["calibration"]["ece"] == pytest.approx(0.3)


def test_an_answer_that_sounds_like_the_truth_has_no_error(manifest: Manifest) -> None:
    delay = manifest.plugin("mda-delay")
    truth = Setting.of_values(delay, {"l_delay": 0.6, "r_delay": 0.2})
    # The right time is 4 r_delay of the left one, and times grow as l_delay squared.
    swapped = Setting.of_values(delay, {"l_delay": 0.6 * 0.8**0.5, "r_delay": 1.25 / 4})
    longer = Setting.of_values(delay, {"l_delay": 0.6, "r_delay": 1.25 / 4})

    def errors(true: Setting, found: Setting) -> list[float]:
        summary = parameter_summary([true], [answer(found)])
        return [summary[symbol]["answer"]["mean"] for symbol in ("l_delay", "r_delay")]

    assert errors(truth, swapped) == pytest.approx([0, 0], abs=1e-6)
    assert errors(swapped, truth) == pytest.approx([0, 0], abs=1e-6)
    # Of this one the shorter time is 0.6 too, so the longer one is wrong and the ratio right.
    assert errors(truth, longer) == pytest.approx([0.6 * 1.25**0.5 - 0.6, 0], abs=1e-6)


def test_calibration_error_by_hand() -> None:
    found = calibration(np.array([0.95, 0.95, 0.15, 1.0]), np.array([1.0, 0.0, 0.0, 1.0]))
    # 0.9..1: three cases, 2.9 expected, 2 right; 0.1..0.2: one case, 0.15 expected, none right.
    assert found["ece"] == pytest.approx((0.9 + 0.15) / 4)
    assert found["bins"][9] == [3, 2.9, 2]
    assert calibration(np.array([]), np.array([]))["ece"] is None


def test_bypass_is_counted_for_clean_and_wet_references_apart(overdrive: PluginSpec) -> None:
    setting = Setting.default(overdrive)
    answers = [answer(setting, bypass=b) for b in (True, False, True, False, False)]
    found = bypass_summary([True, True, False, False, False], answers)
    assert found["clean_found"]["mean"] == 0.5
    assert found["wet_bypassed"]["mean"] == pytest.approx(1 / 3, abs=1e-5)


def test_the_published_table_has_its_published_means(manifest: Manifest) -> None:
    published = load_published()
    assert set(published.effects) == {
        plugin.id for plugin in manifest.plugins if plugin.id.startswith("mda-")
    }
    expected = {"VCTK": (0.825, 0.918), "DAPS": (0.843, 0.963), "MusDB18": (0.921, 0.946)}
    for data_set, (trained, do_nothing) in expected.items():
        cells = [effect[data_set] for effect in published.effects.values()]
        assert np.mean([cell.trained for cell in cells]) == pytest.approx(trained, abs=6e-4)
        assert np.mean([cell.do_nothing for cell in cells]) == pytest.approx(do_nothing, abs=6e-4)
        assert published.relative_gain_of_means(data_set) == pytest.approx(
            1 - trained / do_nothing, abs=1e-3
        )


def test_every_plugin_has_a_counterpart_that_is_described_as_in_the_manifest(
    manifest: Manifest, overdrive: PluginSpec
) -> None:
    table = load_counterparts()
    known = {entry.id for entry in (*manifest.plugins, *table.plugins, *manifest.rigs)}
    assert {rig.id for rig in manifest.rigs} <= set(table.counterparts)
    for texts in table.counterparts.values():
        assert {name for text in texts for name in text.split(",")} <= known
    (found,) = table.of(Chain.of_plugin(overdrive), manifest)
    assert found.id == "pedalboard-distortion"
    absent = table.model_copy(update={"counterparts": {}})
    with pytest.raises(TrainingError, match="no counterpart is listed"):
        absent.of(Chain.of_plugin(overdrive), manifest)
    missing = overdrive.model_copy(
        update={"id": "gone", "formats": overdrive.formats.model_copy(update={"lv2": "urn:gone"})}
    )
    gone = table.model_copy(
        update={"counterparts": {overdrive.id: ("gone",)}, "plugins": (missing,)}
    )
    with pytest.raises(TrainingError, match="urn:gone is not installed"):
        gone.of(Chain.of_plugin(overdrive), manifest)
