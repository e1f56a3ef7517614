"""A chain in a host that speaks a dialect: keys become addresses, host values become real ones."""

import time
from collections.abc import Iterable, Mapping

from typing_extensions import override

from bridge.chain import Chain, Slot
from bridge.errors import HostError
from bridge.hosts.base import Attachment, Dialect, Host, HostParameter, News, Ref
from bridge.hosts.finding import Place, Wanted, find_again, find_places
from bridge.hosts.matching import Mapped, match
from bridge.manifest import BYPASS

_READ_ATTEMPTS = 4
_READ_S = 1.0
_POLL_S = 0.005


class ChainHost(Host):
    """A chain found in a host, checked against the manifest. Owns the dialect."""

    def __init__(self, dialect: Dialect, wanted: Wanted, chain: Chain) -> None:
        """Blocking.

        Raises HostError where the host does not answer, does not hold the chain's plugins, holds
        them in another order, or with other parameters than the manifest's.
        """
        self.profile = dialect.profile
        self._dialect = dialect
        self._wanted = wanted
        self._chain = chain
        self._found: tuple[Place, ...] = ()
        self._mapped: dict[str, Mapped] = {}
        self._refs: dict[str, Ref] = {}
        self._addresses: dict[Ref, str] = {}
        self._bypassed: dict[str, float] = {}
        try:
            self._attach(find_places(dialect, wanted, chain))
        except HostError:
            self.close()
            raise

    @property
    @override
    def places(self) -> Mapping[str, str]:
        slots = zip(self._chain.slots, self._found, strict=True)
        return {slot.id: str(place) for slot, place in slots}

    @override
    def find(self) -> None:
        self._dialect.mend()
        self._attach(find_again(self._dialect, self._found, self._wanted, self._chain))

    def _attach(self, found: tuple[Place, ...]) -> None:
        mapped: dict[str, Mapped] = {}
        refs: dict[str, Ref] = {}
        attachments = []
        for number, (slot, place) in enumerate(zip(self._chain.slots, found, strict=True)):
            of_slot = match(slot.plugin, self._parameters(slot, place))
            mapped |= {slot.address(symbol): m for symbol, m in of_slot.items()}
            refs |= {slot.address(symbol): (number, m.found.key) for symbol, m in of_slot.items()}
            refs[slot.address(BYPASS)] = (number, BYPASS)
            parameters = tuple(m.found for m in of_slot.values())
            attachments.append(Attachment(place.track, place.plugin, parameters))
        self._dialect.attach(attachments)
        self._found, self._mapped, self._refs = found, mapped, refs
        self._addresses = {ref: address for address, ref in refs.items()}
        self._bypassed = self._told_by_places(found)

    def _parameters(self, slot: Slot, place: Place) -> list[HostParameter]:
        if self.profile.discovers:
            return list(self._dialect.parameters(place.track, place.plugin))
        return list(self._dialect.assumed(place.track, place.plugin, slot.plugin))

    def _told_by_places(self, found: Iterable[Place]) -> dict[str, float]:
        """Bypasses, as far as the list of plugins tells them."""
        return {
            slot.address(BYPASS): float(place.plugin.bypassed)
            for slot, place in zip(self._chain.slots, found, strict=True)
            if place.plugin.bypassed is not None
        }

    @override
    def read(self) -> dict[str, float]:
        if not self.profile.reads:
            return {}
        # What has come in before is older than the question.
        self.poll()
        values: dict[str, float] = {}
        for _ in range(_READ_ATTEMPTS):
            self.ask()
            deadline = time.monotonic() + _READ_S
            while time.monotonic() < deadline:
                news = self.poll()
                if news.moved:
                    self.find()
                    values.clear()
                    break
                values |= news.values
                if values.keys() >= self._mapped.keys():
                    return self._bypassed | values
                time.sleep(_POLL_S)
        raise HostError(
            f"the {self.profile.name} does not tell"
            f" {', '.join(address for address in self._mapped if address not in values)};"
            f" {self.profile.remedy}"
        )

    @override
    def set(self, values: Mapping[str, float]) -> None:
        knobs = {a: value for a, value in values.items() if not self._chain.is_switch(a)}
        if knobs:
            self._dialect.set({self._refs[a]: self._mapped[a].to_host(v) for a, v in knobs.items()})
        if not self.profile.bypasses:
            return
        for number, switch in enumerate(self._chain.switches):
            if switch in values:
                self._dialect.bypass(number, values[switch] >= 0.5)

    @override
    def touch(self, addresses: Iterable[str], on: bool) -> None:
        self._dialect.touch([self._refs[address] for address in addresses], on)

    @override
    def ask(self) -> None:
        self._dialect.ask()

    @override
    def poll(self) -> News[str]:
        news = self._dialect.poll()
        values, turned = self._real(news.values), self._real(news.turned)
        self._bypassed |= {a: v for a, v in (*values, *turned) if a not in self._mapped}
        return News(values, turned, news.answered, news.moved, news.gone)

    def _real(self, told: Iterable[tuple[Ref, float]]) -> tuple[tuple[str, float], ...]:
        """Addresses and real values of what a dialect tells."""
        known = ((self._addresses.get(ref), value) for ref, value in told)
        return tuple(
            (address, self._mapped[address].to_real(value) if address in self._mapped else value)
            for address, value in known
            if address
        )

    @override
    def close(self) -> None:
        self._dialect.close()
