"""How the last answer holds against others, among finalists of which all is known."""

from typing import Any

import numpy as np
import pytest

from bridge.chain import Chain, ChainSetting
from bridge.manifest import PluginSpec
from bridge.search.finals import CLEARLY, HEARD, STAY, Finals
from bridge.search.judge import Expectation
from bridge.search.memory import Tried

CAUTIOUS = 0.75


@pytest.fixture(scope="module")
def chain(plugin: PluginSpec) -> Chain:
    return Chain.of_plugin(plugin)


def expected(distance: float, change: float) -> Expectation:
    """A distance, and how much farther than doing nothing, each with some spread."""
    spread = np.array([-0.1, -0.05, 0, 0.05, 0.1], np.float32)
    return Expectation(np.float32(distance) * np.exp(spread), np.float32(change) + spread)


def finals(excerpts: list[Any], *tried: Tried) -> Finals:
    return Finals(tuple(excerpts), tried, CAUTIOUS, CLEARLY)


@pytest.fixture
def excerpt() -> Any:
    return object()


@pytest.fixture
def make(chain: Chain, excerpt: Any) -> Any:
    """A finalist by its first value; one without is dry."""

    def tried(value: float | None, distance: float, change: float = -1, gain: float = 0) -> Tried:
        setting = ChainSetting.of_predicted(chain, [value or 0.0, 0.5, 0.0])
        setting = setting if value is not None else setting.without([chain.id])
        return Tried(setting, gain, {excerpt: expected(distance, change)})

    return tried


def test_what_is_new_must_probably_be_nearer_and_what_was_there_more_likely_than_not(
    make: Any, excerpt: Any
) -> None:
    nothing, doubtful = make(None, 1.0, 0), make(0.1, 0.7, change=-0.02)
    assert finals([excerpt], nothing, doubtful).best(None) is nothing
    assert finals([excerpt], nothing, doubtful).best(doubtful) is doubtful
    harmful = make(0.1, 0.7, change=0.02)
    assert finals([excerpt], nothing, harmful).best(harmful) is nothing


def test_what_is_not_heard_moves_no_knob(make: Any, excerpt: Any) -> None:
    nothing, last = make(None, 1.0, 0), make(0.1, 0.1)
    hardly, clearly = make(0.2, 0.1 - 0.9 * HEARD), make(0.2, 0.1 - 1.1 * HEARD)
    assert finals([excerpt], nothing, last, hardly).best(last) is last
    assert finals([excerpt], nothing, hardly, last).best(None) is hardly
    assert finals([excerpt], nothing, last, clearly).best(last) is clearly


def test_doing_nothing_stays_as_any_other_answer_does(make: Any, excerpt: Any) -> None:
    before, nothing = make(None, 0.5, 0, gain=-2.0), make(None, 0.6, 0)
    louder = make(None, 0.5, 0, gain=-2.5)
    hardly, clearly = make(0.2, 0.5 * (1 - STAY / 2)), make(0.2, 0.5 * (1 - 2 * STAY))
    # The plain gain is another one for every excerpt; the plugin is left out all the same.
    assert finals([excerpt], nothing, louder, hardly).best(before) is louder
    assert finals([excerpt], nothing, louder, clearly).best(before) is clearly
