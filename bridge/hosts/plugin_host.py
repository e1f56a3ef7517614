"""One plugin in a host that speaks a dialect: keys become symbols, host values become real ones."""

import time
from collections.abc import Iterable, Mapping

from typing_extensions import override

from bridge.errors import HostError
from bridge.hosts.base import NEVER_S, Dialect, Host, HostParameter, News
from bridge.hosts.finding import Mapped, Wanted, find_again, find_place, match
from bridge.manifest import PluginSpec

_READ_ATTEMPTS = 4
_READ_S = 0.5
_POLL_S = 0.005


class PluginHost(Host):
    """A plugin found in a host, checked against the manifest. Owns the dialect."""

    def __init__(self, dialect: Dialect, wanted: Wanted, plugin: PluginSpec) -> None:
        """Blocking.

        Raises HostError where the host does not answer, does not hold the plugin, or holds it with
        other parameters than the manifest's.
        """
        self.profile = dialect.profile
        self._dialect = dialect
        self._plugin = plugin
        self._mapped: dict[str, Mapped] = {}
        self._symbols: dict[object, str] = {}
        try:
            self._place = find_place(dialect, wanted, plugin)
            self._attach()
        except HostError:
            self.close()
            raise

    @override
    def find(self) -> None:
        self._place = find_again(self._dialect, self._place)
        self._attach()

    def _attach(self) -> None:
        track, plugin = self._place.track, self._place.plugin
        parameters = self._parameters()
        self._mapped = match(self._plugin, parameters)
        self._symbols = {mapped.found.key: symbol for symbol, mapped in self._mapped.items()}
        keys = [mapped.found.key for mapped in self._mapped.values()]
        self._dialect.attach(track, plugin, keys)

    def _parameters(self) -> list[HostParameter]:
        track, plugin = self._place.track, self._place.plugin
        if self.profile.discovers:
            return list(self._dialect.parameters(track, plugin))
        return list(self._dialect.assumed(track, plugin, self._plugin))

    @override
    def read(self) -> dict[str, float]:
        if not self.profile.reads:
            return {}
        if self.profile.ask_s == NEVER_S:
            self._dialect.tracks()
            found = {p.key: p.value for p in self._parameters()}
            told = ((s, m, found.get(m.found.key)) for s, m in self._mapped.items())
            return {symbol: m.to_real(value) for symbol, m, value in told if value is not None}
        # What has come in before is older than the question.
        self.poll()
        values: dict[str, float] = {}
        for _ in range(_READ_ATTEMPTS):
            self.ask()
            deadline = time.monotonic() + _READ_S
            while time.monotonic() < deadline:
                values |= self.poll().values
                if len(values) == len(self._mapped):
                    return values
                time.sleep(_POLL_S)
        raise HostError(
            f"the {self.profile.name} does not tell"
            f" {', '.join(symbol for symbol in self._mapped if symbol not in values)};"
            f" {self.profile.remedy}"
        )

    @property
    @override
    def bypassed(self) -> bool | None:
        return self._place.plugin.bypassed

    @override
    def set(self, values: Mapping[str, float]) -> None:
        mapped = {symbol: self._mapped[symbol] for symbol in values}
        self._dialect.set({m.found.key: m.to_host(values[s]) for s, m in mapped.items()})

    @override
    def bypass(self, on: bool) -> None:
        if self.profile.bypasses:
            self._dialect.bypass(on)

    @override
    def touch(self, symbols: Iterable[str], on: bool) -> None:
        self._dialect.touch([self._mapped[symbol].found.key for symbol in symbols], on)

    @override
    def ask(self) -> None:
        self._dialect.ask()

    @override
    def poll(self) -> News[str]:
        news = self._dialect.poll()
        return News(
            tuple(
                (symbol, self._mapped[symbol].to_real(value))
                for key, value in news.values
                if (symbol := self._symbols.get(key))
            ),
            news.bypassed,
            news.answered,
            news.moved,
            news.gone,
        )

    @override
    def close(self) -> None:
        self._dialect.close()
