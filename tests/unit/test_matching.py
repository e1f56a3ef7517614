"""Which of a host's parameters is which of the manifest's."""

import pytest

from bridge.errors import HostError
from bridge.hosts.base import HostParameter
from bridge.hosts.matching import match
from bridge.manifest import Formats, ParamSpec, PluginSpec


def param(symbol: str, name: str, high: float = 1.0) -> ParamSpec:
    return ParamSpec(symbol=symbol, name=name, min=0, max=high, default=0, scale="linear")


def plugin(*parameters: ParamSpec) -> PluginSpec:
    return PluginSpec(
        id="x", name="X", kind="x", formats=Formats(lv2="x:y"), parameters=tuple(parameters)
    )


CUTOFF = plugin(param("cutoff", "Cutoff", 20_000), param("l_time", "Time Left"))
TIME = HostParameter(2, "time left", 0, 1, 0.5)


@pytest.mark.parametrize("name", ["CUTOFF", "cutoff", "Cutoff (Hz)", "Cutoff [Hz]"])
def test_case_and_a_unit_in_brackets_do_not_matter(name: str) -> None:
    found = match(CUTOFF, [TIME, HostParameter(1, name, 0, 20_000, 100)])
    assert {symbol: mapped.found.key for symbol, mapped in found.items()} == {
        "cutoff": 1,
        "l_time": 2,
    }


def test_words_may_stand_in_another_order_where_the_range_is_the_same() -> None:
    cutoff = HostParameter(1, "Cutoff", 0, 20_000)
    found = match(CUTOFF, [cutoff, HostParameter(7, "Left Time (ms)", 0, 1, 1.0)])
    assert found["l_time"].found.key == 7


@pytest.mark.parametrize(
    "found",
    [
        HostParameter(1, "Cutoff (Hz)", 0, 10_000, 100),
        HostParameter(1, "Cutoff (Hz)", 0, 20_000, 30_000),
        HostParameter(1, "Cutoff (Hz)", 0, 1, 0.5, normalised=True),
        HostParameter(1, "Cutoff (Hz)"),
        HostParameter(1, "Cut off", 0, 20_000, 100),
    ],
)
def test_what_is_only_nearly_named_is_never_guessed(found: HostParameter) -> None:
    with pytest.raises(HostError, match="no parameter 'Cutoff' in the host"):
        match(CUTOFF, [TIME, found])


def test_a_name_that_two_parameters_could_have_is_not_used() -> None:
    twins = plugin(param("a", "Gain (dB)"), param("b", "Gain (%)"))
    with pytest.raises(HostError, match="no parameter"):
        match(twins, [HostParameter(1, "Gain", 0, 1, 0)])
    near = [HostParameter(n, f"Cutoff ({n})", 0, 20_000, 1) for n in (1, 2)]
    with pytest.raises(HostError, match="2 parameters named 'Cutoff'"):
        match(CUTOFF, [TIME, *near])


def test_a_parameter_of_the_same_name_goes_before_one_that_is_nearly_so() -> None:
    both = [HostParameter(1, "Cutoff (Hz)", 0, 20_000, 1), HostParameter(3, "cutoff", 0, 20_000, 1)]
    assert match(CUTOFF, [TIME, *both])["cutoff"].found.key == 3
