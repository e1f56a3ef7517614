from dataclasses import replace

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting
from bridge.effects import load_chain, load_effect
from bridge.estimate.answer import NEAR, Answer, shares_near
from bridge.estimate.closeness import Closeness, Verdict, in_words
from bridge.manifest import PluginSpec, Setting
from bridge.models import Prediction

BINS = 20


def rows(continuous: np.ndarray, classes: list[float]) -> np.ndarray:
    """The same distribution for both continuous parameters, and one of the classes."""
    bins = np.zeros((3, BINS), np.float32)
    bins[:2], bins[2, : len(classes)] = continuous, classes
    return bins


@pytest.fixture
def chain(plugin: PluginSpec) -> Chain:
    return Chain.of_plugin(plugin)


def test_confidence_is_the_mass_near_the_value_and_of_the_class(chain: Chain) -> None:
    even = np.full(BINS, 1 / BINS)
    posteriors = [rows(even, [0.2, 0.7, 0.1])]
    # At the end of the range there is only one side.
    setting = ChainSetting.of_predicted(chain, [0.5, 1.0, 0.5])
    assert shares_near(setting, posteriors) == pytest.approx((2 * NEAR, NEAR, 0.7))
    last = ChainSetting.of_predicted(chain, [0.0, 0.5, 1.0])
    assert shares_near(last, posteriors) == pytest.approx((NEAR, 2 * NEAR, 0.1))


def test_confidence_tells_sure_from_lost(chain: Chain) -> None:
    sharp = np.zeros(BINS)
    sharp[10] = 1
    setting = ChainSetting.of_predicted(chain, [0.52, 0.8, 0])
    inside, outside, _ = shares_near(setting, [rows(sharp, [1])])
    assert inside == pytest.approx(1)
    assert outside == 0


def test_every_slots_posterior_counts_for_its_own_parameters(
    overdrive: PluginSpec, plugin: PluginSpec, chain: Chain
) -> None:
    two = Chain("two", "Two", (*chain.slots, *_renamed(overdrive, "second").slots))
    sharp = np.zeros((3, BINS))
    sharp[:, 4] = 1
    setting = ChainSetting.of_predicted(two, [0.5, 0.5, 0.0, 0.22, 0.22, 0.9])
    found = shares_near(setting, [rows(np.full(BINS, 1 / BINS), [0.6, 0.4]), sharp])
    assert found == pytest.approx((2 * NEAR, 2 * NEAR, 0.6, 1, 1, 0))


def test_a_networks_answer_takes_its_word(chain: Chain) -> None:
    bins = rows(np.full(BINS, 1 / BINS), [0, 0, 1])
    prediction = Prediction(np.array([0.25, 0.5, 1.0], np.float32), bins, 0.7)
    answer = Answer.of(chain, [prediction])
    assert answer.setting.predicted == (0.25, 0.5, 1.0)
    assert (answer.bypass, answer.bypass_probability, answer.gain_db) == (True, (0.7,), 0)
    decided = answer.decided(ChainSetting.of_predicted(chain, [0.9, 0.5, 0.0]), [bins])
    assert (decided.bypass, decided.bypass_probability) == (False, (0.7,))
    assert decided.confidence == pytest.approx((0.2, 0.2, 0.0), abs=1e-3)


def test_a_chain_is_bypassed_only_where_every_slot_is_left_out(
    overdrive: PluginSpec, chain: Chain
) -> None:
    two = Chain("two", "Two", (*chain.slots, *_renamed(overdrive, "second").slots))
    bins = rows(np.full(BINS, 1 / BINS), [0, 0, 1])

    def answer(first: float, second: float) -> Answer:
        values = np.full(3, 0.5, np.float32)
        return Answer.of(
            two, [Prediction(values, bins, first), Prediction(values, bins[[0, 1, 0]], second)]
        )

    assert answer(0.4, 0.9).setting.bypassed == {"second"}
    assert not answer(0.4, 0.9).bypass
    assert answer(0.6, 0.9).bypass
    assert answer(0.6, 0.9).bypass_probability == (0.6, 0.9)


def test_bypass_is_the_playing_at_another_level(
    overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    audio, rate = guitar[0][:, : guitar[1]], guitar[1]
    chain, values = Chain.of_plugin(overdrive), (0.9, 0.3, 0.4)
    effect, setting = load_chain(chain), ChainSetting.of_predicted(chain, values)
    dry = setting.without([overdrive.id])
    bypassed = Answer(dry, (1, 1, 1), (1.0,), gain_db=-6.0206)
    assert np.abs(bypassed.apply(effect, audio, rate) - audio / 2).max() < 1e-5
    wet = Answer(setting, (1, 1, 1), (0.0,))
    expected = load_effect(overdrive).render(audio, rate, Setting(overdrive, values))
    assert np.array_equal(wet.apply(effect, audio, rate), expected)


def test_a_slot_that_is_left_out_is_not_heard_and_no_gain_is_added(
    overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    audio, rate = guitar[0][:, : guitar[1]], guitar[1]
    slots = (*Chain.of_plugin(overdrive).slots, *_renamed(overdrive, "second").slots)
    chain = Chain("two", "Two", slots)
    setting = ChainSetting.of_predicted(chain, (0.9, 0.3, 0.4, 0.2, 0.5, 0.6), ["second"])
    wet = Answer(setting, (1,) * 6, (0.0, 1.0)).apply(load_chain(chain), audio, rate)
    expected = load_effect(overdrive).render(audio, rate, Setting(overdrive, (0.9, 0.3, 0.4)))
    assert np.array_equal(wet, expected)


FAR = Closeness(1.2, 0.4, 0.25, 0.6, 0.97)


def of(chain: Chain, closeness: Closeness | None, gain_db: float, dry: bool = True) -> Answer:
    """All slots left out where it is dry."""
    setting = ChainSetting.start(chain)
    setting = setting.without(slot.id for slot in chain.slots) if dry else setting
    count = len(chain.predicted)
    return Answer(setting, (1,) * count, (1.0,) * len(chain.slots), gain_db, closeness)


@pytest.mark.parametrize(
    ("closeness", "gain_db", "dry", "verdict", "advice"),
    [
        (FAR, 0.0, False, Verdict.MATCHED, "matched"),
        (FAR, 0.0, True, Verdict.NO_NEARER, "this plugin cannot come nearer: bypass mda Overdrive"),
        (
            FAR,
            0.04,
            True,
            Verdict.NO_NEARER,
            "this plugin cannot come nearer: bypass mda Overdrive",
        ),
        (
            FAR,
            -3.0,
            True,
            Verdict.GAIN_ONLY,
            "a change of level comes nearest: bypass mda Overdrive"
            " and turn the level down by 3.0 dB",
        ),
        (
            replace(FAR, now=0.14),
            0.0,
            True,
            Verdict.DRY,
            "the reference sounds dry: bypass mda Overdrive",
        ),
        (
            Closeness(0.18, 0.18, 0.01, 0.41, 0.4),
            0.3,
            True,
            Verdict.DRY,
            "the reference sounds dry: bypass mda Overdrive and turn the level up by 0.3 dB",
        ),
        (
            None,
            2.0,
            True,
            Verdict.DRY,
            "the reference sounds dry: bypass mda Overdrive and turn the level up by 2.0 dB",
        ),
    ],
)
def test_an_answer_says_what_came_of_it_and_what_to_do(
    overdrive: PluginSpec,
    closeness: Closeness | None,
    gain_db: float,
    dry: bool,
    verdict: Verdict,
    advice: str,
) -> None:
    answer = of(Chain.of_plugin(overdrive), closeness, gain_db, dry)
    assert (answer.verdict, answer.advice) == (verdict, advice)


def test_what_a_network_takes_for_dry_may_be_a_little_farther(overdrive: PluginSpec) -> None:
    answer = of(Chain.of_plugin(overdrive), Closeness(0.3, 0.3, 0.17, 0.5, 0.4), 0.0)
    assert answer.verdict == Verdict.DRY
    assert replace(answer, bypass_probability=(0.4,)).verdict == Verdict.NO_NEARER


def test_what_no_network_knows_is_not_called_dry_and_a_chain_is_no_plugin(
    overdrive: PluginSpec, chain: Chain
) -> None:
    two = Chain("two", "Two", (*chain.slots, *_renamed(overdrive, "second").slots))
    assert of(two, None, 0.0).advice == "this chain cannot come nearer: bypass Two"


def test_closeness_is_told_in_plain_words() -> None:
    assert FAR.gain == pytest.approx(2 / 3)
    assert FAR.sentences == (
        "the playing is 1.20 away as it is: clearly different",
        "0.40 is expected with the answer: near; with 80% between 0.25 and 0.60",
        "97% sure that this is nearer than doing nothing",
    )
    # Nothing is promised where nothing is gained.
    assert "97%" not in replace(FAR, expected=1.2).sentences[2]
    words = [in_words(distance) for distance in (0, 0.14, 0.15, 0.6, 1, 3)]
    assert words == [
        *["hardly any difference"] * 2,
        *("near", "different", "clearly different", "another world"),
    ]
    rounded = replace(FAR, now=np.float32(1.23456)).rounded()
    assert (rounded.now, type(rounded.now)) == (1.235, float)


def _renamed(plugin: PluginSpec, slot_id: str) -> Chain:
    (slot,) = Chain.of_plugin(plugin).slots
    return Chain(slot_id, slot_id, (replace(slot, id=slot_id),))
