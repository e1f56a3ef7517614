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
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effects import ChainEffect, load_chain
from bridge.errors import AudioError, ModelError
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.manifest import Manifest, PluginSpec
from bridge.search.deadline import Deadline
from bridge.search.evidence import EVIDENCE
from bridge.search.proposals import SAMPLED
from bridge.search.render_search import CHOICES, LIKELY, Search, decide
from tests.stand_ins import write_models

FEATURES = FeatureSettings(window_frames=65_536, least_frames=32_768)


@pytest.fixture
def chain(overdrive: PluginSpec) -> Chain:
    return Chain.of_plugin(overdrive)


@pytest.fixture
def effect(chain: Chain) -> ChainEffect:
    return load_chain(chain)


@pytest.fixture
def open_estimator(tmp_path: Path, overdrive: PluginSpec, chain: Chain) -> Callable[..., Estimator]:
    def make(bypass_logit: float = 0.0) -> Estimator:
        models = write_models(tmp_path, overdrive, bypass_logit, FEATURES)
        return Estimator(chain, Library.of_models(models))

    return make


def halves(guitar: tuple[Audio, int]) -> tuple[Audio, Audio, int]:
    """Playing, and other playing."""
    audio, rate = guitar
    return audio[:, : 4 * rate], audio[:, 8 * rate : 12 * rate], rate


def test_it_comes_nearer_than_the_network_that_proposed(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator(-9.0)
    played, other, rate = halves(guitar)
    alone, tried = [], []
    for values in ((0.9, 0.1, 0.3), (0.2, 0.8, 0.7), (0.7, 0.6, 0.9)):
        truth = ChainSetting.of_predicted(effect.chain, values)
        reference = estimator.analyse(effect.render(other, rate, truth), rate, "reference")
        target = effect.render(played, rate, truth)[0]
        network = estimator.predict(estimator.analyse(played, rate, "played"), reference, rate)
        decided = decide(estimator, effect, played, rate, reference)
        alone.append(mrstft(network.apply(effect, played, rate)[0], target))
        tried.append(mrstft(decided.apply(effect, played, rate)[0], target))
    assert np.mean(tried) < 0.7 * np.mean(alone)


def test_the_same_question_gets_the_same_answer(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator()
    played, other, rate = halves(guitar)
    wet = effect.render(other, rate, ChainSetting.of_predicted(effect.chain, (0.6, 0.4, 0.5)))
    reference = estimator.analyse(wet, rate, "reference")
    first, again = (decide(estimator, effect, played, rate, reference) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("size", [0.2, 0.6, 0.9])
def test_a_reverberation_gets_the_references_room(
    manifest: Manifest, guitar: tuple[Audio, int], size: float
) -> None:
    """Which the shipped network alone does not hear to the sample."""
    ambience = manifest.plugin("mda-ambience")
    chain = Chain.of_plugin(ambience)
    estimator, effect = Estimator(chain), load_chain(chain)
    audio, rate = guitar
    played, other = audio[:, : 6 * rate], audio[:, 8 * rate :]
    wet = effect.render(other, rate, ChainSetting.of_predicted(chain, [size, 0.4, 0.6, 0.5]))
    reference = estimator.analyse(wet, rate, "reference")
    decided = decide(estimator, effect, played, rate, reference)
    assert decided.setting.predicted[0] == pytest.approx(size, abs=0.002)
    assert decided.confidence[0] > 0.6


def test_the_best_and_all_that_was_sampled_may_be_the_answer(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator()
    played, other, rate = halves(guitar)
    reference = estimator.analyse(other, rate, "reference")
    search = Search(estimator, effect, played, rate, reference)
    search.explore()
    choices, possible, risk_table = search.risk_table()
    ranked = sorted(search.candidates, key=lambda candidate: candidate.cost)
    sampled = {id(c) for c in search.candidates if c.sampled}
    assert len(sampled) == 2 + SAMPLED + 2
    assert {id(c) for c in choices} == {id(c) for c in ranked[:CHOICES]} | sampled
    assert {id(c) for c in possible} == {id(c) for c in ranked[:LIKELY]} | sampled
    assert risk_table.distances.shape == (len(choices), len(possible))


def test_a_dry_reference_at_another_level_is_bypass_with_its_gain(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator(5.0)
    played, _, rate = halves(guitar)
    reference = estimator.analyse(played * np.float32(0.25), rate, "reference")
    answer = decide(estimator, effect, played, rate, reference)
    assert answer.bypass
    assert answer.gain_db == pytest.approx(-12, abs=1)


def test_a_budget_is_kept(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator()
    played, other, rate = halves(guitar)
    reference = estimator.analyse(other, rate, "reference")
    started = time.monotonic()
    decide(estimator, effect, played, rate, reference, budget_s=1e-6)
    least_s = time.monotonic() - started
    started = time.monotonic()
    decide(estimator, effect, played, rate, reference)
    assert least_s < 0.5 * (time.monotonic() - started)


@pytest.mark.parametrize("plugins", ["mda-ambience", "pedalboard-reverb", "mda-amp"])
def test_the_clock_starts_with_the_call(
    manifest: Manifest, guitar: tuple[Audio, int], plugins: str
) -> None:
    """Also where a linear effect's comb is tuned, and echoes are moved."""
    chain, budget_s = chain_of(plugins, manifest), 2.0
    estimator, effect = Estimator(chain), load_chain(chain)
    audio, rate = guitar
    played = audio[:, : 6 * rate]
    setting = ChainSetting.of_predicted(chain, [0.4] * len(chain.predicted))
    wet = effect.render(audio[:, 8 * rate :], rate, setting)
    reference = estimator.analyse(wet, rate, "reference")
    started = time.monotonic()
    decide(estimator, effect, played, rate, reference, budget_s)
    assert time.monotonic() - started < 1.2 * budget_s


def test_time_that_is_over_leaves_the_first_proposal_and_the_playing_itself(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator()
    played, other, rate = halves(guitar)
    search = Search(estimator, effect, played, rate, estimator.analyse(other, rate, "reference"))
    search.explore(Deadline.after(0))
    assert [candidate.bypass for candidate in search.candidates] == [False, True, True]


@pytest.fixture(scope="module")
def filters(manifest: Manifest) -> Chain:
    """Two plugins without a model, and a delay with one that may be left out."""
    return chain_of("pedalboard-highpass,pedalboard-low-shelf,guitar-amp/delay", manifest)


@pytest.mark.parametrize(("delayed", "share"), [(True, 0.75), (False, 0.5)])
def test_a_chain_of_plugins_with_and_without_models_is_searched(
    filters: Chain,
    guitar: tuple[Audio, int],
    monkeypatch: pytest.MonkeyPatch,
    delayed: bool,
    share: float,
) -> None:
    monkeypatch.setattr("bridge.search.render_search.EVOLVED_UNTRAINED", 120)
    estimator, effect = Estimator(filters), load_chain(filters)
    played, other, rate = halves(guitar)
    values = {
        "pedalboard-highpass/cutoff_frequency_hz": 900.0,
        "pedalboard-low-shelf/gain_db": -12.0,
        "delay/delay_seconds": 0.25,
        "delay/mix": 0.5,
    }
    truth = ChainSetting.of_values(filters, values).without(() if delayed else ["delay"])
    target = effect.render(played, rate, truth)[0]
    reference = estimator.analyse(effect.render(other, rate, truth), rate, "reference")
    answer = decide(estimator, effect, played, rate, reference)
    assert len(answer.confidence) == len(filters.predicted)
    assert not answer.bypass
    before = mrstft(played[0], target)
    assert mrstft(answer.apply(effect, played, rate)[0], target) < share * before


def test_slots_that_may_be_left_out_are_tried_with_and_without(
    filters: Chain, guitar: tuple[Audio, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.search.render_search.EVOLVED_UNTRAINED", 40)
    estimator, effect = Estimator(filters), load_chain(filters)
    played, other, rate = halves(guitar)
    search = Search(estimator, effect, played, rate, estimator.analyse(other, rate, "reference"))
    search.explore()
    every = frozenset(slot.id for slot in filters.slots)
    tried = {candidate.setting.bypassed for candidate in search.candidates}
    assert tried == {frozenset(), frozenset({"delay"}), every}
    evolved = [candidate for candidate in search.candidates if not candidate.sampled]
    assert len({candidate.setting.bypassed for candidate in evolved}) == 2


def test_silence_cannot_be_tried_on(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator()
    played, other, rate = halves(guitar)
    reference = estimator.analyse(other, rate, "reference")
    with pytest.raises(AudioError, match="silent"):
        decide(estimator, effect, played * 0, rate, reference)


def test_a_card_that_weighs_other_evidence_is_refused(
    open_estimator: Callable[..., Estimator],
    chain: Chain,
    effect: ChainEffect,
    guitar: tuple[Audio, int],
    tmp_path: Path,
) -> None:
    open_estimator()
    path = tmp_path / "mda-overdrive" / "card.json"
    card = json.loads(path.read_text())
    del card["decision"]["weights"][EVIDENCE[0]]
    path.write_text(json.dumps(card))
    estimator = Estimator(chain, Library.of_models(tmp_path))
    played, other, rate = halves(guitar)
    reference = estimator.analyse(other, rate, "reference")
    with pytest.raises(ModelError, match="export the model again"):
        decide(estimator, effect, played, rate, reference)
