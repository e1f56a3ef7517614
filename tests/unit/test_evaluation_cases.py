"""What is kept of a case, and what it is made into: harm, modulation, foretold distances, gear."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.estimate.answer import Answer, Closeness
from bridge.manifest import Manifest, PluginSpec, Setting
from training.corpus import GearPair
from training.errors import TrainingError
from training.evaluation.cases import NoCaseError
from training.evaluation.draws import near_ends, random_setting
from training.evaluation.foretold import foretold_summary, pairs
from training.evaluation.gear import GearCases
from training.evaluation.harm import harmed, told, worst_cases
from training.evaluation.intervals import share
from training.evaluation.markdown import shared
from training.evaluation.modulation import (
    modulation_distance,
    modulation_errors,
    modulation_spectrum,
)
from training.evaluation.outcomes import Outcome, without_rendering
from training.evaluation.protocol import (
    CONDITIONS,
    DO_NOTHING,
    KEYS,
    MATCHED,
    NETWORK,
    PROTOCOL_RATE_HZ,
    RAW,
    RENDERED,
)
from training.evaluation.reliability import draw_foretold
from training.evaluation.summary import summarise

RATE = PROTOCOL_RATE_HZ


def answer(setting: ChainSetting, closeness: Closeness | None = None) -> Answer:
    confidence = (0.8,) * len(setting.predicted)
    return Answer(setting, confidence, (0.25,) * len(setting.settings), closeness=closeness)


def outcome(
    truth: ChainSetting | None,
    found: Answer,
    distances: dict[str, tuple[float, float]],
    index: int = 0,
) -> Outcome:
    """Raw and gain-matched distance by condition; all other scores are 1."""
    scores = np.full((len(CONDITIONS), len(KEYS)), np.nan)
    for name, (raw, matched) in distances.items():
        scores[CONDITIONS.index(name)] = 1.0
        scores[CONDITIONS.index(name), [KEYS.index(RAW), KEYS.index(MATCHED)]] = raw, matched
    answers = {name: found for name in (NETWORK, RENDERED) if name in distances}
    return Outcome(index, f"clip-{index}", "maker", False, truth, scores, answers, {RENDERED: 1.25})


def chain_at(plugin: PluginSpec, **values: float) -> ChainSetting:
    chain = Chain.of_plugin(plugin)
    return ChainSetting(chain, (Setting.of_values(plugin, values),))


def test_a_share_has_the_interval_of_wilson() -> None:
    # Agresti & Coull (1998): 0 of n has an upper end of z² / (n + z²).
    none = share(np.zeros(50, bool))
    assert none == {"mean": 0.0, "low": 0.0, "high": pytest.approx(0.07135, abs=1e-4), "n": 50}
    half = share(np.arange(10) < 5)
    assert half
    assert (half["low"], half["high"]) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert share(np.zeros(0, bool)) is None
    assert shared(none) == "0 % (0 to 7)"


def test_harm_begins_beyond_the_limit_and_counts_only_what_was_measured() -> None:
    before = np.array([1.0, 1.0, 1.0, 1.0, np.nan])
    after = np.array([1.06, 1.04, 0.2, np.nan, 5.0])
    found = harmed(after, before)
    assert found
    assert (found["mean"], found["n"]) == (pytest.approx(1 / 3, abs=1e-6), 3)


def test_the_worst_cases_come_first_with_their_settings(manifest: Manifest) -> None:
    flanger = manifest.plugin("mda-thruzero")
    truth, found = chain_at(flanger, mix=0.02), answer(chain_at(flanger, mix=0.45))

    def case(index: int, after: float) -> Outcome:
        distances = {DO_NOTHING: (0.1, 0.1), RENDERED: (after, after)}
        return outcome(truth, found, distances, index)

    slices = {
        "speech": [case(0, 0.3), case(1, 0.05)],
        "guitar": [case(n, 1.0 + n / 10) for n in range(2, 13)],
    }
    worst = worst_cases(slices, RENDERED)
    assert [entry["case"] for entry in worst] == list(range(12, 2, -1))
    assert worst[0]["slice"] == "guitar"
    assert (worst[0]["before"], worst[0]["after"]) == (0.1, 2.2)
    assert "mix 0.02" in worst[0]["truth"]
    assert "mix 0.45" in worst[0]["answer"]
    assert worst_cases({"speech": slices["speech"]}, RENDERED)[0]["case"] == 0
    assert len(worst_cases({"speech": slices["speech"]}, RENDERED)) == 1
    assert worst_cases(slices, NETWORK) == []


def test_a_rig_is_told_slot_by_slot(manifest: Manifest) -> None:
    start = ChainSetting.start(chain_of("guitar-amp", manifest)).without(["reverb"])
    text = told(start)
    assert text.startswith("tighten: cutoff_frequency_hz 80; push: ")
    assert "reverb left out" in text


@pytest.mark.parametrize("name", ["mda-combo", "guitar-amp"])
def test_an_outcome_survives_the_disk(manifest: Manifest, name: str) -> None:
    chain = chain_of(name, manifest)
    draw = np.random.default_rng(1)
    truth = random_setting(chain, draw)
    near = Closeness(1.5, 0.4, 0.2, 0.9, 0.97)
    case = outcome(
        truth,
        replace(answer(random_setting(chain, draw), near), gain_db=-3.21),
        {DO_NOTHING: (1 / 3, 2.0), RENDERED: (0.0, 0.1)},
    )
    row = json.loads(json.dumps(case.row))
    again = Outcome.of_row(chain, row)
    assert again.truth
    assert again.truth.predicted == pytest.approx(truth.predicted, rel=1e-3)
    assert again.truth.bypassed == truth.bypassed
    found = again.answers[RENDERED]
    assert found.closeness == near
    assert found.gain_db == -3.21
    assert found.confidence == case.answers[RENDERED].confidence
    assert again.scores == pytest.approx(case.scores, rel=1e-3, nan_ok=True)
    assert again.score(RENDERED, RAW) == 0.0
    assert again.row == row
    bare = Outcome.of_row(chain, without_rendering(row))
    assert bare.answers == {}
    assert np.isnan(bare.score(RENDERED, RAW))
    assert bare.score(DO_NOTHING, RAW) == again.score(DO_NOTHING, RAW)
    with pytest.raises(ValueError, match="parameters"):
        Outcome.of_row(chain_of("mda-overdrive", manifest), row)


def test_a_summary_tells_medians_and_harm(manifest: Manifest) -> None:
    truth = chain_at(manifest.plugin("mda-overdrive"), drive=0.2)
    afters = (0.1, 0.1, 4.0)
    cases = [
        outcome(
            truth,
            answer(truth),
            {DO_NOTHING: (1.0, 1.0), RENDERED: (after, after), "true parameters": (0, 0)},
            index,
        )
        for index, after in enumerate(afters)
    ]
    summary = summarise(cases)
    means = summary["rendered"]["means"][RENDERED][MATCHED]
    assert (means["mean"], means["median"]) == (1.4, 0.1)
    gain = summary["rendered"]["relative_gain"][RENDERED][MATCHED]
    # The mean hides that two of three are far better.
    assert (gain["mean"], gain["median"]) == (pytest.approx(-0.4), pytest.approx(0.9))
    assert summary["rendered"]["harmed"][RENDERED]["mean"] == pytest.approx(1 / 3, abs=1e-6)
    assert RENDERED not in summary["all"]["means"]


def tremolo(hz: float, phase: float, depth: float = 0.5) -> Audio:
    time = np.arange(131_072) / RATE
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * noise * (1 + depth * np.sin(2 * np.pi * hz * time + phase))).astype(np.float32)


def test_modulation_spectra_know_rate_and_depth_but_not_phase_or_level() -> None:
    target = modulation_spectrum(tremolo(3.0, 0.0))

    def distance(audio: Audio) -> float:
        return modulation_distance(modulation_spectrum(audio), target)

    shifted = distance(tremolo(3.0, 2.0))
    assert distance(tremolo(3.0, 0.0)) == 0.0
    assert distance(0.1 * tremolo(3.0, 0.0)) < 0.01
    assert distance(tremolo(6.0, 0.0)) > 2 * shifted
    assert distance(tremolo(3.0, 0.0, depth=0.0)) > 2 * shifted
    spectrum = target.mean(axis=0)
    edges = np.geomspace(0.2, 20, len(spectrum) + 1)
    strongest = int(spectrum.argmax())
    assert edges[strongest] <= 3.0 < edges[strongest + 1]
    # A fragment and silence have a spectrum, too.
    assert np.isfinite(modulation_spectrum(np.zeros(1_000, np.float32))).all()


def test_rate_errors_are_shares_of_the_true_rate(manifest: Manifest) -> None:
    chorus = manifest.plugin("pedalboard-chorus")
    truth = chain_at(chorus, rate_hz=2.0, depth=0.5, mix=0.5)
    near = chain_at(chorus, rate_hz=2.1, depth=0.5, mix=0.4)
    far = chain_at(chorus, rate_hz=6.0, depth=0.9, mix=0.5)
    left_out = truth.without([chorus.id])
    found = modulation_errors([truth] * 3, [near, far, left_out], before=np.array([1.0, 0.9, 0.1]))
    assert found
    assert found["rate_percent"]["all"]["mean"] == pytest.approx((5 + 200 + 0) / 3, abs=0.01)
    assert found["rate_percent"]["audible"]["median"] == pytest.approx(102.5, abs=0.01)
    assert found["rate_near"]["audible"]["mean"] == 0.5
    assert found["depth"]["audible"]["mean"] == pytest.approx(0.2, abs=1e-5)
    assert found["mix"]["all"]["mean"] == pytest.approx((0.1 + 0 + 0.5) / 3, abs=1e-5)
    assert modulation_errors([], [], np.zeros(0)) is None
    drive = chain_at(manifest.plugin("mda-overdrive"), drive=0.5)
    assert modulation_errors([drive], [drive], np.ones(1)) is None


@pytest.mark.parametrize(
    ("values", "hz"),
    [
        (("mda-thruzero", {"rate": 0.8}), 10**0.4),
        (("mda-thruzero", {"rate": 0.0}), 0.0),
        (("mda-leslie", {"mode": 1.0, "speed": 0.5}), 6.4),
        (("mda-leslie", {"mode": 0.0, "speed": 0.5}), 0.0),
    ],
)
def test_rates_of_the_mda_effects_are_those_heard(
    manifest: Manifest, values: tuple[str, dict[str, float]], hz: float
) -> None:
    """The level of a steady tone through the plugin has its line at that rate."""
    from bridge.effects import load_effect
    from training.evaluation.modulation import MODULATORS

    name, symbols = values
    plugin = manifest.plugin(name)
    setting = Setting.of_values(plugin, symbols)
    assert MODULATORS[name].rate_hz(setting.values) == pytest.approx(hz, rel=1e-3)
    if not hz:
        return
    tone_hz = 500 if name == "mda-thruzero" else 3_000
    time = np.arange(20 * RATE) / RATE
    tone = (0.2 * np.sin(2 * np.pi * tone_hz * time)).astype(np.float32)[None]
    clear = {"depth": 0.1, "feedback": 0.5} if name == "mda-thruzero" else {"hi_depth": 0.0}
    setting = Setting.of_values(plugin, {**symbols, **clear})
    wet = load_effect(plugin).render(tone, RATE, setting)[0, 3 * RATE :]
    levels = np.sqrt(np.convolve(wet**2, np.ones(240) / 240, "valid"))[::60]
    spectrum = np.abs(np.fft.rfft((levels - levels.mean()) * np.hanning(len(levels))))
    rates = np.fft.rfftfreq(len(levels), 60 / RATE)
    assert rates[spectrum.argmax()] == pytest.approx(hz, abs=0.07)


def foretelling(manifest: Manifest, factor: float, count: int = 40) -> list[Outcome]:
    """Answers that foretell `factor` times the true distance; bounds hold in four of five."""
    truth = chain_at(manifest.plugin("mda-overdrive"), drive=0.2)
    draw = np.random.default_rng(0)
    cases = []
    for index in range(count):
        now, after = draw.uniform(1, 2), draw.uniform(0.1, 0.9)
        high = after + 0.1 if index % 5 else after - 0.05
        near = Closeness(factor * now, factor * after, after - 0.1, high, 1.0)
        distances = {
            DO_NOTHING: (now + 0.1, now - 0.1),
            RENDERED: (after + 0.05, after - 0.05),
            "true parameters": (0.0, 0.0),
        }
        cases.append(outcome(truth, answer(truth, near), distances, index))
    return cases


def test_what_was_foretold_is_compared_with_what_came(manifest: Manifest) -> None:
    true = foretold_summary(foretelling(manifest, 1.0))
    assert true
    assert true["signed_error"][DO_NOTHING]["mean"] == pytest.approx(0, abs=1e-5)
    assert true["coverage"]["mean"] == 0.8
    assert true["better"]["ece"] == 0.0
    hopeful = foretelling(manifest, 0.5)
    found = foretold_summary(hopeful)
    assert found
    assert found["signed_error"][RENDERED]["mean"] == pytest.approx(-0.5, abs=1e-5)
    assert found["signed_error"][RENDERED]["median"] == pytest.approx(-0.5, abs=1e-5)
    predicted, came = pairs(hopeful, RENDERED)
    assert predicted == pytest.approx(0.5 * came)
    silent = [replace(o, answers={RENDERED: answer(o.truth)}) for o in hopeful if o.truth]
    assert foretold_summary(silent) is None


def test_the_reliability_picture_has_a_panel_for_each_condition(manifest: Manifest) -> None:
    from training.evaluation.digest import Measured

    cases = foretelling(manifest, 0.5)
    chain = Chain.of_plugin(manifest.plugin("mda-overdrive"))
    measured = Measured(chain, {"guitar": summarise(cases)}, {}, {"guitar": cases})
    figure = draw_foretold([measured], 24_000)
    assert figure
    titles = [axes.get_title() for axes in figure.axes]
    assert len(titles) == 2
    assert "n = 40, mean signed error -50 %" in titles[1]
    nothing = Measured(chain, {}, {}, {})
    assert draw_foretold([nothing], 24_000) is None


def test_settings_near_the_ends_are_frequent(manifest: Manifest) -> None:
    chain = chain_of("mda-thruzero", manifest)
    draw = np.random.default_rng(0)
    values = np.array([near_ends(chain, draw).predicted for _ in range(400)])
    # Twice as often as with uniform values, which would be .03.
    assert 0.045 < np.mean(values < 0.03) < 0.075
    assert 0.045 < np.mean(values > 0.97) < 0.075
    assert np.mean((values > 0.3) & (values < 0.7)) > 0.2


def test_a_rig_is_drawn_around_its_start_with_slots_left_out(manifest: Manifest) -> None:
    chain = chain_of("guitar-amp", manifest)
    draw = np.random.default_rng(0)
    settings = [random_setting(chain, draw) for _ in range(200)]
    start = np.array(ChainSetting.start(chain).predicted)
    apart = np.abs(np.array([s.predicted for s in settings]) - start).mean()
    assert 0.1 < apart < 0.2
    left_out = [len(setting.bypassed) for setting in settings]
    assert set(left_out) == {0, 1, 2}


def write_gear(folder: Path, played: list[tuple[str, str]], rate: int = 48_000) -> None:
    """As the corpus does: clips of 6 s whose second half is louder; wet is dry times -1.

    The letter of a clip is its recording, a number after it where it begins in it.
    """
    index = []
    for capture, clip in played:
        seed = sum(map(ord, clip))
        dry = np.random.default_rng(seed).standard_normal(6 * 48_000) * 0.01
        dry[3 * 48_000 :] *= 10
        names = (f"{clip}.flac", f"{capture}-{clip}.flac")
        soundfile.write(folder / names[0], dry, 48_000)
        soundfile.write(folder / names[1], -dry, rate)
        kind = "bass" if clip.startswith("b") else "guitar"
        start_s = float(clip[1:] or 0)
        index.append(GearPair(capture, "train", kind, clip[0], start_s, 6.0, *names, 0.0, "0"))
    (folder / "index.json").write_text(json.dumps([asdict(pair) for pair in index]))


def test_gear_takes_turns_and_the_reference_is_other_playing(tmp_path: Path) -> None:
    played = [("amp", "a"), ("amp", "c"), ("amp", "d"), ("pedal", "a"), ("pedal", "c")]
    write_gear(tmp_path, [*played, ("alone", "a")])
    cases = GearCases(tmp_path)
    assert len(cases) == 5
    found = [cases[index] for index in range(5)]
    assert [case.maker for case in found] == ["amp", "pedal", "amp", "pedal", "amp"]
    assert {(case.maker, case.clip) for case in found} == set(played)
    for case in found:
        assert case.truth is None
        assert not case.clean
        assert case.dry.shape == case.target.shape == case.reference.shape
        assert case.dry.shape[1] == round(131_072 / 24_000 * 48_000)
        assert case.target == pytest.approx(-case.dry, abs=1e-4)
        assert not np.allclose(case.reference, case.target, atol=1e-3)


def test_gears_reference_shares_nothing_with_the_input_and_is_of_its_kind(tmp_path: Path) -> None:
    write_gear(tmp_path, [("amp", clip) for clip in ("a0", "a3", "a9", "b0", "c0")])
    found = [(clip.dry, other.dry) for clip, other in GearCases(tmp_path)._pairs]
    names = [("a0", "a9"), ("a3", "a9"), ("a9", "c0"), ("b0", "c0"), ("c0", "a0")]
    assert found == [(f"{clip}.flac", f"{other}.flac") for clip, other in names]


def test_gear_that_is_not_there_or_broken_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoCaseError, match="corpus --gear DIR"):
        GearCases(tmp_path)
    write_gear(tmp_path, [("alone", "a")])
    with pytest.raises(NoCaseError, match="no capture with two clips of other playing"):
        GearCases(tmp_path)
    write_gear(tmp_path, [("amp", "a0"), ("amp", "a3")])
    with pytest.raises(NoCaseError, match="other playing"):
        GearCases(tmp_path)
    write_gear(tmp_path, [("amp", "a"), ("amp", "c")], rate=44_100)
    with pytest.raises(TrainingError, match="is at 48000 Hz"):
        _ = GearCases(tmp_path)[0]
    (tmp_path / "index.json").write_text('[{"capture": "amp"}]')
    with pytest.raises(TrainingError, match="write it again"):
        GearCases(tmp_path)
