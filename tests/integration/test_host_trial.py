"""One knob turned there and back, in every host, and by the engine."""

from pathlib import Path

import pytest

from bridge.chain import chain_of
from bridge.control.host_trial import try_knob
from bridge.hosts import connect
from bridge.manifest import Manifest
from tests.fake_hosts import FAKES, FakeArdour
from tests.fake_hosts.base import FakeHost
from tests.following import at_once
from tests.unit.test_control import Engine


@at_once(*FAKES)
def test_what_is_turned_is_heard_and_turned_back(fake: FakeHost) -> None:
    before = fake.values()
    with connect(fake.url, fake.chain) as host:
        trial = try_knob(host, fake.chain)
        reads = host.profile.reads
    knob = fake.chain.parameter(trial.address).spec
    assert trial.sent != pytest.approx(knob.default, abs=0.05)
    assert fake.values() == pytest.approx(before, abs=2e-3)
    if reads:
        assert trial.before == pytest.approx(before[trial.address], abs=2e-3)
        assert trial.heard == pytest.approx(trial.sent, abs=2e-3)
        assert trial.back == pytest.approx(trial.before, abs=2e-3)
    else:
        assert trial.heard is trial.back is None


def test_the_engine_takes_no_trial_for_the_players_hand(tmp_path: Path, manifest: Manifest) -> None:
    chain = chain_of("mda-overdrive", manifest)
    with FakeArdour(chain) as fake, Engine(tmp_path) as engine:
        engine.client.send("/host/test")
        engine.client.wait(lambda told: told.get("/error", ("",))[0] == "/host/test", 30)
        assert "no effect host is connected" in str(engine.client.values["/error"][1])
        engine.until(chain="mda-overdrive")
        engine.client.send("/host", fake.url)
        engine.until(host__state="connected")
        engine.client.send("/host/test")
        engine.client.wait(lambda told: "sent" in str(told.get("/host/tested")), 60)
        trial = engine.told("/host/tested")
        assert trial["heard"] == pytest.approx(trial["sent"], abs=2e-3)
        engine.until(host__state="connected")
        where = f"/parameter/{trial['address']}"
        engine.client.wait(lambda told: told.get(where) == (pytest.approx(trial["before"]),), 30)
        assert engine.client.values[f"{where}/yours"] == (0,)
