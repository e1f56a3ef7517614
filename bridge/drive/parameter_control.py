"""The hand on the knobs: from the host's own values towards an answer, and never the player's."""

from collections.abc import Iterable, Mapping

from typing_extensions import override

from bridge.closing import Closing
from bridge.drive.driver import Driver
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Smoother, blend
from bridge.hosts import Host
from bridge.manifest import PluginSpec, Setting

ARRIVED = 2e-3
"""Of a range: this near, a glide is over."""


class ParameterControl(Closing):
    """Turns the knobs of one plugin in one host. On the thread of its caller, which never waits
    but for what is marked blocking."""

    def __init__(self, host: Host, plugin: PluginSpec) -> None:
        """Blocking: reads the host's own values. Raises HostError where it does not answer."""
        self.driver = Driver(host, plugin)
        self._base = self.driver.own
        """The player's own values, which `amount` counts from."""
        self._smoother = Smoother(self._base)
        self._bypass = False

    @property
    def setting(self) -> Setting:
        """Where the knobs are."""
        return self._smoother.setting

    def listen(self, now_s: float) -> None:
        """Take what the host tells, and look for it where it is gone."""
        self.driver.listen(now_s)
        if self.driver.driving:
            self._leave_yielded()
        else:
            self._base = self._smoother.setting = self.driver.own

    def towards(self, answer: Setting, settings: LiveSettings, elapsed_s: float) -> bool:
        """Glide for `elapsed_s` seconds; whether the answer's share is reached."""
        target = blend(self._base, answer, settings.amount)
        here = self._smoother.towards(target, elapsed_s, settings.glide_of)
        left = self.driver.yielded.keys() | settings.locked
        values = zip(here.plugin.parameters, here.normalised, target.normalised, strict=True)
        self.driver.locked = settings.locked
        self._leave_yielded()
        return all(abs(a - b) <= ARRIVED for spec, a, b in values if spec.symbol not in left)

    def send(self, now_s: float, bypass: bool) -> int:
        """Send what has changed; how many values."""
        self._bypass = bypass
        return self.driver.update(self._smoother.setting, now_s, bypass)

    def send_all(self, now_s: float, bypass: bool) -> int:
        """Send every value now, whatever the host's pace; how many."""
        self.driver.renew()
        return self.send(now_s, bypass)

    def put(self, values: Mapping[str, float], now_s: float) -> None:
        """Set these real values for the player, whose they are until armed.

        Raises HostError where the host is gone.
        """
        self.driver.put(values, now_s)
        self._leave_yielded()

    def arm(self, symbols: Iterable[str] = ()) -> None:
        """Drive these again, or all, from where the player has left them."""
        self.driver.arm(symbols)

    def finish(self) -> int:
        """Blocking: send every value once more and see it arrive; how many values."""
        return self.driver.finish(self._smoother.setting, self._bypass)

    def revert(self) -> bool:
        """Blocking: give the host its values from before back; False where it is gone."""
        return self.driver.revert()

    @override
    def close(self) -> None:
        self.driver.close()

    def _leave_yielded(self) -> None:
        """What the player has taken or locked stays where it is, and will glide from there."""
        left = self.driver.left
        if left:
            own = self.driver.own.values
            taken = {symbol: own[symbol] for symbol in own if symbol in left}
            plugin = self._base.plugin
            self._base = Setting.of_values(plugin, self._base.values | taken)
            self._smoother.setting = Setting.of_values(plugin, self.setting.values | taken)
