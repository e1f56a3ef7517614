"""Which of many plugins comes nearest, by the shipped models and real plugins."""

import time

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effects import load_chain
from bridge.errors import AudioError, EffectError
from bridge.kinds import LEARNED, family_of
from bridge.library import Library
from bridge.manifest import Formats, Manifest
from bridge.search import contest as module
from bridge.search.contest import Contest, Ranking
from bridge.search.deadline import Deadline

IDS = (
    "pedalboard-distortion",
    "pedalboard-reverb",
    "pedalboard-compressor",
    "pedalboard-delay",
    "pedalboard-lowpass",
)


@pytest.fixture(scope="module")
def chains(manifest: Manifest) -> list[Chain]:
    return [chain_of(name, manifest) for name in IDS]


@pytest.fixture
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked of a contest here needs no more."""
    monkeypatch.setattr(module, "ROUNDS", (0, 1))
    monkeypatch.setattr(module, "STANDING", 2)


def wet(chain: Chain, audio: Audio, rate: int, **values: float) -> Audio:
    setting = ChainSetting.of_values(chain, {f"{chain.id}/{s}": v for s, v in values.items()})
    return load_chain(chain).render(audio, rate, setting)


def run(guitar: tuple[Audio, int], reference: Audio, chains: list[Chain]) -> Ranking:
    audio, rate = guitar
    contest = Contest(Library(), (audio[:, : 4 * rate], rate), (reference, rate))
    return contest.run(chains, Deadline())


@pytest.mark.usefixtures("few_rounds")
def test_the_kind_that_made_the_reference_comes_first(
    guitar: tuple[Audio, int], chains: list[Chain]
) -> None:
    audio, rate = guitar
    other = audio[:, 5 * rate : 11 * rate]
    driven = run(guitar, wet(chains[0], other, rate, drive_db=36.0), chains)
    assert driven.best.chain.id == "pedalboard-distortion"
    assert driven.best.closeness.expected < driven.nothing
    roomy = run(guitar, wet(chains[1], other, rate, room_size=0.9, wet_level=0.9), chains)
    assert roomy.best.chain.id == "pedalboard-reverb"


@pytest.mark.usefixtures("few_rounds")
def test_all_try_and_the_better_ones_go_on(guitar: tuple[Audio, int], chains: list[Chain]) -> None:
    audio, rate = guitar
    reference = wet(chains[0], audio[:, 5 * rate : 9 * rate], rate, drive_db=36.0)
    ranking = run(guitar, reference, chains)
    assert {one.chain.id for one in ranking.contenders} == set(IDS)
    costs = [one.cost for one in ranking.contenders]
    assert costs == sorted(costs)
    counts = {one.chain.id: one.count for one in ranking.contenders}
    assert sorted(counts.values()) == [1, 1, 2, 2, 2]
    assert ranking.tried == sum(counts.values())
    again = run(guitar, reference, chains)
    assert [one.chain.id for one in again.contenders] == [
        one.chain.id for one in ranking.contenders
    ]
    # What has left holds its plugin no longer.
    assert [one.effect is None for one in ranking.contenders].count(True) == 3


def test_a_budget_is_kept_and_who_had_no_turn_is_named(
    guitar: tuple[Audio, int], chains: list[Chain]
) -> None:
    audio, rate = guitar
    contest = Contest(Library(), (audio, rate), (audio[:, : 6 * rate], rate))
    contest.run(chains[:1], Deadline.after(0.01))
    started_s = time.monotonic()
    ranking = contest.run(chains, Deadline.after(-1.0))
    assert time.monotonic() - started_s < 1.0
    assert set(ranking.left_out) == set(IDS)
    with pytest.raises(EffectError, match="no time to try it"):
        _ = ranking.best


@pytest.mark.usefixtures("few_rounds")
def test_a_plugin_that_is_not_there_is_left_out_and_named(
    guitar: tuple[Audio, int], chains: list[Chain]
) -> None:
    (slot,) = chains[4].slots
    gone = slot.plugin.model_copy(update={"id": "gone", "formats": Formats(lv2="urn:gone")})
    audio, rate = guitar
    ranking = run(guitar, audio[:, 5 * rate : 9 * rate], [Chain.of_plugin(gone), chains[0]])
    assert [one.chain.id for one in ranking.contenders] == ["pedalboard-distortion"]
    assert "not installed" in ranking.left_out["gone"]


def test_silence_is_refused(guitar: tuple[Audio, int], chains: list[Chain]) -> None:
    audio, rate = guitar
    silent = np.zeros((1, 4 * rate), np.float32)
    with pytest.raises(AudioError, match="silent"):
        Contest(Library(), (silent, rate), (audio, rate)).run(chains, Deadline())


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("overdrive", "distortion"),
        ("multiband compressor", "compressor"),
        ("noise gate", "gate"),
        ("Low-pass filter", "equalizer"),
        ("sampler", None),
        ("vocal chain", None),
    ],
)
def test_a_kind_is_of_a_family(kind: str, family: str | None) -> None:
    assert family_of(kind) == family


def test_every_shipped_plugin_is_of_a_family(manifest: Manifest) -> None:
    families = {plugin.id: family_of(plugin.kind) for plugin in manifest.plugins}
    assert None not in families.values()
    assert set(LEARNED) <= set(families.values())
