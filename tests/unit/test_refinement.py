from dataclasses import replace

import numpy as np
import pytest

from bridge.engine.correction import Bypass, Correction
from bridge.engine.refinement import DECIDE_EVERY_S, Outcome, Refinement, Request
from bridge.estimate.answer import Answer
from bridge.estimate.matcher import ReferenceAnalysis
from bridge.manifest import PluginSpec, Setting
from tests.doubles import ScriptedDecider


def answer(
    plugin: PluginSpec, *values: float, dry: float = 0.0, bypass: bool = False, gain: float = 0.0
) -> Answer:
    setting = Setting.of_predicted(plugin, values)
    return Answer(setting, (0.5,) * len(values), dry, bypass, gain)


def analysis(value: float = 0.0) -> ReferenceAnalysis:
    return ReferenceAnalysis(*[np.full(3, value, np.float32)] * 5)


def test_a_correction_moves_what_is_continuous_and_replaces_classes(plugin: PluginSpec) -> None:
    correction = Correction(answer(plugin, 0.5, 0.5, 0.0), answer(plugin, 0.7, 0.4, 1.0))
    corrected = correction.apply(answer(plugin, 0.3, 0.6, 0.5))
    assert corrected.setting.normalised == pytest.approx((0.5, 0.5, 0.3, 1.0))


def test_a_correction_stays_inside_the_range(plugin: PluginSpec) -> None:
    correction = Correction(answer(plugin, 0.1, 0.9, 0.0), answer(plugin, 0.9, 0.1, 0.0))
    assert correction.apply(answer(plugin, 0.8, 0.3, 0.0)).setting.predicted == (1.0, 0.0, 0.0)


def test_a_correction_brings_the_decisions_bypass_and_confidence(plugin: PluginSpec) -> None:
    decided = replace(
        answer(plugin, 0.5, 0.5, 0.0, bypass=True, gain=-3.0), confidence=(0.9, 0.8, 0.7)
    )
    corrected = Correction(answer(plugin, 0.5, 0.5, 0.0), decided).apply(
        answer(plugin, 0.2, 0.2, 0.0, dry=0.1)
    )
    assert (corrected.bypass, corrected.gain_db) == (True, -3.0)
    assert corrected.confidence == (0.9, 0.8, 0.7)
    assert corrected.bypass_probability == 0.1


def test_bypass_switches_on_above_and_off_below_its_two_thresholds(plugin: PluginSpec) -> None:
    bypass, states = Bypass(), []
    for probability in (0.5, 0.59, 0.61, 0.5, 0.41, 0.39, 0.5, 0.7):
        bypass = bypass.heard(answer(plugin, 0, 0, 0, dry=probability))
        states.append(bypass.on)
    assert states == [False, False, True, True, True, False, False, True]


def test_bypass_follows_decisions_once_they_come(plugin: PluginSpec) -> None:
    wet, dry = answer(plugin, 0, 0, 0), answer(plugin, 0, 0, 0, bypass=True)
    doubtful = answer(plugin, 0, 0, 0, dry=0.5)
    bypass = Bypass().heard(doubtful).told(dry)
    assert bypass.on
    assert bypass.heard(answer(plugin, 0, 0, 0, dry=0.0)).on
    # One decision among others does not make it flap; two do.
    assert bypass.told(dry).told(wet).on
    assert not bypass.told(dry).told(wet).told(wet).on
    # Against a network that is sure it takes two.
    sure = Bypass().heard(answer(plugin, 0, 0, 0, dry=0.05))
    assert not sure.told(dry).on
    assert sure.told(dry).told(dry).on


def test_another_reference_asks_the_network_again(plugin: PluginSpec) -> None:
    dry = answer(plugin, 0, 0, 0, dry=0.9, bypass=True)
    bypass = Bypass().heard(dry).told(dry).renewed()
    assert bypass.on
    assert not bypass.heard(answer(plugin, 0, 0, 0, dry=0.1)).on


class Session:
    """Refinement and what it is told, hop by hop."""

    def __init__(self, decider: ScriptedDecider | None) -> None:
        self.refinement = Refinement(decider)
        self.requests = 0

    def hop(self, network: Answer, reference: ReferenceAnalysis, seconds: float = 1.0) -> Answer:
        return self.refinement.correct(network, reference, seconds, lambda: self.request(reference))

    def request(self, reference: ReferenceAnalysis) -> Request:
        self.requests += 1
        return Request(np.zeros((1, 100), np.float32), 48_000, reference)


def test_without_a_decider_the_network_answers_alone(plugin: PluginSpec) -> None:
    session, network = Session(None), answer(plugin, 0.2, 0.3, 0.5, dry=0.8)
    assert session.hop(network, analysis()) is network
    assert session.refinement.bypass.on
    assert session.requests == 0


def test_it_asks_at_once_and_then_after_new_playing(plugin: PluginSpec) -> None:
    network = answer(plugin, 0.2, 0.3, 0.5)
    decider = ScriptedDecider(*[Outcome(network, 1.0)] * 3)
    session, reference = Session(decider), analysis()
    asked = []
    for _ in range(8):
        session.hop(network, reference, DECIDE_EVERY_S / 3)
        asked.append(len(decider.asked))
    assert asked == [1, 1, 1, 2, 2, 2, 3, 3]
    assert session.requests == 3


def test_it_waits_for_a_decider_at_work(plugin: PluginSpec) -> None:
    network, decider = answer(plugin, 0.2, 0.3, 0.5), ScriptedDecider()
    session, reference = Session(decider), analysis()
    for _ in range(5):
        assert session.hop(network, reference, DECIDE_EVERY_S) is network
    assert len(decider.asked) == 1
    assert session.requests == 1


def test_a_decision_corrects_by_its_difference_from_what_the_network_said_when_asked(
    plugin: PluginSpec,
) -> None:
    decider = ScriptedDecider()
    session, reference = Session(decider), analysis()
    session.hop(answer(plugin, 0.2, 0.2, 0.0), reference)
    session.hop(answer(plugin, 0.3, 0.3, 0.0), reference)
    decider.outcomes.append(Outcome(answer(plugin, 0.4, 0.1, 1.0), 2.0))
    corrected = session.hop(answer(plugin, 0.5, 0.5, 0.0), reference, 0.0)
    assert corrected.setting.predicted == pytest.approx((0.7, 0.4, 1.0))
    assert (session.refinement.decisions, session.refinement.last_s) == (1, 2.0)


def test_another_reference_forgets_and_asks_at_once(plugin: PluginSpec) -> None:
    decider = ScriptedDecider(Outcome(answer(plugin, 0.9, 0.9, 1.0)))
    session, first, second = Session(decider), analysis(0), analysis(1)
    network = answer(plugin, 0.2, 0.2, 0.0)
    session.hop(network, first)
    assert session.hop(network, first, 0.0) != network
    assert session.hop(network, second, 0.0) is network
    assert [request.reference for request in decider.asked] == [first, second]


def test_a_decision_for_the_last_reference_counts_no_more(plugin: PluginSpec) -> None:
    decider = ScriptedDecider()
    session, network = Session(decider), answer(plugin, 0.2, 0.2, 0.0)
    session.hop(network, analysis(0))
    decider.outcomes.append(Outcome(answer(plugin, 0.9, 0.9, 1.0, bypass=True)))
    second = analysis(1)
    assert session.hop(network, second) is network
    assert not session.refinement.bypass.decided
    assert decider.asked[-1].reference is second


def test_a_fault_is_told_once_and_the_network_goes_on(plugin: PluginSpec) -> None:
    decider = ScriptedDecider(Outcome(None, fault="died"))
    session, network, reference = Session(decider), answer(plugin, 0.2, 0.2, 0.0), analysis()
    session.hop(network, reference)
    assert session.hop(network, reference) is network
    assert session.refinement.take_fault() == "died"
    assert session.refinement.take_fault() == ""
    assert session.refinement.decisions == 0
