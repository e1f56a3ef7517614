"""Decisions with the real plugin, a network that knows nothing, a critic that compares styles."""

import itertools
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
from bridge.estimate.listener import ReferenceAnalysis
from bridge.library import ENCODER_FOLDER, MODELS, SHIPPED, Layer, Library
from bridge.manifest import Manifest, PluginSpec
from bridge.search.deadline import Deadline
from bridge.search.finals import CLEARLY, records
from bridge.search.memory import REMEMBERED
from bridge.search.proposals import SAMPLED
from bridge.search.render_search import EXCERPTS, FINALISTS, Search, decide
from tests.stand_ins import write_critic, write_models

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
    for values in np.random.default_rng(0).random((6, 3)).tolist():
        truth = ChainSetting.of_predicted(effect.chain, values)
        reference = estimator.analyse(effect.render(other, rate, truth), rate, "reference")
        target = effect.render(played, rate, truth)[0]
        network = estimator.predict(estimator.analyse(played, rate, "played"), reference, rate)
        decided = decide(estimator, effect, played, rate, reference)
        alone.append(mrstft(network.apply(effect, played, rate)[0], target))
        tried.append(mrstft(decided.apply(effect, played, rate)[0], target))
    assert np.mean(tried) < 0.7 * np.mean(alone)


def test_the_first_to_be_tried_is_the_networks_answer_to_all_of_the_playing(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    """It is what no budget would have answered; what is tried later must be nearer than that."""
    estimator, (audio, rate) = open_estimator(-9.0), guitar
    reference = estimator.analyse(0.5 * audio, rate, "reference")
    whole = estimator.analyse(audio, rate, "played")
    search = Search(estimator, effect, audio, rate, reference)
    search.explore(Deadline.after(0.0))
    (first,) = (tried for tried in search.candidates if not tried.bypass)
    assert first.setting == estimator.predict(whole, reference, rate).setting


def test_the_same_question_gets_the_same_answer(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator()
    played, other, rate = halves(guitar)
    wet = effect.render(other, rate, ChainSetting.of_predicted(effect.chain, (0.6, 0.4, 0.5)))
    reference = estimator.analyse(wet, rate, "reference")
    first, again = (decide(estimator, effect, played, rate, reference) for _ in range(2))
    assert first == again


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The shipped models, but a critic that compares styles: what a search finds with a good one
    must not hang on how well the shipped one is trained."""
    models = tmp_path_factory.mktemp("critic")
    (models / ENCODER_FOLDER).symlink_to(MODELS / ENCODER_FOLDER)
    write_critic(models)
    return Library((SHIPPED, Layer(models / "none.yaml", models)))


def test_a_small_room_is_among_what_is_tried(
    manifest: Manifest, shipped: Library, guitar: tuple[Audio, int]
) -> None:
    chain = Chain.of_plugin(manifest.plugin("mda-ambience"))
    estimator, effect = Estimator(chain, shipped), load_chain(chain)
    audio, rate = guitar
    truth = ChainSetting.of_predicted(chain, [0.2, 0.4, 0.6, 0.5])
    wet = effect.render(audio[:, 8 * rate :], rate, truth)
    reference = estimator.analyse(wet, rate, "reference")
    search = Search(estimator, effect, audio[:, : 6 * rate], rate, reference)
    search.explore(most=0)
    sizes = [c.setting.predicted[0] for c in search.candidates if not c.bypass]
    assert min(abs(size - 0.2) for size in sizes) < 0.002


@pytest.mark.parametrize("size", [0.6, 0.9])
def test_a_reverberation_gets_the_references_room(
    manifest: Manifest, shipped: Library, guitar: tuple[Audio, int], size: float
) -> None:
    """Which the shipped network alone does not hear to the sample."""
    ambience = manifest.plugin("mda-ambience")
    chain = Chain.of_plugin(ambience)
    estimator, effect = Estimator(chain, shipped), load_chain(chain)
    audio, rate = guitar
    played, other = audio[:, : 6 * rate], audio[:, 8 * rate :]
    wet = effect.render(other, rate, ChainSetting.of_predicted(chain, [size, 0.4, 0.6, 0.5]))
    reference = estimator.analyse(wet, rate, "reference")
    decided = decide(estimator, effect, played, rate, reference)
    assert decided.setting.predicted[0] == pytest.approx(size, abs=0.002)
    assert decided.confidence[0] > 0.6


def test_finalists_are_doing_nothing_a_gain_and_what_was_clearly_nearer(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator()
    played, other, rate = halves(guitar)
    reference = estimator.analyse(0.5 * other, rate, "reference")
    search = Search(estimator, effect, played, rate, reference)
    search.explore()
    answer = search.answer()
    wet = sorted((c for c in search.candidates if not c.bypass), key=lambda c: c.cost)
    assert len(wet) > SAMPLED
    last, *_ = finalists = search.memory.tried
    assert (last.setting, last.gain_db) == (answer.setting, answer.gain_db)
    gains_db = sorted(tried.gain_db for tried in finalists if tried.setting.dry)
    assert gains_db == [pytest.approx(-6, abs=3), 0]
    heard = {tried.setting.predicted for tried in finalists if not tried.setting.dry}
    assert len(heard) == FINALISTS
    in_order = [candidate for candidate in search.candidates if not candidate.bypass]
    last_record = records(in_order, lambda candidate: candidate.expectation, CLEARLY)[-1]
    assert last_record.setting.predicted in heard
    assert all(len(t.expectations) == len(search.memory.excerpts) for t in finalists)


def test_it_is_heard_on_several_excerpts_where_the_playing_is_long_enough(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator()
    audio, rate = guitar
    reference = estimator.analyse(audio, rate, "reference")
    for seconds, count in ((2, 1), (10, EXCERPTS)):
        search = Search(estimator, effect, audio[:, : seconds * rate], rate, reference)
        search.explore(most=0)
        search.answer()
        assert len(search.memory.excerpts) == count
        # What was tried first is the liveliest; without time it is the only one.
        search.answer(Deadline.after(0))
        assert len(search.memory.excerpts) == 1


@pytest.mark.parametrize("seconds", [FEATURES.window_s, 6.0])
@pytest.mark.parametrize("change_db", [0.0, -6.02, 9.0])
def test_a_dry_reference_at_another_level_is_bypass_with_its_gain(
    open_estimator: Callable[..., Estimator],
    effect: ChainEffect,
    guitar: tuple[Audio, int],
    seconds: float,
    change_db: float,
) -> None:
    estimator = open_estimator(5.0)
    audio, rate = guitar
    played = audio[:, : round(seconds * rate)]
    reference = estimator.analyse(played * np.float32(10 ** (change_db / 20)), rate, "reference")
    answer = decide(estimator, effect, played, rate, reference)
    assert answer.bypass
    assert answer.gain_db == pytest.approx(change_db, abs=0.2)
    if change_db == 0:
        assert answer.gain_db == 0
    assert answer.closeness
    assert answer.closeness.expected <= answer.closeness.now


def test_an_answer_says_how_near_it_is(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator(-9.0)
    played, other, rate = halves(guitar)
    wet = effect.render(other, rate, ChainSetting.of_predicted(effect.chain, (0.9, 0.1, 0.3)))
    answer = decide(estimator, effect, played, rate, estimator.analyse(wet, rate, "reference"))
    told = answer.closeness
    assert told
    assert not answer.bypass
    assert told.low < told.expected < told.high
    assert told.expected < told.now
    assert told.better > 0.5


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
    started, worked = time.monotonic(), time.process_time()
    decide(estimator, effect, played, rate, reference, budget_s)
    # What others on a busy computer take away counts in the first alone, a second core's work in
    # the other.
    taken_s = min(time.monotonic() - started, time.process_time() - worked)
    assert taken_s < 1.2 * budget_s


def test_time_that_is_over_leaves_the_first_proposal_and_the_playing_itself(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator()
    played, other, rate = halves(guitar)
    search = Search(estimator, effect, played, rate, estimator.analyse(other, rate, "reference"))
    search.explore(Deadline.after(0))
    assert [candidate.bypass for candidate in search.candidates] == [True, True, False]


@pytest.fixture(scope="module")
def filters(manifest: Manifest) -> Chain:
    """Two plugins without a model, and a delay with one that may be left out."""
    return chain_of("pedalboard-highpass,pedalboard-low-shelf,guitar-amp/delay", manifest)


@pytest.mark.parametrize("delayed", [True, False])
def test_a_chain_of_plugins_with_and_without_models_is_searched(
    filters: Chain,
    shipped: Library,
    guitar: tuple[Audio, int],
    delayed: bool,
) -> None:
    estimator, effect = Estimator(filters, shipped), load_chain(filters)
    played, other, rate = halves(guitar)
    values = {
        "pedalboard-highpass/cutoff_frequency_hz": 900.0,
        "pedalboard-low-shelf/gain_db": -12.0,
        "delay/delay_seconds": 0.25,
        "delay/mix": 0.5,
    }
    truth = ChainSetting.of_values(filters, values).without(() if delayed else ["delay"])
    wet = effect.render(other, rate, truth)
    answer = decide(estimator, effect, played, rate, estimator.analyse(wet, rate, "reference"))
    assert len(answer.confidence) == len(filters.predicted)
    assert not answer.bypass
    assert answer.closeness
    assert answer.closeness.expected < 0.75 * answer.closeness.now
    target = effect.render(played, rate, truth)[0]
    assert mrstft(answer.apply(effect, played, rate)[0], target) < 0.8 * mrstft(played[0], target)


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
    # The last ones are CMA-ES's, and what was left out of the best.
    evolved = search.candidates[-20:]
    assert len({candidate.setting.bypassed for candidate in evolved}) == 2


def test_silence_cannot_be_tried_on(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator()
    played, other, rate = halves(guitar)
    reference = estimator.analyse(other, rate, "reference")
    with pytest.raises(AudioError, match="silent"):
        decide(estimator, effect, played * 0, rate, reference)


def test_without_a_critic_for_the_encoder_it_is_told_what_to_do(
    open_estimator: Callable[..., Estimator],
    effect: ChainEffect,
    guitar: tuple[Audio, int],
    tmp_path: Path,
) -> None:
    estimator = open_estimator()
    (tmp_path / "critic").rename(tmp_path / "other")
    played, other, rate = halves(guitar)
    reference = estimator.analyse(other, rate, "reference")
    with pytest.raises(ModelError, match=r"no critic for the encoder .* dafx-train critic"):
        decide(estimator, effect, played, rate, reference)


def remembering(
    estimator: Estimator,
    effect: ChainEffect,
    stretches: list[Audio],
    rate: int,
    reference: ReferenceAnalysis,
) -> list[Search]:
    """Searches of one stretch of playing after the other, each with what those before found."""
    searches: list[Search] = []
    for number, played in enumerate(stretches):
        memory = searches[-1].memory if searches else None
        search = Search(estimator, effect, played, rate, reference, memory, seed=number)
        search.explore(most=20)
        search.answer()
        searches.append(search)
    return searches


def test_the_longer_it_is_played_the_more_excerpts_an_answer_has_to_hold_on(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    estimator = open_estimator(-9.0)
    audio, rate = guitar
    stretches = [audio[:, second * rate :][:, : 3 * rate] for second in range(8)]
    truth = ChainSetting.of_predicted(effect.chain, (0.9, 0.1, 0.3))
    reference = estimator.analyse(effect.render(audio, rate, truth), rate, "reference")
    searches = remembering(estimator, effect, stretches, rate, reference)
    counts = [len(search.memory.excerpts) for search in searches]
    assert counts == [min(number, REMEMBERED) for number in range(1, 9)]
    for before, after in itertools.pairwise(searches):
        # The newest comes first, and the last answer was heard on it again.
        assert after.memory.excerpts[1:] == before.memory.excerpts[: REMEMBERED - 1]
        answers = [tried.setting.predicted for tried in after.memory.tried]
        assert before.memory.tried[0].setting.predicted in answers


def test_the_last_answer_stays_on_the_same_playing(
    open_estimator: Callable[..., Estimator], effect: ChainEffect, guitar: tuple[Audio, int]
) -> None:
    """Although other settings are tried each time."""
    estimator = open_estimator(-9.0)
    played, other, rate = halves(guitar)
    truth = ChainSetting.of_predicted(effect.chain, (0.9, 0.1, 0.3))
    reference = estimator.analyse(effect.render(other, rate, truth), rate, "reference")
    alone = [
        decide(estimator, effect, played, rate, reference, seed=number).setting.predicted
        for number in range(3)
    ]
    assert np.ptp(alone, axis=0).max() > 0
    searches = remembering(estimator, effect, [played] * 6, rate, reference)
    answers = [search.memory.tried[0].setting.predicted for search in searches]
    assert len(set(answers)) < 4
    assert answers[-1] == answers[-2]
