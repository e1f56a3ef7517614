"""The live loop on doubles: audio as fast as it is read, stand-in models, a host in memory."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Glide
from bridge.engine.live import LiveEngine
from bridge.engine.session import Status
from bridge.errors import BridgeError
from bridge.estimate.answer import Answer
from bridge.estimate.closeness import Closeness, Verdict
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import ReferenceAnalysis
from bridge.library import Library
from bridge.manifest import PluginSpec
from bridge.search.requests import Outcome
from tests.doubles import BlockSource, MemoryHost, ScriptedDecider
from tests.stand_ins import write_models

RATE = 24_000
HOP = 2_400
FEATURES = FeatureSettings(window_frames=24_000, least_frames=12_000)
DRIVE, MUFFLE, OUTPUT, BYPASS = (
    f"mda-overdrive/{symbol}" for symbol in ("drive", "muffle", "output", "bypass")
)
OWN = {DRIVE: 0.9, MUFFLE: 0.9, OUTPUT: 0.1}
SHARP = Glide(0, 0)
AT_ONCE = LiveSettings(averaging_s=0, glide=SHARP)


def noise(seconds: float, level: float = 0.1) -> Audio:
    draw = np.random.default_rng(0)
    return np.asarray(draw.standard_normal((1, round(seconds * RATE))) * level, np.float32)


@pytest.fixture
def open_estimator(tmp_path: Path, overdrive: PluginSpec) -> Callable[..., Estimator]:
    def make(bypass_logit: float = -3.0) -> Estimator:
        models = write_models(tmp_path, overdrive, bypass_logit, FEATURES, hop_s=0.002)
        return Estimator(Chain.of_plugin(overdrive), Library.of_models(models))

    return make


@pytest.fixture
def estimator(open_estimator: Callable[..., Estimator]) -> Estimator:
    return open_estimator()


def of_overdrive(plugin: PluginSpec, *values: float) -> ChainSetting:
    return ChainSetting.of_predicted(Chain.of_plugin(plugin), values)


def reference(estimator: Estimator, seed: int = 1) -> ReferenceAnalysis:
    audio = np.random.default_rng(seed).standard_normal((1, RATE)).astype(np.float32) * 0.2
    return estimator.analyse(np.tanh(4 * audio), RATE, "reference")


def follow(
    estimator: Estimator,
    audio: Audio,
    settings: LiveSettings = AT_ONCE,
    decider: ScriptedDecider | None = None,
) -> tuple[MemoryHost, list[Status], LiveEngine]:
    """Follow blocks of a tenth of a second; a status for nearly every one."""
    host, statuses = MemoryHost(OWN), []
    blocks = np.split(audio, range(HOP, audio.shape[1], HOP), axis=1)
    source = BlockSource(blocks, RATE)
    engine = LiveEngine(source, estimator, reference(estimator), host, settings, decider)
    engine.run(Event(), on_status=statuses.append)
    return host, statuses, engine


@pytest.fixture(autouse=True)
def _a_status_every_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.engine.live.STATUS_S", 0.0)


def test_states_tell_how_much_was_heard(estimator: Estimator) -> None:
    _, statuses, _ = follow(estimator, noise(2))
    states = [status.state for status in statuses]
    assert states == ["filling"] * 4 + ["provisional"] * 5 + ["matching"] * 11
    assert statuses[3].confidence == {}
    assert set(statuses[4].confidence) == set(OWN)


def test_nothing_is_sent_before_there_is_an_answer_and_silence_holds(estimator: Estimator) -> None:
    silence = np.zeros((1, RATE), np.float32)
    host, statuses, _ = follow(estimator, silence)
    assert statuses[-1].state == "silent"
    assert host.received == []
    host, statuses, _ = follow(estimator, np.concatenate([noise(1), silence], axis=1))
    held = [status.values for status in statuses if status.state == "silent"]
    assert len(held) >= 4
    assert all(values == held[0] for values in held)


def test_a_decision_about_half_a_window_moves_with_the_networks_answer(
    estimator: Estimator, overdrive: PluginSpec
) -> None:
    loop = np.tile(noise(1), (1, 4))
    alone, _, _ = follow(estimator, loop)
    rendered = of_overdrive(overdrive, 0.2, 0.4, 0.6)
    decided = Answer(rendered, (0.9, 0.8, 0.7), (0.0,))
    decider = ScriptedDecider(Outcome(decided, 1.5))
    guided, statuses, _ = follow(estimator, loop, decider=decider)
    assert abs(alone.values[DRIVE] - 0.2) > 0.05
    request, again = decider.asked
    assert request.sample_rate == RATE
    # A whole window is asked about as soon as it is there, and nothing has come of it.
    assert (request.whole, again.whole) == (False, True)
    assert request.playing == again.playing
    assert np.array_equal(request.played, loop[:, : request.played.shape[1]])
    assert (statuses[-1].decisions, statuses[-1].decision_s) == (1, 1.5)
    assert statuses[-1].confidence == {DRIVE: 0.9, MUFFLE: 0.8, OUTPUT: 0.7}
    # The network's answers to half a window and to all of it differ by as much as is added here.
    first = next(status for status in statuses if status.confidence)
    for address in OWN:
        drift = alone.values[address] - first.values[address]
        wanted = min(max(rendered.values[address] + drift, 0), 1)
        assert guided.values[address] == pytest.approx(wanted, abs=1e-3)


def test_a_decision_about_a_whole_window_takes_the_place_of_the_networks_answer(
    estimator: Estimator, overdrive: PluginSpec
) -> None:
    first, rendered = (of_overdrive(overdrive, *values) for values in ([0.5] * 3, (0.2, 0.4, 0.6)))
    outcomes = [
        Outcome(Answer(setting, (0.9, 0.8, 0.7), (0.0,)), 1.5) for setting in (first, rendered)
    ]
    audio = np.concatenate([noise(1), 0.5 * noise(3)], axis=1)
    host, statuses, engine = follow(estimator, audio, decider=ScriptedDecider(*outcomes))
    assert engine.answer == outcomes[1].answer
    assert host.values == pytest.approx(rendered.all_values, abs=1e-3)
    settled = [status.values for status in statuses[15:]]
    assert all(values == settled[0] for values in settled)


def test_a_change_of_playing_is_asked_about_as_another_playing(
    estimator: Estimator, overdrive: PluginSpec
) -> None:
    decided = Answer(of_overdrive(overdrive, 0.2, 0.4, 0.6), (0.9, 0.8, 0.7), (0.0,))
    decider = ScriptedDecider(*[Outcome(decided, 1.0)] * 9)
    blocks = np.split(np.concatenate([noise(6, 0.01), noise(6, 0.1)], axis=1), 120, axis=1)
    engine = LiveEngine(BlockSource(blocks, RATE), estimator, reference(estimator), decider=decider)
    for number in range(len(blocks)):
        engine.hop(0.1 * (number + 1))
    told = [(request.playing, request.whole) for request in decider.asked]
    number = told[0][0]
    first = [whole for playing, whole in told if playing == number]
    second = [whole for playing, whole in told if playing == number + 1]
    assert len(first) + len(second) == len(told)
    for wholes in (first, second):
        assert wholes[0] is False
        assert len(wholes) > 1
        assert all(wholes[1:])


def test_a_single_match_goes_to_the_decided_answer_and_stays_there(
    estimator: Estimator, overdrive: PluginSpec
) -> None:
    decided = Answer(of_overdrive(overdrive, 0.2, 0.4, 0.6), (0.9, 0.8, 0.7), (0.0,))
    host = MemoryHost(OWN)
    blocks = np.split(np.tile(noise(1), (1, 4)), 40, axis=1)
    decider = ScriptedDecider()
    engine = LiveEngine(
        BlockSource(blocks, RATE), estimator, reference(estimator), host, AT_ONCE, decider
    )
    engine.let_go()
    seen: list[tuple[bool, int]] = []

    def watch(_: Status) -> None:
        seen.append((engine.turning, len(host.received)))
        match len(seen):
            case 12:
                assert host.received == []
                engine.match_once()
            case 20:
                decider.outcomes.append(Outcome(decided, 1.0))

    engine.run(Event(), on_status=watch)
    turning = [on for on, _ in seen]
    # It waits for the decision, goes there at once without a glide, and lets go.
    assert turning == [False] * 12 + [True] * 9 + [False] * 19
    assert host.values[DRIVE] == pytest.approx(0.2, abs=0.05)
    assert [count for _, count in seen[21:]] == [seen[21][1]] * 19


def test_how_near_a_decision_comes_is_told_until_something_else_is_heard(
    estimator: Estimator, overdrive: PluginSpec
) -> None:
    near = Closeness(1.23456, 0.4, 0.3, 0.5, 0.97)
    decided = replace(
        Answer(of_overdrive(overdrive, 0.2, 0.4, 0.6), (0.9, 0.8, 0.7), (0.0,)), closeness=near
    )
    decider = ScriptedDecider(*[Outcome(decided, 1.0)] * 4)
    blocks = np.split(np.tile(noise(1), (1, 3)), 30, axis=1)
    engine = LiveEngine(
        BlockSource(blocks, RATE),
        estimator,
        reference(estimator),
        MemoryHost(OWN),
        AT_ONCE,
        decider,
    )
    told: list[Status] = []

    def watch(status: Status) -> None:
        told.append(status)
        match len(told):
            case 8:
                engine.set_reference(reference(estimator, 2))
            case 12:
                engine.listen_to(BlockSource(blocks[12:], RATE))

    summary = engine.run(Event(), on_status=watch)
    known = [status.closeness for status in told]
    assert known[3] is None
    assert known[7] == near.rounded()
    assert told[7].verdict is Verdict.MATCHED
    # Asked anew at once for the other reference; of the other input nothing is heard before hop 17.
    assert (known[8], told[8].verdict) == (None, None)
    assert known[11] == near.rounded()
    assert known[12:17] == [None] * 5
    assert (summary.closeness, summary.verdict) == (told[-1].closeness, told[-1].verdict)


def test_locked_and_frozen_knobs_stay(estimator: Estimator) -> None:
    host = MemoryHost(OWN)
    blocks = np.split(np.tile(noise(1), (1, 3)), 30, axis=1)
    settings = LiveSettings(averaging_s=0, glide=SHARP, locked=frozenset({MUFFLE}))
    engine = LiveEngine(BlockSource(blocks, RATE), estimator, reference(estimator), host, settings)
    values: list[dict[str, float]] = []

    def watch(status: Status) -> None:
        values.append(status.values)
        if len(values) == 15:
            engine.frozen = True
            other = reference(estimator, 2)
            engine.set_reference(replace(other, embedding=other.embedding + 2))

    engine.run(Event(), on_status=watch)
    assert all(told[MUFFLE] == OWN[MUFFLE] for told in values)
    assert values[14][DRIVE] != OWN[DRIVE]
    assert all(told == values[15] for told in values[15:])


def test_amount_counts_from_where_the_player_has_left_a_knob(estimator: Estimator) -> None:
    host = MemoryHost(OWN)
    blocks = np.split(np.tile(noise(1), (1, 4)), 40, axis=1)
    settings = LiveSettings(0.5, 0, SHARP)
    engine = LiveEngine(BlockSource(blocks, RATE), estimator, reference(estimator), host, settings)
    values: list[float] = []

    def watch(status: Status) -> None:
        values.append(status.values[DRIVE])
        if len(values) == 15:
            engine.put({DRIVE: 0.1})
        if len(values) == 25:
            engine.arm([DRIVE])

    engine.run(Event(), on_status=watch)
    assert engine.answer is not None
    answer = engine.answer.setting.values[DRIVE]
    assert values[14] == pytest.approx((OWN[DRIVE] + answer) / 2, abs=0.02)
    assert values[20] == 0.1
    assert values[-1] == pytest.approx((0.1 + answer) / 2, abs=0.02)


def test_a_chain_without_models_goes_where_the_search_has_been(tmp_path: Path) -> None:
    manifest = Library().manifest
    chain = chain_of("pedalboard-gain,pedalboard-lowpass", manifest)
    write_models(tmp_path, manifest.plugin("mda-overdrive"), -3.0, FEATURES)
    estimator = Estimator(chain, Library.of_models(tmp_path))
    cutoff, gain = "pedalboard-lowpass/cutoff_frequency_hz", "pedalboard-gain/gain_db"
    wanted = ChainSetting.of_values(
        chain, {cutoff: 2_000.0, gain: 6.0, "pedalboard-gain/bypass": 1}
    )
    decider = ScriptedDecider()
    host = MemoryHost(ChainSetting.start(chain).all_values)
    blocks = np.split(np.tile(noise(1), (1, 4)), 40, axis=1)
    engine = LiveEngine(
        BlockSource(blocks, RATE), estimator, reference(estimator), host, AT_ONCE, decider
    )
    sent: list[int] = []

    def watch(_: Status) -> None:
        sent.append(len(host.received))
        if len(sent) == 20:
            decider.outcomes.append(Outcome(Answer(wanted, (0.5, 0.5), (0.5, 0.0)), 1.0))

    engine.run(Event(), on_status=watch)
    assert sent[19] == 0
    assert host.values == pytest.approx(wanted.all_values)


def test_another_reference_is_followed_from_the_next_hop_on(estimator: Estimator) -> None:
    decider = ScriptedDecider()
    host = MemoryHost(OWN)
    blocks = np.split(np.tile(noise(1), (1, 3)), 30, axis=1)
    first, second = reference(estimator), reference(estimator, 2)
    second = replace(second, embedding=second.embedding + 2)
    engine = LiveEngine(BlockSource(blocks, RATE), estimator, first, host, AT_ONCE, decider)
    values = []

    def change(status: Status) -> None:
        values.append(status.values[DRIVE])
        decider.idle = True
        if len(values) == 20:
            engine.set_reference(second)

    engine.run(Event(), on_status=change)
    # Of the first about half a window and a whole one.
    assert [request.reference is first for request in decider.asked] == [True, True, False]
    assert decider.asked[-1].reference is second
    assert abs(values[20] - values[19]) > 0.05
    assert values[19] == pytest.approx(values[18], abs=0.02)


@pytest.mark.parametrize(("amount", "bypassed"), [(1.0, True), (0.5, True), (0.4, False)])
def test_a_dry_reference_bypasses_the_plugin_for_who_wants_at_least_half(
    open_estimator: Callable[..., Estimator], amount: float, bypassed: bool
) -> None:
    host, statuses, _ = follow(open_estimator(2.0), noise(1), LiveSettings(amount, 0, SHARP))
    assert {sent[BYPASS] for sent in host.received if BYPASS in sent} == {float(bypassed)}
    assert statuses[-1].bypass == (["mda-overdrive"] if bypassed else [])


def test_amount_0_leaves_values_and_bypass_to_the_host(
    open_estimator: Callable[..., Estimator],
) -> None:
    host, _, _ = follow(open_estimator(2.0), noise(1), LiveSettings(0, 0, SHARP))
    assert (host.values, host.received) == (OWN, [])


def test_a_fault_of_the_decider_is_told_in_one_status(estimator: Estimator) -> None:
    decider = ScriptedDecider(Outcome(None, fault="it died"))
    host, statuses, _ = follow(estimator, noise(2), decider=decider)
    assert [status.fault for status in statuses if status.fault] == ["it died"]
    assert host.received


@pytest.mark.parametrize("wrong", [{"amount": 1.1}, {"amount": float("nan")}, {"averaging_s": -1}])
def test_settings_out_of_range_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(BridgeError, match=next(iter(wrong))):
        LiveSettings(**wrong)


@pytest.mark.parametrize("name", ["attack_s", "release_s", "slew_s"])
def test_times_below_0_are_refused_by_name(name: str) -> None:
    with pytest.raises(BridgeError, match=name):
        Glide(**{name: -0.1})
