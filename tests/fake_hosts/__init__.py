"""Hosts that speak their real protocols on loopback, and take nothing the real ones would not."""

from tests.fake_hosts.ableton import FakeLive
from tests.fake_hosts.ardour import FakeArdour
from tests.fake_hosts.base import FakeHost
from tests.fake_hosts.bitwig import FakeBitwig
from tests.fake_hosts.carla import FakeCarla
from tests.fake_hosts.generic import FakeNamed, FakeNumbered
from tests.fake_hosts.reaper import FakeReaper
from tests.fake_hosts.supercollider import FakeSuperCollider
from tests.fake_hosts.sushi import FakeSushi

FAKES: list[type[FakeHost]] = [
    FakeArdour,
    FakeCarla,
    FakeReaper,
    FakeLive,
    FakeBitwig,
    FakeSuperCollider,
    FakeSushi,
    FakeNamed,
    FakeNumbered,
]
