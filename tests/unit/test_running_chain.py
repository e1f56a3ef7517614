"""Chains that run in the embedded host: bypasses in time, exchanges without click or gap."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, Slot
from bridge.effect_host.crossfade import FADE_S
from bridge.effect_host.running import WARM_S, ChainPlayer, RunningChain, carried_over
from bridge.effects import load_chain
from bridge.effects.base import BLOCK_FRAMES
from bridge.manifest import PluginSpec, Setting

RATE = 48_000
PERIOD = 128
"""Of the tone, in frames: BLOCK_FRAMES later it is the same tone."""


def gain(fixed_block: bool, db: float = 0.0, plugin_id: str = "gain") -> PluginSpec:
    """pedalboard's; with fixed blocks it is late by BLOCK_FRAMES."""
    parameter = {"symbol": "gain_db", "name": "Gain", "min": -60, "max": 60, "scale": "linear"}
    return PluginSpec.model_validate(
        {
            "id": plugin_id,
            "name": "Gain",
            "kind": "gain",
            "formats": {"builtin": "Gain"},
            "fixed_block": fixed_block,
            "parameters": [parameter | {"default": db}],
        }
    )


def chain_of_gains(*specs: PluginSpec) -> Chain:
    slots = tuple(Slot(f"slot-{n}", spec, Setting.default(spec)) for n, spec in enumerate(specs))
    return Chain("gains", "Gains", slots)


def tone(frames: int) -> Audio:
    wave = np.sin(2 * np.pi * np.arange(frames) / PERIOD)
    return np.asarray(0.5 * np.stack([wave, -wave]), np.float32)


@pytest.fixture
def running() -> Iterator[Callable[[Chain], RunningChain]]:
    opened: list[RunningChain] = []

    def run(chain: Chain, setting: ChainSetting | None = None) -> RunningChain:
        setting = setting or ChainSetting.start(chain)
        opened.append(RunningChain(load_chain(chain), RATE, 2, setting))
        return opened[-1]

    yield run
    for chain in opened:
        chain.close()


Running = Callable[..., RunningChain]


def test_each_bypass_meets_the_sound_in_time(running: Running) -> None:
    """At 0 dB a slot is the plain sound, late: turning its bypass must not be heard at all."""
    chain = chain_of_gains(gain(True), gain(False), gain(True))
    played = running(chain)
    assert played.latency_frames == 2 * BLOCK_FRAMES
    setting = ChainSetting.start(chain)
    turns = [set(), {"slot-0"}, {"slot-0", "slot-2"}, {"slot-1"}, {"slot-0", "slot-1", "slot-2"}]
    sound = tone(20_000)
    plain, processed = [], []
    for start in range(0, 20_000, 500):
        wanted = setting.without(turns[start // 4_000])
        late, wet = played.process(sound[:, start : start + 500], wanted)
        plain.append(late)
        processed.append(wet)
    late = np.pad(sound, ((0, 0), (2 * BLOCK_FRAMES, 0)))[:, :20_000]
    assert np.array_equal(np.concatenate(plain, axis=1), late)
    assert np.abs(np.concatenate(processed, axis=1) - late).max() < 1e-6


def test_only_the_slot_that_is_left_out_is_not_heard(running: Running) -> None:
    chain = chain_of_gains(gain(False, 6.0), gain(False, -12.0))
    played = running(chain)
    setting = ChainSetting.start(chain)
    settled = slice(round(2 * FADE_S * RATE), None)
    for bypassed, db in ((set(), -6.0), ({"slot-1"}, 6.0), ({"slot-0"}, -12.0)):
        _, wet = played.process(tone(6_000), setting.without(bypassed))
        expected = tone(6_000) * 10 ** (db / 20)
        assert np.abs(wet[:, settled] - expected[:, settled]).max() < 1e-5


def test_a_slot_that_is_left_out_from_the_start_is_never_heard(running: Running) -> None:
    chain = chain_of_gains(gain(False, 20.0))
    played = running(chain, ChainSetting.start(chain).without({"slot-0"}))
    _, wet = played.process(tone(1_000), ChainSetting.start(chain).without({"slot-0"}))
    assert np.array_equal(wet, tone(1_000))


def test_a_setting_of_another_chain_changes_nothing(running: Running) -> None:
    chain, other = chain_of_gains(gain(False)), chain_of_gains(gain(False, 12.0))
    _, wet = running(chain).process(tone(1_000), ChainSetting.start(other))
    assert np.array_equal(wet, tone(1_000))


@pytest.mark.parametrize("latencies", [(False, True), (True, False), (True, True)], ids=str)
@pytest.mark.parametrize("block", [240, 1, 4_000])
def test_an_exchange_is_without_click_or_gap(
    running: Running, latencies: tuple[bool, bool], block: int
) -> None:
    """Both chains pass the tone on, one later than the other by whole periods."""
    old, new = (chain_of_gains(gain(fixed)) for fixed in latencies)
    player = ChainPlayer(first := running(old), RATE)
    frames = 24_000 if block > 1 else 9_000
    sound = tone(frames)
    plain, processed = [], []
    for start in range(0, frames, block):
        if start == 4_000 // block * block:
            player.exchange(running(new))
        late, wet = player.process(sound[:, start : start + block], ChainSetting.start(new))
        plain.append(late)
        processed.append(wet)
    for heard in (np.concatenate(plain, axis=1), np.concatenate(processed, axis=1)):
        there = slice(BLOCK_FRAMES if latencies[0] else 0, None)
        assert np.abs(heard[:, there] - sound[:, there]).max() < 1e-5
    player.close_spent()
    assert not first._stream.streams


def test_an_exchange_takes_its_time(running: Running) -> None:
    """Another level comes after the new chain is warm, and in a straight line."""
    old, new = chain_of_gains(gain(False)), chain_of_gains(gain(False, -20.0))
    player = ChainPlayer(running(old), RATE)
    player.exchange(running(new))
    ones = np.ones((2, 100), np.float32)
    heard = np.concatenate(
        [player.process(ones, ChainSetting.start(new))[1] for _ in range(60)], axis=1
    )
    warm, fade = round(WARM_S * RATE), round(FADE_S * RATE)
    assert (heard[:, :warm] == 1).all()
    assert heard[:, warm + fade :] == pytest.approx(0.1, abs=1e-6)
    assert np.abs(np.diff(heard)).max() == pytest.approx(0.9 / fade, rel=1e-2)


def test_exchanges_asked_for_while_one_goes_on_come_one_after_the_other(running: Running) -> None:
    chains = [chain_of_gains(gain(False, db)) for db in (0.0, -6.0, -20.0)]
    player = ChainPlayer(running(chains[0]), RATE)
    for chain in chains[1:]:
        player.exchange(running(chain))
    assert player.exchanging
    for _ in range(40):
        _, wet = player.process(tone(500), ChainSetting.start(chains[-1]))
    assert not player.exchanging
    assert np.abs(wet - 0.1 * tone(500)).max() < 1e-5


def test_slots_that_are_in_both_chains_keep_what_they_have() -> None:
    one, two, three = (gain(False, 0.0, f"gain-{n}") for n in range(3))
    old = Chain("old", "Old", (Chain.of_plugin(one).slots[0], Chain.of_plugin(two).slots[0]))
    setting = ChainSetting.of_values(
        old, {"gain-0/gain_db": 7.0, "gain-1/gain_db": -3.0, "gain-0/bypass": 1, "gain-1/bypass": 1}
    )
    new = Chain("new", "New", (Chain.of_plugin(three).slots[0], Chain.of_plugin(one).slots[0]))
    carried = carried_over(setting, new)
    assert carried.values == pytest.approx({"gain-2/gain_db": 0.0, "gain-0/gain_db": 7.0})
    assert carried.settings[1] is setting.settings[0]
    assert carried.bypassed == {"gain-0"}
    # The same name for another plugin is another slot.
    renamed = Chain("other", "Other", (Slot("gain-0", three, Setting.default(three)),))
    assert carried_over(setting, renamed) == ChainSetting.start(renamed)
