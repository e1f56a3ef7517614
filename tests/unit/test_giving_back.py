"""What a plugin gets back that took the place of another."""

from bridge.hosts.base import HostParameter
from bridge.hosts.giving_back import Standing, same_before, to_give_back
from bridge.manifest import BYPASS

GAIN, MODE, MIX = 0, 1, 2


def eq(gain: float, mode: float = 0.0, mix: float = 0.5, bypassed: bool = False) -> Standing:
    values = ((GAIN, "Gain", gain, 1.0), (MODE, "Mode", mode, 3.0), (MIX, "Mix", mix, 1.0))
    parameters = [HostParameter(key, name, 0.0, most, v) for key, name, v, most in values]
    return Standing.of("EQ", parameters, bypassed)


def test_only_what_a_write_has_made_is_given_back() -> None:
    before, now = eq(0.9, mix=0.5), eq(0.25, mix=0.7)
    # The mix was written otherwise than it is: another hand has turned it.
    assert to_give_back({GAIN: 0.25, MIX: 0.1}, before, now) == {GAIN: 0.9}
    assert to_give_back({GAIN: 0.25}, now, now) == {}


def test_what_the_host_has_bounded_or_rounded_is_given_back_too() -> None:
    assert to_give_back({GAIN: 440.0}, eq(0.9), eq(1.0)) == {GAIN: 0.9}
    assert to_give_back({MODE: 1.6}, eq(0.9, mode=3.0), eq(0.9, mode=2.0)) == {MODE: 3.0}


def test_a_switch_is_given_back() -> None:
    assert to_give_back({BYPASS: 1.0}, eq(0.9), eq(0.9, bypassed=True)) == {BYPASS: 0.0}


def test_of_several_alike_the_one_with_the_same_other_values_is_meant() -> None:
    one, other = eq(0.9, mode=1.0), eq(0.8, mode=2.0)
    now = eq(0.25, mode=2.0)
    assert same_before(now, [one, other], {GAIN}) is other
    renamed = Standing("Filter", one.parameters)
    assert same_before(now, [renamed], {GAIN}) is None
