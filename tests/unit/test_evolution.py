"""CMA-ES over a chain's parameters of every kind, with costs that are quickly told."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bridge.chain import Chain, ChainSetting, Slot
from bridge.manifest import Choice, ParamSpec, PluginSpec, Setting
from bridge.search.evolution import Evolution

Cost = Callable[[ChainSetting], float]
SPREAD = 0.2


def parameter(symbol: str, **values: object) -> ParamSpec:
    told = {"name": symbol, "min": 0, "max": 1, "default": 0.5, "scale": "linear"} | values
    return ParamSpec.model_validate({"symbol": symbol} | told)


@pytest.fixture(scope="module")
def mixed(overdrive: PluginSpec) -> PluginSpec:
    """Two continuous parameters, one that is held, an integer, an enum and a toggle."""
    choices = tuple(Choice(label=str(value), value=value) for value in range(4))
    return overdrive.model_copy(
        update={
            "id": "mixed",
            "parameters": (
                parameter("one"),
                parameter("held", predicted=False),
                parameter("other", min=20, max=20_000, default=200, scale="log"),
                parameter("count", min=1, max=9, default=2, scale="integer"),
                parameter("mode", max=3, default=0, scale="enum", choices=choices),
                parameter("on", default=0, scale="toggle"),
            ),
        }
    )


@pytest.fixture(scope="module")
def chain(mixed: PluginSpec) -> Chain:
    """The plugin, and once more where it may be left out."""
    start = Setting.default(mixed)
    return Chain("two", "Two", (Slot("a", mixed, start), Slot("b", mixed, start, optional=True)))


def evolved(evolution: Evolution, cost: Cost, generations: int) -> tuple[ChainSetting, float]:
    """The best setting that was asked for, and its cost."""
    best: tuple[ChainSetting, float] | None = None
    for _ in range(generations):
        judged = []
        for _ in range(evolution.population):
            individual = evolution.ask()
            judged.append((individual, cost(individual.setting)))
            if best is None or judged[-1][1] < best[1]:
                best = individual.setting, judged[-1][1]
        evolution.tell(judged)
    assert best
    return best


def towards(goal: ChainSetting) -> Cost:
    """Squared distances of values, and one for every wrong class and bypass."""

    def cost(setting: ChainSetting) -> float:
        total = float(setting.bypassed != goal.bypassed)
        pairs = zip(goal.chain.predicted, setting.predicted, goal.predicted, strict=True)
        for each, value, wanted in pairs:
            if each.spec.classes:
                total += float(each.spec.class_of(value) != each.spec.class_of(wanted))
            else:
                total += (value - wanted) ** 2
        return total

    return cost


@pytest.mark.parametrize("left_out", [True, False])
def test_every_kind_of_parameter_is_found(chain: Chain, left_out: bool) -> None:
    values = {
        "a/one": 0.9,
        "a/other": 5_000.0,
        "a/count": 7.0,
        "a/mode": 2.0,
        "a/on": 1.0,
        "b/one": 0.1,
        "b/other": 60.0,
        "b/count": 4.0,
        "b/mode": 3.0,
        "b/on": 0.0,
    }
    goal = ChainSetting.of_values(chain, values).without(["b"] if left_out else [])
    # Where it may be left out it starts on the wrong side.
    start = ChainSetting.start(chain).without([] if left_out else ["b"])
    found, cost = evolved(Evolution(start, SPREAD, seed=0), towards(goal), generations=100)
    assert cost < 0.01
    assert found.bypassed == goal.bypassed
    for address in ("a/count", "a/mode", "a/on", "b/count", "b/mode", "b/on"):
        assert found.values[address] == goal.values[address]


def test_integers_stay_among_their_steps_and_all_values_in_their_range(chain: Chain) -> None:
    evolution = Evolution(ChainSetting.start(chain), 2.0, seed=1)
    for _ in range(40):
        setting = evolution.ask().setting
        assert all(0 <= value <= 1 for value in setting.normalised)
        at = dict(zip([p.address for p in chain.parameters], setting.normalised, strict=True))
        assert at["a/count"] * 8 == pytest.approx(round(at["a/count"] * 8))
        assert at["a/mode"] * 3 == pytest.approx(round(at["a/mode"] * 3))


def test_what_is_held_fixed_or_never_left_out_stays(chain: Chain) -> None:
    fixed = {0, 2, 3, 9}
    start = ChainSetting.of_predicted(chain, [0.3, 0.6, 0.25, 1 / 3, 1.0] * 2)
    evolution = Evolution(start, SPREAD, seed=2, fixed=fixed)
    assert evolution.dimensions == 10 - len(fixed) + 1
    settings = [evolution.ask().setting for _ in range(60)]
    asked = np.array([setting.predicted for setting in settings])
    still = {n for n in range(10) if np.ptp(asked[:, n]) == 0}
    assert still == fixed
    assert np.allclose(asked[:, sorted(fixed)], np.array(start.predicted)[sorted(fixed)])
    held = [setting.values["a/held"] for setting in settings]
    assert set(held) == {start.values["a/held"]}
    assert {setting.bypassed for setting in settings} == {frozenset(), frozenset({"b"})}


def test_the_spread_is_the_deviation_of_values_also_at_the_end_of_a_range(
    mixed: PluginSpec,
) -> None:
    continuous = mixed.model_copy(update={"parameters": (parameter("one"), parameter("two"))})
    chain = Chain.of_plugin(continuous)
    start = ChainSetting.of_predicted(chain, [0.5, 0.0])
    evolution = Evolution(start, 0.1, seed=3)
    asked = np.array([evolution.ask().setting.predicted for _ in range(400)])
    assert asked[:, 0].std() == pytest.approx(0.1, rel=0.2)
    # What falls outside is folded in or put on the edge, but half of it is inside.
    assert 0.02 < asked[:, 1].mean() < 0.15
    goal = ChainSetting.of_predicted(chain, [0.5, 0.7])
    found, _ = evolved(Evolution(start, 0.1, seed=3), towards(goal), generations=40)
    assert found.predicted == pytest.approx(goal.predicted, abs=0.02)


def test_a_chain_with_nothing_to_search_has_no_dimensions(mixed: PluginSpec, chain: Chain) -> None:
    held = mixed.model_copy(update={"parameters": (parameter("held", predicted=False),)})
    nothing = Chain.of_plugin(held)
    assert Evolution(ChainSetting.start(nothing), SPREAD, seed=4).dimensions == 0
    alone = Chain("alone", "Alone", chain.slots[:1])
    every = set(range(len(alone.predicted)))
    assert Evolution(ChainSetting.start(alone), SPREAD, seed=4, fixed=every).dimensions == 0


@pytest.mark.parametrize("kind", ["enum", "integer", "bypass"])
def test_a_single_thing_of_any_kind_is_searched(mixed: PluginSpec, kind: str) -> None:
    kept = {"enum": "mode", "integer": "count", "bypass": "held"}[kind]
    plugin = mixed.model_copy(update={"parameters": (mixed.parameter(kept),)})
    slot = replace(Chain.of_plugin(plugin).slots[0], optional=kind == "bypass")
    chain = Chain("one", "One", (slot,))
    values = {"mixed/bypass": 1.0} if kind == "bypass" else {f"mixed/{kept}": 3.0}
    goal = ChainSetting.of_values(chain, values)
    evolution = Evolution(ChainSetting.start(chain), SPREAD, seed=5)
    assert evolution.dimensions == 1
    found, cost = evolved(evolution, towards(goal), generations=20)
    assert cost == pytest.approx(0)
    assert found == goal


def test_the_same_seed_asks_for_the_same_settings(chain: Chain) -> None:
    goal = towards(ChainSetting.of_predicted(chain, [0.2, 0.8, 0.5, 1.0, 1.0] * 2))

    def asked(seed: int) -> list[ChainSetting]:
        evolution = Evolution(ChainSetting.start(chain), SPREAD, seed)
        settings = []
        for _ in range(3):
            generation = [evolution.ask() for _ in range(evolution.population)]
            settings += [individual.setting for individual in generation]
            evolution.tell([(each, goal(each.setting)) for each in generation])
        return settings

    assert asked(6) == asked(6)
    assert asked(6) != asked(7)


@pytest.mark.parametrize("worst", [float("inf"), 1.0])
def test_settings_that_cannot_be_judged_are_told_too(chain: Chain, worst: float) -> None:
    """A generation that is silent, and costs nothing tells apart, do no harm."""
    evolution = Evolution(ChainSetting.start(chain), SPREAD, seed=8)
    goal = towards(ChainSetting.of_predicted(chain, [0.8, 0.8, 0.5, 0.0, 0.0] * 2))
    for _ in range(3):
        evolution.tell([(evolution.ask(), worst) for _ in range(evolution.population)])
    _, before = evolved(evolution, goal, generations=1)
    _, after = evolved(
        evolution, lambda s: worst if s.predicted[0] < 0.3 else goal(s), generations=60
    )
    assert after < before
    assert np.isfinite(after)
