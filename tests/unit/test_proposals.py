"""The first candidates of a search, by stand-in models."""

import numpy as np
import pytest

from bridge.chain import Chain, ChainSetting, chain_of
from bridge.estimate.estimator import Estimator
from bridge.estimate.prior import uniform
from bridge.library import Library
from bridge.manifest import Manifest, PluginSpec
from bridge.models import Prediction
from bridge.search.proposals import SAMPLED, proposals
from tests.stand_ins import write_models


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, overdrive: PluginSpec) -> Library:
    return Library.of_models(write_models(tmp_path_factory.mktemp("models"), overdrive))


@pytest.fixture(scope="module")
def chain(manifest: Manifest) -> Chain:
    """A plugin with a predictor, one with an enum and none, and one that may be left out."""
    return chain_of("mda-overdrive,pedalboard-ladder,vocal/gate", manifest)


def predictions(chain: Chain) -> list[Prediction]:
    """Of the first slot: nine parts of ten in one bin of each parameter, at 0.1, 0.5 and 0.8."""
    posterior = np.full((3, 10), 0.1 / 9, np.float32)
    posterior[[0, 1, 2], [1, 5, 8]] = 0.9
    known = Prediction(np.array([0.1, 0.2, 0.3], np.float32), posterior, 0.3)
    return [known, *(uniform(slot) for slot in chain.slots[1:])]


def proposed(chain: Chain, library: Library, seed: int = 0) -> list[ChainSetting]:
    estimator = Estimator(chain, library)
    return proposals(estimator, predictions(chain), np.random.default_rng(seed))


def test_the_predictors_answer_comes_first_and_the_medians_next(
    chain: Chain, library: Library
) -> None:
    first, medians, *sampled = proposed(chain, library)
    assert len(sampled) == SAMPLED
    assert first.bypassed == frozenset()
    assert medians.bypassed == {"gate"}
    assert first.settings[0].predicted == pytest.approx((0.1, 0.2, 0.3))
    assert medians.settings[0].predicted == pytest.approx((0.154, 0.55, 0.85), abs=0.06)
    for setting in (first, medians):
        for found, slot in zip(setting.settings[1:], chain.slots[1:], strict=True):
            assert found.predicted == pytest.approx(slot.start.predicted)


def test_samples_follow_the_posterior_or_lie_around_the_start(
    chain: Chain, library: Library
) -> None:
    sampled = [s for seed in range(20) for s in proposed(chain, library, seed)[2:]]
    known = np.array([setting.settings[0].predicted for setting in sampled])
    in_bins = np.floor(known * 10) == [1, 5, 8]
    assert in_bins.mean() == pytest.approx(0.9, abs=0.04)
    ladder = chain.slots[1]
    columns = np.array([setting.settings[1].predicted for setting in sampled]).T
    pairs = zip(ladder.plugin.predicted, columns, ladder.start.predicted, strict=True)
    for spec, column, start in pairs:
        if spec.classes:
            counts = np.bincount([spec.class_of(v) for v in column], minlength=spec.classes)
            assert counts.min() > 0.5 * len(sampled) / spec.classes
        else:
            assert abs(np.median(column) - start) < 0.06
            assert np.ptp(column) > 0.3
    values = np.array([setting.normalised for setting in sampled])
    assert values.min() >= 0
    assert values.max() <= 1


def test_what_may_be_left_out_is_left_out_of_half_of_the_samples(
    chain: Chain, library: Library
) -> None:
    sampled = [s for seed in range(20) for s in proposed(chain, library, seed)[2:]]
    assert {setting.bypassed for setting in sampled} == {frozenset(), frozenset({"gate"})}
    left_out = np.mean([setting.bypassed == {"gate"} for setting in sampled])
    assert left_out == pytest.approx(0.5, abs=0.08)


def test_the_same_seed_proposes_the_same(chain: Chain, library: Library) -> None:
    assert proposed(chain, library, 3) == proposed(chain, library, 3)
    assert proposed(chain, library, 3) != proposed(chain, library, 4)
