from dataclasses import replace

import numpy as np
import pytest

from bridge.chain import Chain, ChainSetting
from bridge.engine.correction import Bypass, Bypasses, Correction
from bridge.engine.refinement import DECIDE_EVERY_S, Refinement
from bridge.estimate.answer import Answer
from bridge.estimate.listener import ReferenceAnalysis
from bridge.manifest import PluginSpec
from bridge.search.requests import Outcome, Request
from tests.doubles import ScriptedDecider


@pytest.fixture(scope="module")
def chain(plugin: PluginSpec) -> Chain:
    return Chain.of_plugin(plugin)


@pytest.fixture(scope="module")
def pair(chain: Chain) -> Chain:
    """The plugin as two slots, `a` and `b`."""
    (slot,) = chain.slots
    return Chain("pair", "Pair", (replace(slot, id="a"), replace(slot, id="b")))


def answer(
    chain: Chain, *values: float, dry: float = 0.0, bypass: bool = False, gain: float = 0.0
) -> Answer:
    """All slots of one opinion."""
    slots = [slot.id for slot in chain.slots]
    setting = ChainSetting.of_predicted(chain, values, slots if bypass else [])
    return Answer(setting, (0.5,) * len(values), (dry,) * len(slots), gain)


def analysis(value: float = 0.0) -> ReferenceAnalysis:
    return ReferenceAnalysis(*[np.full(3, value, np.float32)] * 5)


def test_a_correction_moves_what_is_continuous_and_replaces_classes(chain: Chain) -> None:
    correction = Correction(answer(chain, 0.5, 0.5, 0.0), answer(chain, 0.7, 0.4, 1.0))
    corrected = correction.apply(answer(chain, 0.3, 0.6, 0.5))
    assert corrected.setting.normalised == pytest.approx((0.5, 0.5, 0.3, 1.0))


def test_a_correction_stays_inside_the_range(chain: Chain) -> None:
    correction = Correction(answer(chain, 0.1, 0.9, 0.0), answer(chain, 0.9, 0.1, 0.0))
    assert correction.apply(answer(chain, 0.8, 0.3, 0.0)).setting.predicted == (1.0, 0.0, 0.0)


def test_a_correction_brings_the_decisions_bypass_and_confidence(chain: Chain) -> None:
    decided = replace(
        answer(chain, 0.5, 0.5, 0.0, bypass=True, gain=-3.0), confidence=(0.9, 0.8, 0.7)
    )
    corrected = Correction(answer(chain, 0.5, 0.5, 0.0), decided).apply(
        answer(chain, 0.2, 0.2, 0.0, dry=0.1)
    )
    assert (corrected.bypass, corrected.gain_db) == (True, -3.0)
    assert corrected.confidence == (0.9, 0.8, 0.7)
    assert corrected.bypass_probability == (0.1,)


def test_bypass_switches_on_above_and_off_below_its_two_thresholds() -> None:
    bypass, states = Bypass(), []
    for probability in (0.5, 0.59, 0.61, 0.5, 0.41, 0.39, 0.5, 0.7):
        bypass = bypass.predicted(probability)
        states.append(bypass.on)
    assert states == [False, False, True, True, True, False, False, True]


def test_bypass_follows_decisions_once_they_come() -> None:
    bypass = Bypass().predicted(0.5).told(True)
    assert bypass.on
    assert bypass.predicted(0.0).on
    # One decision among others does not make it flap; two do.
    assert bypass.told(True).told(False).on
    assert not bypass.told(True).told(False).told(False).on
    # Against a network that is sure it takes two.
    sure = Bypass().predicted(0.05)
    assert not sure.told(True).on
    assert sure.told(True).told(True).on


def test_where_no_network_has_spoken_the_first_decision_counts_whole() -> None:
    assert Bypass().told(True).on
    assert Bypass().told(True).probability == 1
    assert not Bypass().told(False).on
    # The next ones move it half of the way again.
    assert Bypass().told(True).told(False).on
    assert not Bypass().told(True).told(False).told(False).on
    assert not Bypass().told(False).told(True).on


def test_another_reference_asks_the_network_again() -> None:
    bypass = Bypass().predicted(0.9).told(True).renewed()
    assert bypass.on
    assert not bypass.predicted(0.1).on


def test_every_slot_has_a_bypass_of_its_own(pair: Chain) -> None:
    network = replace(answer(pair, *[0.5] * 6), bypass_probability=(0.7, 0.3))
    bypasses = Bypasses().predicted(network)
    assert bypasses.on == {"a"}
    decided = replace(network, setting=network.setting.without(["b"]))
    assert bypasses.told(decided).on == {"b"}
    # Decisions count for both from then on, until there is another reference.
    again = bypasses.told(decided).predicted(network)
    assert again.on == {"b"}
    assert again.renewed().on == {"b"}
    assert again.renewed().predicted(network).on == {"a"}


def test_a_decision_leaves_single_slots_out_of_the_corrected_answer(pair: Chain) -> None:
    asked = answer(pair, *[0.5] * 6)
    found = ChainSetting.of_predicted(pair, [0.5, 0.5, 0.0, 0.7, 0.4, 1.0], ["a"])
    corrected = Correction(asked, replace(asked, setting=found)).apply(answer(pair, *[0.2] * 6))
    assert corrected.setting.bypassed == {"a"}
    assert not corrected.bypass
    assert corrected.setting.predicted == pytest.approx((0.2, 0.2, 0.0, 0.4, 0.1, 1.0))


class Session:
    """Refinement and what it is told, hop by hop."""

    def __init__(self, decider: ScriptedDecider | None) -> None:
        self.refinement = Refinement(decider)
        self.requests = 0

    def hop(
        self, network: Answer | None, reference: ReferenceAnalysis, seconds: float = 1.0
    ) -> Answer | None:
        return self.refinement.correct(network, reference, seconds, lambda: self.request(reference))

    def request(self, reference: ReferenceAnalysis) -> Request:
        self.requests += 1
        return Request(np.zeros((1, 100), np.float32), 48_000, reference)


def test_without_a_decider_the_network_answers_alone(chain: Chain) -> None:
    session, network = Session(None), answer(chain, 0.2, 0.3, 0.5, dry=0.8)
    assert session.hop(network, analysis()) is network
    assert session.refinement.bypassed == {chain.id}
    assert session.requests == 0


def test_it_asks_at_once_and_then_after_new_playing(chain: Chain) -> None:
    network = answer(chain, 0.2, 0.3, 0.5)
    decider = ScriptedDecider(*[Outcome(network, 1.0)] * 3)
    session, reference = Session(decider), analysis()
    asked = []
    for _ in range(8):
        session.hop(network, reference, DECIDE_EVERY_S / 3)
        asked.append(len(decider.asked))
    assert asked == [1, 1, 1, 2, 2, 2, 3, 3]
    assert session.requests == 3


def test_it_waits_for_a_decider_at_work(chain: Chain) -> None:
    network, decider = answer(chain, 0.2, 0.3, 0.5), ScriptedDecider()
    session, reference = Session(decider), analysis()
    for _ in range(5):
        assert session.hop(network, reference, DECIDE_EVERY_S) is network
    assert len(decider.asked) == 1
    assert session.requests == 1


def test_a_decision_corrects_by_its_difference_from_what_the_network_said_when_asked(
    chain: Chain,
) -> None:
    decider = ScriptedDecider()
    session, reference = Session(decider), analysis()
    session.hop(answer(chain, 0.2, 0.2, 0.0), reference)
    session.hop(answer(chain, 0.3, 0.3, 0.0), reference)
    decider.outcomes.append(Outcome(answer(chain, 0.4, 0.1, 1.0), 2.0))
    corrected = session.hop(answer(chain, 0.5, 0.5, 0.0), reference, 0.0)
    assert corrected
    assert corrected.setting.predicted == pytest.approx((0.7, 0.4, 1.0))
    assert (session.refinement.decisions, session.refinement.last_s) == (1, 2.0)


def test_another_reference_forgets_and_asks_at_once(chain: Chain) -> None:
    decider = ScriptedDecider(Outcome(answer(chain, 0.9, 0.9, 1.0)))
    session, first, second = Session(decider), analysis(0), analysis(1)
    network = answer(chain, 0.2, 0.2, 0.0)
    session.hop(network, first)
    assert session.hop(network, first, 0.0) != network
    assert session.hop(network, second, 0.0) is network
    assert [request.reference for request in decider.asked] == [first, second]


def test_a_decision_for_the_last_reference_counts_no_more(chain: Chain) -> None:
    decider = ScriptedDecider()
    session, network = Session(decider), answer(chain, 0.2, 0.2, 0.0)
    session.hop(network, analysis(0))
    decider.outcomes.append(Outcome(answer(chain, 0.9, 0.9, 1.0, bypass=True)))
    second = analysis(1)
    assert session.hop(network, second) is network
    assert session.refinement.bypassed == frozenset()
    # The network is still asked.
    session.hop(answer(chain, 0.2, 0.2, 0.0, dry=0.9), second, 0.0)
    assert session.refinement.bypassed == {chain.id}
    assert decider.asked[-1].reference is second


def test_a_fault_is_told_once_and_the_network_goes_on(chain: Chain) -> None:
    decider = ScriptedDecider(Outcome(None, fault="died"))
    session, network, reference = Session(decider), answer(chain, 0.2, 0.2, 0.0), analysis()
    session.hop(network, reference)
    assert session.hop(network, reference) is network
    assert session.refinement.take_fault() == "died"
    assert session.refinement.take_fault() == ""
    assert session.refinement.decisions == 0


def test_without_a_network_the_newest_decision_is_the_answer(pair: Chain) -> None:
    first = answer(pair, *[0.2] * 6)
    newer = replace(
        answer(pair, *[0.8] * 6),
        setting=ChainSetting.of_predicted(pair, [0.8] * 6, ["b"]),
        gain_db=-2.0,
    )
    decider = ScriptedDecider()
    session, reference = Session(decider), analysis()
    assert session.hop(None, reference) is None
    assert session.hop(None, reference) is None
    assert session.refinement.bypassed == frozenset()
    decider.outcomes.append(Outcome(first, 1.0))
    assert session.hop(None, reference) is first
    assert session.hop(None, reference, DECIDE_EVERY_S) is first
    decider.outcomes.append(Outcome(None))
    assert session.hop(None, reference, DECIDE_EVERY_S) is first
    decider.outcomes.append(Outcome(newer, 1.0))
    assert session.hop(None, reference, 0.0) is newer
    assert session.refinement.decisions == 2


def test_without_a_network_the_first_decision_leaves_its_slots_out_at_once(pair: Chain) -> None:
    setting = ChainSetting.of_predicted(pair, [0.5] * 6, ["b"])
    decider = ScriptedDecider(Outcome(replace(answer(pair, *[0.5] * 6), setting=setting)))
    session, reference = Session(decider), analysis()
    session.hop(None, reference)
    session.hop(None, reference, 0.0)
    assert session.refinement.bypassed == {"b"}


def test_without_a_network_another_reference_has_no_answer_until_it_was_tried(
    pair: Chain,
) -> None:
    decided = answer(pair, *[0.2] * 6)
    decider = ScriptedDecider(Outcome(decided))
    session, first, second = Session(decider), analysis(0), analysis(1)
    session.hop(None, first)
    assert session.hop(None, first, 0.0) is decided
    assert session.hop(None, second, 0.0) is None
    assert [request.reference for request in decider.asked] == [first, second]


def test_without_a_network_and_a_decider_there_is_no_answer() -> None:
    session = Session(None)
    assert session.hop(None, analysis()) is None
    assert not session.refinement.able


def test_the_newest_decision_is_about_what_is_played_now(chain: Chain) -> None:
    first, second = answer(chain, 0.9, 0.9, 1.0), answer(chain, 0.8, 0.8, 1.0)
    network, decider = answer(chain, 0.2, 0.2, 0.0), ScriptedDecider(Outcome(first))
    session, reference = Session(decider), analysis()
    session.hop(network, reference)
    assert session.refinement.newest is None
    session.hop(network, reference, DECIDE_EVERY_S)
    assert session.refinement.newest is first
    # A request is in work, and something else is played meanwhile: it corrects, but tells nothing.
    session.refinement.renew()
    assert session.refinement.newest is None
    decider.outcomes.append(Outcome(second))
    session.hop(network, reference, DECIDE_EVERY_S)
    assert session.refinement.decisions == 2
    assert session.refinement.newest is None
    decider.outcomes.append(Outcome(second))
    session.hop(network, reference, 0.0)
    assert session.refinement.newest is second
    # What could not be decided leaves it.
    session.hop(network, reference, DECIDE_EVERY_S)
    decider.outcomes.append(Outcome(None))
    session.hop(network, reference, 0.0)
    assert session.refinement.newest is second
    session.hop(network, analysis(1), 0.0)
    assert session.refinement.newest is None
