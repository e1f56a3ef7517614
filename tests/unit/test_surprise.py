"""How a setting agrees with what the predictors hold of it."""

import numpy as np
import pytest

from bridge.chain import ChainSetting, chain_of
from bridge.estimate.prior import uniform
from bridge.manifest import Manifest
from bridge.models import Prediction
from bridge.search.surprise import SURPRISES, Surprises

BINS = 32


def sure_of(values: list[float], bypass: float) -> Prediction:
    """Nearly all in the bins of these values."""
    posterior = np.full((len(values), BINS), 0.1 / BINS, np.float32)
    for row, value in zip(posterior, values, strict=True):
        row[int(value * BINS)] += 0.9
    return Prediction(np.array(values, np.float32), posterior, bypass)


def test_what_a_predictor_holds_is_no_surprise_and_what_it_rules_out_is(
    manifest: Manifest,
) -> None:
    chain = chain_of("mda-overdrive", manifest)
    count = len(chain.predicted)
    of = Surprises(chain, [sure_of([0.7] * count, bypass=0.02)]).of
    likely, unlikely = (ChainSetting.of_predicted(chain, [value] * count) for value in (0.7, 0.1))
    assert of(likely)[0] < -3
    assert of(unlikely)[0] > 2
    dry = likely.without(["mda-overdrive"])
    assert of(dry)[0] == pytest.approx(-np.log(0.02), rel=1e-4)
    found = dict(zip(SURPRISES, of(likely), strict=True))
    assert found["of leaving all out"] == pytest.approx(-np.log(0.02), rel=1e-4)
    assert found["of the setting"] < found["expected"] < 0
    assert of(None)[0] == found["expected"]


@pytest.mark.parametrize("name", ["mda-leslie", "pedalboard-chorus", "guitar-amp"])
def test_where_nothing_is_held_no_setting_is_a_surprise(name: str, manifest: Manifest) -> None:
    chain = chain_of(name, manifest)
    held = [uniform(slot) for slot in chain.slots]
    draw = np.random.default_rng(0)
    some = [
        Surprises(chain, held).of(
            ChainSetting.of_predicted(chain, draw.random(len(chain.predicted)))
        )
        for _ in range(20)
    ]
    assert np.ptp(np.array(some)[:, 0]) == pytest.approx(0, abs=1e-5)
    # Only that a slot may be left out is held for more or less likely.
    kept = [-np.log(1 - one.bypass) for one in held]
    assert some[0][0] == pytest.approx(np.mean(kept), abs=1e-5)
