"""Decisions with the real plugin and a network that knows nothing."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import mrstft
from bridge.arrays import Audio
from bridge.effects import load_effect
from bridge.errors import AudioError, ModelError
from bridge.estimate.matcher import Matcher
from bridge.library import Library
from bridge.manifest import Manifest, PluginSpec, Setting
from bridge.search.render_search import EVIDENCE, Search, decide
from tests.stand_ins import write_models

FEATURES = FeatureSettings(window_frames=65_536, least_frames=32_768)


@pytest.fixture
def open_matcher(tmp_path: Path, overdrive: PluginSpec) -> Callable[..., Matcher]:
    def make(bypass_logit: float = 0.0) -> Matcher:
        return Matcher(overdrive, write_models(tmp_path, overdrive, bypass_logit, FEATURES))

    return make


def halves(guitar: tuple[Audio, int]) -> tuple[Audio, Audio, int]:
    """Playing, and other playing."""
    audio, rate = guitar
    return audio[:, : 4 * rate], audio[:, 8 * rate : 12 * rate], rate


def test_it_comes_nearer_than_the_network_that_proposed(
    open_matcher: Callable[..., Matcher], overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    matcher, effect = open_matcher(-9.0), load_effect(overdrive)
    played, other, rate = halves(guitar)
    alone, tried = [], []
    for values in ((0.9, 0.1, 0.3), (0.2, 0.8, 0.7), (0.7, 0.6, 0.9)):
        truth = Setting(overdrive, values)
        reference = matcher.analyse(effect.render(other, rate, truth), rate, "reference")
        target = effect.render(played, rate, truth)[0]
        network = matcher.predict(matcher.analyse(played, rate, "played"), reference, rate)
        decided = decide(matcher, effect, played, rate, reference)
        alone.append(mrstft(network.apply(effect, played, rate)[0], target))
        tried.append(mrstft(decided.apply(effect, played, rate)[0], target))
    assert np.mean(tried) < 0.7 * np.mean(alone)


def test_the_same_question_gets_the_same_answer(
    open_matcher: Callable[..., Matcher], overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    matcher, effect = open_matcher(), load_effect(overdrive)
    played, other, rate = halves(guitar)
    wet = effect.render(other, rate, Setting(overdrive, (0.6, 0.4, 0.5)))
    reference = matcher.analyse(wet, rate, "reference")
    first, again = (decide(matcher, effect, played, rate, reference) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("size", [0.2, 0.6, 0.9])
def test_a_reverberation_gets_the_references_room(
    manifest: Manifest, guitar: tuple[Audio, int], size: float
) -> None:
    """Which the shipped network alone does not hear to the sample."""
    ambience = manifest.plugin("mda-ambience")
    matcher, effect = Matcher(ambience), load_effect(ambience)
    audio, rate = guitar
    played, other = audio[:, : 6 * rate], audio[:, 8 * rate :]
    wet = effect.render(other, rate, Setting.of_predicted(ambience, [size, 0.4, 0.6, 0.5]))
    reference = matcher.analyse(wet, rate, "reference")
    decided = decide(matcher, effect, played, rate, reference)
    assert decided.setting.predicted[0] == pytest.approx(size, abs=0.002)
    assert decided.confidence[0] > 0.6


def test_every_candidate_may_be_the_answer(
    open_matcher: Callable[..., Matcher], overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    matcher, effect = open_matcher(), load_effect(overdrive)
    played, other, rate = halves(guitar)
    reference = matcher.analyse(other, rate, "reference")
    search = Search(matcher, effect, played, rate, reference, matcher.card.decision, 0)
    search.explore()
    choices, possible, risk_table = search.risk_table()
    assert {id(c) for c in choices} == {id(c) for c in search.candidates}
    assert risk_table.distances.shape == (len(choices), len(possible))


def test_a_dry_reference_at_another_level_is_bypass_with_its_gain(
    open_matcher: Callable[..., Matcher], overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    matcher, effect = open_matcher(5.0), load_effect(overdrive)
    played, _, rate = halves(guitar)
    reference = matcher.analyse(played * np.float32(0.25), rate, "reference")
    answer = decide(matcher, effect, played, rate, reference)
    assert answer.bypass
    assert answer.gain_db == pytest.approx(-12, abs=1)


def test_a_budget_is_kept(
    open_matcher: Callable[..., Matcher], overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    matcher, effect = open_matcher(), load_effect(overdrive)
    played, other, rate = halves(guitar)
    reference = matcher.analyse(other, rate, "reference")
    started = time.monotonic()
    decide(matcher, effect, played, rate, reference, budget_s=1e-6)
    least_s = time.monotonic() - started
    started = time.monotonic()
    decide(matcher, effect, played, rate, reference)
    assert least_s < 0.5 * (time.monotonic() - started)


def test_silence_cannot_be_tried_on(
    open_matcher: Callable[..., Matcher], overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    matcher = open_matcher()
    played, other, rate = halves(guitar)
    reference = matcher.analyse(other, rate, "reference")
    with pytest.raises(AudioError, match="silent"):
        decide(matcher, load_effect(overdrive), played * 0, rate, reference)


def test_a_card_that_weighs_other_evidence_is_refused(
    open_matcher: Callable[..., Matcher],
    overdrive: PluginSpec,
    guitar: tuple[Audio, int],
    tmp_path: Path,
) -> None:
    open_matcher()
    path = tmp_path / "mda-overdrive" / "card.json"
    card = json.loads(path.read_text())
    del card["decision"]["weights"][EVIDENCE[0]]
    path.write_text(json.dumps(card))
    matcher = Matcher(overdrive, Library.of_models(tmp_path))
    played, other, rate = halves(guitar)
    reference = matcher.analyse(other, rate, "reference")
    with pytest.raises(ModelError, match="export the model again"):
        decide(matcher, load_effect(overdrive), played, rate, reference)
