"""The hand on the knobs: from the host's own values towards an answer, and never the player's."""

from collections.abc import Iterable, Mapping, Set

from typing_extensions import override

from bridge.chain import Chain, ChainSetting
from bridge.closing import Closing
from bridge.drive.driver import Driver
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Smoother, blend
from bridge.hosts import Host

ARRIVED = 2e-3
"""Of a range: this near, a glide is over."""


class ParameterControl(Closing):
    """Turns the knobs of a chain in one host. On the thread of its caller, which never waits
    but for what is marked blocking."""

    def __init__(self, host: Host, chain: Chain) -> None:
        """Blocking: reads the host's own values. Raises HostError where it does not answer."""
        self.driver = Driver(host, chain)
        self._base = self.driver.own
        """The player's own values, which `amount` counts from."""
        self._smoother = Smoother(self._base)

    @property
    def setting(self) -> ChainSetting:
        """Where the knobs and the bypasses are."""
        return self._smoother.setting

    def listen(self, now_s: float, following: bool = False) -> None:
        """Take what the host tells, and look for it where it is gone.

        `following`: the knobs are about to be driven, so one that is turned is the player's.
        """
        self.driver.following = following
        self.driver.listen(now_s)
        if self.driver.driving:
            self._leave_yielded()
        else:
            self._base = self._smoother.setting = self.driver.own

    def towards(self, answer: ChainSetting, settings: LiveSettings, elapsed_s: float) -> bool:
        """Glide for `elapsed_s` seconds; whether the answer's share is reached."""
        target = blend(self._base, answer, settings.amount)
        here = self._smoother.towards(target, elapsed_s, settings.glide_of)
        left = self.driver.yielded.keys() | settings.locked
        values = zip(here.chain.parameters, here.normalised, target.normalised, strict=True)
        self.driver.locked = settings.locked
        self._leave_yielded()
        return all(abs(a - b) <= ARRIVED for p, a, b in values if p.address not in left)

    def send(self, now_s: float, bypassed: frozenset[str] = frozenset()) -> int:
        """Send what has changed, with these slots left out; how many values."""
        self._smoother.setting = self.setting.without(bypassed)
        self._leave_yielded()
        return self.driver.update(self.setting, now_s)

    def send_all(self, now_s: float, bypassed: frozenset[str] = frozenset()) -> int:
        """Send every value now, whatever the host's pace; how many."""
        self.driver.renew()
        return self.send(now_s, bypassed)

    def put(self, values: Mapping[str, float], now_s: float) -> None:
        """Set these real values by address for the player, whose they are until armed.

        Raises HostError where the host is gone.
        """
        self.driver.put(values, now_s)
        self._leave_yielded()

    def restore(self, values: Mapping[str, float], yours: Set[str], now_s: float) -> None:
        """Set real values by address as they were once; of these only `yours` are the player's.

        The others glide on from there. Raises HostError where the host is gone.
        """
        self.driver.put(values, now_s)
        self._smoother.setting = self.setting.with_values(values)
        if free := values.keys() - yours:
            self.driver.arm(free)
        self._leave_yielded()

    def arm(self, addresses: Iterable[str] = ()) -> None:
        """Drive these again, or all, from where the player has left them.

        A slot's id stands for all that belongs to the slot.
        """
        self.driver.arm(addresses)

    def finish(self) -> int:
        """Blocking: send every value once more and see it arrive; how many values."""
        return self.driver.finish(self.setting)

    def revert(self, keep: Set[str] = frozenset()) -> bool:
        """Blocking: give the host its values from before back; False where it is gone.

        The addresses in `keep` stay as they are, and are driven on.
        """
        return self.driver.revert(keep)

    def succeed(self, before: "ParameterControl", addresses: Set[str]) -> None:
        """Go on at these addresses where another control of the same host has left off."""
        self.driver.succeed(before.driver, addresses)
        base = before._base.all_values
        self._base = self._base.with_values({a: base[a] for a in base if a in addresses})

    @override
    def close(self) -> None:
        self.driver.close()

    def _leave_yielded(self) -> None:
        """What the player has taken or locked stays where it is, and will glide from there."""
        left = self.driver.left
        if left:
            own = self.driver.own.all_values
            taken = {address: own[address] for address in own if address in left}
            self._base = self._base.with_values(taken)
            self._smoother.setting = self.setting.with_values(taken)
