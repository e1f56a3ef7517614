"""The live loop on doubles: audio as fast as it is read, stand-in models, a host in memory."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Glide
from bridge.engine.live import LiveEngine
from bridge.engine.refinement import Outcome
from bridge.engine.session import Status
from bridge.errors import BridgeError
from bridge.estimate.answer import Answer
from bridge.estimate.matcher import Matcher, ReferenceAnalysis
from bridge.library import Library
from bridge.manifest import PluginSpec, Setting
from tests.doubles import BlockSource, MemoryHost, ScriptedDecider
from tests.stand_ins import write_models

RATE = 24_000
HOP = 2_400
FEATURES = FeatureSettings(window_frames=24_000, least_frames=12_000)
OWN = {"drive": 0.9, "muffle": 0.9, "output": 0.1}
SHARP = Glide(0, 0)
AT_ONCE = LiveSettings(averaging_s=0, glide=SHARP)


def noise(seconds: float, level: float = 0.1) -> Audio:
    draw = np.random.default_rng(0)
    return np.asarray(draw.standard_normal((1, round(seconds * RATE))) * level, np.float32)


@pytest.fixture
def open_matcher(tmp_path: Path, overdrive: PluginSpec) -> Callable[..., Matcher]:
    def make(bypass_logit: float = -3.0) -> Matcher:
        models = write_models(tmp_path, overdrive, bypass_logit, FEATURES, hop_s=0.002)
        return Matcher(overdrive, Library.of_models(models))

    return make


@pytest.fixture
def matcher(open_matcher: Callable[..., Matcher]) -> Matcher:
    return open_matcher()


def reference(matcher: Matcher, seed: int = 1) -> ReferenceAnalysis:
    audio = np.random.default_rng(seed).standard_normal((1, RATE)).astype(np.float32) * 0.2
    return matcher.analyse(np.tanh(4 * audio), RATE, "reference")


def follow(
    matcher: Matcher,
    audio: Audio,
    settings: LiveSettings = AT_ONCE,
    decider: ScriptedDecider | None = None,
) -> tuple[MemoryHost, list[Status], LiveEngine]:
    """Follow blocks of a tenth of a second; a status for nearly every one."""
    host, statuses = MemoryHost(OWN), []
    blocks = np.split(audio, range(HOP, audio.shape[1], HOP), axis=1)
    source = BlockSource(blocks, RATE)
    engine = LiveEngine(source, matcher, reference(matcher), host, settings, decider)
    engine.run(Event(), on_status=statuses.append)
    return host, statuses, engine


@pytest.fixture(autouse=True)
def _a_status_every_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.engine.live.STATUS_S", 0.0)


def test_states_tell_how_much_was_heard(matcher: Matcher) -> None:
    _, statuses, _ = follow(matcher, noise(2))
    states = [status.state for status in statuses]
    assert states == ["filling"] * 4 + ["provisional"] * 5 + ["matching"] * 11
    assert statuses[3].confidence == {}
    assert set(statuses[4].confidence) == set(OWN)


def test_nothing_is_sent_before_there_is_an_answer_and_silence_holds(matcher: Matcher) -> None:
    silence = np.zeros((1, RATE), np.float32)
    host, statuses, _ = follow(matcher, silence)
    assert statuses[-1].state == "silent"
    assert (host.received, host.bypasses) == ([], [])
    host, statuses, _ = follow(matcher, np.concatenate([noise(1), silence], axis=1))
    held = [status.values for status in statuses if status.state == "silent"]
    assert len(held) >= 4
    assert all(values == held[0] for values in held)


def test_a_decision_takes_the_place_of_the_networks_answer(
    matcher: Matcher, overdrive: PluginSpec
) -> None:
    loop = np.tile(noise(1), (1, 4))
    alone, _, _ = follow(matcher, loop)
    rendered = Setting(overdrive, (0.2, 0.4, 0.6))
    decided = Answer(rendered, (0.9, 0.8, 0.7), 0.0, bypass=False)
    decider = ScriptedDecider(Outcome(decided, 1.5))
    guided, statuses, _ = follow(matcher, loop, decider=decider)
    assert abs(alone.values["drive"] - 0.2) > 0.05
    (request,) = decider.asked
    assert request.sample_rate == RATE
    assert np.array_equal(request.played, loop[:, : request.played.shape[1]])
    assert (statuses[-1].decisions, statuses[-1].decision_s) == (1, 1.5)
    assert statuses[-1].confidence == {"drive": 0.9, "muffle": 0.8, "output": 0.7}
    # The network's answers to half a window and to all of it differ by as much as is added here.
    first = next(status for status in statuses if status.confidence)
    for symbol in OWN:
        drift = alone.values[symbol] - first.values[symbol]
        wanted = min(max(rendered.values[symbol] + drift, 0), 1)
        assert guided.values[symbol] == pytest.approx(wanted, abs=1e-3)


def test_a_single_match_goes_to_the_decided_answer_and_stays_there(
    matcher: Matcher, overdrive: PluginSpec
) -> None:
    decided = Answer(Setting(overdrive, (0.2, 0.4, 0.6)), (0.9, 0.8, 0.7), 0.0, bypass=False)
    host = MemoryHost(OWN)
    blocks = np.split(np.tile(noise(1), (1, 4)), 40, axis=1)
    decider = ScriptedDecider()
    engine = LiveEngine(
        BlockSource(blocks, RATE), matcher, reference(matcher), host, AT_ONCE, decider
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
    assert host.values["drive"] == pytest.approx(0.2, abs=0.05)
    assert [count for _, count in seen[21:]] == [seen[21][1]] * 19


def test_locked_and_frozen_knobs_stay(matcher: Matcher) -> None:
    host = MemoryHost(OWN)
    blocks = np.split(np.tile(noise(1), (1, 3)), 30, axis=1)
    settings = LiveSettings(averaging_s=0, glide=SHARP, locked=frozenset({"muffle"}))
    engine = LiveEngine(BlockSource(blocks, RATE), matcher, reference(matcher), host, settings)
    values: list[dict[str, float]] = []

    def watch(status: Status) -> None:
        values.append(status.values)
        if len(values) == 15:
            engine.frozen = True
            other = reference(matcher, 2)
            engine.set_reference(replace(other, embedding=other.embedding + 2))

    engine.run(Event(), on_status=watch)
    assert all(told["muffle"] == OWN["muffle"] for told in values)
    assert values[14]["drive"] != OWN["drive"]
    assert all(told == values[15] for told in values[15:])


def test_amount_counts_from_where_the_player_has_left_a_knob(matcher: Matcher) -> None:
    host = MemoryHost(OWN)
    blocks = np.split(np.tile(noise(1), (1, 4)), 40, axis=1)
    settings = LiveSettings(0.5, 0, SHARP)
    engine = LiveEngine(BlockSource(blocks, RATE), matcher, reference(matcher), host, settings)
    values: list[float] = []

    def watch(status: Status) -> None:
        values.append(status.values["drive"])
        if len(values) == 15:
            engine.put({"drive": 0.1})
        if len(values) == 25:
            engine.arm(["drive"])

    engine.run(Event(), on_status=watch)
    assert engine.answer is not None
    answer = engine.answer.setting.values["drive"]
    assert values[14] == pytest.approx((OWN["drive"] + answer) / 2, abs=0.02)
    assert values[20] == 0.1
    assert values[-1] == pytest.approx((0.1 + answer) / 2, abs=0.02)


def test_another_reference_is_followed_from_the_next_hop_on(matcher: Matcher) -> None:
    decider = ScriptedDecider()
    host = MemoryHost(OWN)
    blocks = np.split(np.tile(noise(1), (1, 3)), 30, axis=1)
    first, second = reference(matcher), reference(matcher, 2)
    second = replace(second, embedding=second.embedding + 2)
    engine = LiveEngine(BlockSource(blocks, RATE), matcher, first, host, AT_ONCE, decider)
    values = []

    def change(status: Status) -> None:
        values.append(status.values["drive"])
        decider.idle = True
        if len(values) == 20:
            engine.set_reference(second)

    engine.run(Event(), on_status=change)
    assert [request.reference for request in decider.asked] == [first, second]
    assert abs(values[20] - values[19]) > 0.05
    assert values[19] == pytest.approx(values[18], abs=0.02)


@pytest.mark.parametrize(("amount", "bypassed"), [(1.0, True), (0.5, True), (0.4, False)])
def test_a_dry_reference_bypasses_the_plugin_for_who_wants_at_least_half(
    open_matcher: Callable[..., Matcher], amount: float, bypassed: bool
) -> None:
    host, statuses, _ = follow(open_matcher(2.0), noise(1), LiveSettings(amount, 0, SHARP))
    assert set(host.bypasses) == {bypassed}
    assert statuses[-1].bypass is bypassed


def test_amount_0_leaves_values_and_bypass_to_the_host(
    open_matcher: Callable[..., Matcher],
) -> None:
    host, _, _ = follow(open_matcher(2.0), noise(1), LiveSettings(0, 0, SHARP))
    assert (host.values, host.received, host.bypasses) == (OWN, [], [])


def test_a_fault_of_the_decider_is_told_in_one_status(matcher: Matcher) -> None:
    decider = ScriptedDecider(Outcome(None, fault="it died"))
    host, statuses, _ = follow(matcher, noise(2), decider=decider)
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
