from dataclasses import replace

import numpy as np
import pytest

from bridge.chain import Chain, ChainSetting
from bridge.engine.playing import Playing
from bridge.engine.refinement import DECIDE_EVERY_S, LONGEST_S, Refinement
from bridge.estimate.answer import Answer
from bridge.estimate.listener import ReferenceAnalysis
from bridge.manifest import PluginSpec
from bridge.search.requests import Heard, Outcome, Request
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
    numbers = np.full(3, value, np.float32)
    return ReferenceAnalysis(numbers, numbers, numbers, numbers, numbers, ())


class Session:
    """Refinement and what it is told, hop by hop."""

    def __init__(self, decider: ScriptedDecider | None, whole: bool = True) -> None:
        self.refinement = Refinement(decider)
        self.playing = Playing()
        self.playing.whole = whole
        self.requests = 0

    def hop(
        self, network: Answer | None, reference: ReferenceAnalysis, seconds: float = 1.0
    ) -> Answer | None:
        return self.refinement.correct(
            network, self.playing, reference, seconds, lambda: self.request(reference)
        )

    def change(self) -> None:
        """Another playing begins, of which the window holds little yet."""
        self.playing.begin_again()

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
    found = [Outcome(answer(chain, value, 0.3, 0.5), 1.0) for value in (0.4, 0.5, 0.6)]
    decider = ScriptedDecider(*found)
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


def test_the_knobs_go_to_a_decision_and_rest_there(chain: Chain) -> None:
    decided = answer(chain, 0.4, 0.1, 1.0)
    decider = ScriptedDecider()
    session, reference = Session(decider), analysis()
    network = answer(chain, 0.2, 0.2, 0.0)
    assert session.hop(network, reference) is network
    decider.outcomes.append(Outcome(decided, 2.0))
    for wandering in (0.3, 0.9, 0.1):
        assert session.hop(answer(chain, wandering, 0.5, 0.5, dry=0.9), reference, 0.0) is decided
        assert session.refinement.bypassed == frozenset()
    assert (session.refinement.decisions, session.refinement.last_s) == (1, 2.0)


def test_what_was_tried_is_kept_until_something_else_is_played(chain: Chain) -> None:
    network, decided = answer(chain, 0.2, 0.2, 0.0), answer(chain, 0.4, 0.1, 1.0)
    heard = [Heard(decided.setting, distance) for distance in (0.3, 0.4, 0.5)]
    decider = ScriptedDecider(
        Outcome(decided, heard=tuple(heard[:2])), Outcome(decided, heard=tuple(heard[2:]))
    )
    session, reference = Session(decider), analysis()
    for _ in range(4):
        session.hop(network, reference, DECIDE_EVERY_S)
    assert list(session.refinement.heard) == heard
    session.change()
    session.hop(network, reference, 0.0)
    assert list(session.refinement.heard) == []


def test_what_was_decided_on_part_of_a_window_moves_with_the_networks_answer(
    chain: Chain,
) -> None:
    decider = ScriptedDecider()
    session, reference = Session(decider, whole=False), analysis()
    session.hop(answer(chain, 0.2, 0.2, 0.0), reference)
    session.hop(answer(chain, 0.3, 0.3, 0.0), reference)
    decided = replace(
        answer(chain, 0.4, 0.1, 1.0, gain=-3.0), confidence=(0.9, 0.8, 0.7), bypass_probability=(1,)
    )
    decider.outcomes.append(Outcome(decided, 2.0))
    moved = session.hop(answer(chain, 0.5, 0.5, 0.5), reference, 0.0)
    assert moved
    # What is held stays, a class is the decision's.
    assert moved.setting.normalised == pytest.approx((0.7, 0.4, 0.3, 1.0))
    assert (moved.confidence, moved.gain_db) == ((0.9, 0.8, 0.7), -3.0)
    outside = session.hop(answer(chain, 0.9, 0.0, 0.0), reference, 0.0)
    assert outside
    assert outside.setting.predicted == (1.0, 0.0, 1.0)


def test_a_whole_window_is_asked_about_as_soon_as_it_is_there(chain: Chain) -> None:
    network, decider = answer(chain, 0.2, 0.3, 0.5), ScriptedDecider()
    session, reference = Session(decider, whole=False), analysis()
    session.hop(network, reference, 0.1)
    session.playing.whole = True
    session.hop(network, reference, 0.1)
    # The decider is still at the first.
    assert len(decider.asked) == 1
    decider.outcomes.append(Outcome(network))
    session.hop(network, reference, 0.1)
    assert len(decider.asked) == 2
    decider.outcomes.append(Outcome(network))
    session.hop(network, reference, 0.1)
    assert len(decider.asked) == 2


def test_decisions_that_change_nothing_are_asked_for_ever_more_rarely(chain: Chain) -> None:
    network, same = answer(chain, 0.2, 0.3, 0.5), answer(chain, 0.4, 0.4, 0.5)
    decider = ScriptedDecider(*[Outcome(same)] * 5, Outcome(answer(chain, 0.6, 0.4, 0.5)))
    session, reference = Session(decider), analysis()
    asked: list[int] = []
    for second in range(60):
        session.hop(network, reference)
        if len(decider.asked) > len(asked):
            asked.append(second)
    apart = np.diff(asked).tolist()
    every = DECIDE_EVERY_S
    # The sixth decision moves the knobs; the seventh is still in work.
    assert apart == [every, 2 * every, LONGEST_S, LONGEST_S, LONGEST_S, every]


def test_after_a_change_of_playing_the_networks_move_the_knobs_until_a_whole_window_was_heard(
    chain: Chain,
) -> None:
    decided, mixed, new = (answer(chain, value, 0.5, 0.0) for value in (0.4, 0.5, 0.7))
    decider = ScriptedDecider(*[Outcome(decided)] * 3)
    session, reference = Session(decider), analysis()
    network = answer(chain, 0.2, 0.5, 0.0)
    for _ in range(15):
        rested = session.hop(network, reference)
    assert rested is decided
    asked = len(decider.asked)
    decider.outcomes[:] = []
    decider.idle = True
    session.change()

    def drive(now: float, seconds: float = 0.0) -> float:
        found = session.hop(answer(chain, now, 0.5, 0.0), reference, seconds)
        assert found
        return found.setting.predicted[0]

    # It asks at once, and goes on from the decision as the network does.
    assert drive(0.3) == pytest.approx(0.5)
    assert len(decider.asked) == asked + 1
    assert drive(0.5) == pytest.approx(0.7)
    decider.outcomes.append(Outcome(mixed))
    # What was decided on a mixture corrects the network as it was then.
    assert drive(0.5) == pytest.approx(0.7)
    assert len(decider.asked) == asked + 1
    session.playing.whole = True
    assert drive(0.6) == pytest.approx(0.8)
    assert len(decider.asked) == asked + 2
    decider.outcomes.append(Outcome(new))
    assert drive(0.9) == pytest.approx(0.7)
    assert drive(0.1) == pytest.approx(0.7)


def test_a_decision_about_the_playing_of_before_does_not_rest(chain: Chain) -> None:
    decider = ScriptedDecider()
    session, reference = Session(decider), analysis()
    session.hop(answer(chain, 0.2, 0.5, 0.0), reference)
    session.change()
    decider.outcomes.append(Outcome(answer(chain, 0.4, 0.5, 0.0)))
    moved = session.hop(answer(chain, 0.3, 0.5, 0.0), reference, 0.0)
    assert moved
    assert moved.setting.predicted[0] == pytest.approx(0.5)
    assert len(decider.asked) == 2


def test_the_networks_leave_a_slot_out_and_take_it_in_by_two_thresholds(chain: Chain) -> None:
    session, reference, states = Session(None), analysis(), []
    for probability in (0.5, 0.59, 0.61, 0.5, 0.41, 0.39, 0.5, 0.7):
        session.hop(answer(chain, 0.2, 0.5, 0.0, dry=probability), reference)
        states.append(chain.id in session.refinement.bypassed)
    assert states == [False, False, True, True, True, False, False, True]


def test_every_slot_has_a_bypass_of_its_own_and_a_decision_counts_whole(pair: Chain) -> None:
    network = replace(answer(pair, *[0.5] * 6), bypass_probability=(0.7, 0.3))
    decided = replace(network, setting=network.setting.without(["b"]))
    decider = ScriptedDecider()
    session, first, second = Session(decider), analysis(0), analysis(1)
    session.hop(network, first)
    assert session.refinement.bypassed == {"a"}
    decider.outcomes.append(Outcome(decided))
    for _ in range(3):
        session.hop(network, first, 0.0)
        assert session.refinement.bypassed == {"b"}
    # Another playing leaves that as it is until it is decided on; another reference does not.
    session.change()
    session.hop(network, first, 0.0)
    assert session.refinement.bypassed == {"b"}
    session.hop(network, second, 0.0)
    assert session.refinement.bypassed == {"a"}


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
