"""A chain in a host, driven and followed.

The caller's thread, the analysis thread, sends and listens without waiting. Only to look for a
host that has quit or changed does a thread of its own wait for answers; until it is done the host
belongs to that thread, and the caller's leaves it alone.
"""

from collections.abc import Iterable, Mapping, Set
from concurrent.futures import Future, ThreadPoolExecutor, wait

from typing_extensions import override

from bridge.chain import Chain, ChainSetting
from bridge.closing import Closing
from bridge.drive.feedback import Feedback
from bridge.drive.sending import DEADBAND, Due, Sender
from bridge.errors import HostError
from bridge.hosts import Host, News

RETRY_S = 1.0
"""Between two searches for a host that is gone."""
RELEASE_S = 0.5
"""A gesture ends where nothing has moved for so long."""
PUT_SETTLES_S = 0.3
"""So long after a value was put, an answer from before may still come."""
_ATTEMPTS = 3


class Driver(Closing):
    """Sends settings; yields what the musician moves; finds a host again that was lost.

    Everything goes by address; a slot's bypass is one more knob.
    """

    def __init__(self, host: Host, chain: Chain) -> None:
        """Blocking: reads the host's values. Raises HostError where it does not answer."""
        profile = host.profile
        self._host = host
        self._chain = chain
        self._driven = frozenset({*(p.address for p in chain.predicted), *chain.switches})
        told_once = frozenset() if profile.follows_bypass else frozenset(chain.switches)
        self._sender = Sender(profile.tick_s, profile.step, told_once)
        self._echoes = Feedback(max(DEADBAND, 1.5 * profile.step))
        self._values: dict[str, float] = {}
        self._prior: dict[str, float] | None = None
        self._yielded: set[str] = set()
        self.locked: frozenset[str] = frozenset()
        """What is left alone, armed or not."""
        self.following = False
        """Whether the knobs are about to be driven: one that is turned then is a hand's, though
        nothing was sent yet."""
        self._touched: dict[str, float] = {}
        self._put_at: dict[str, float] = {}
        self._searcher = ThreadPoolExecutor(1, thread_name_prefix="host-search")
        self._search: Future[dict[str, float]] | None = None
        self._lost = False
        self._search_at = self._ask_at = float("-inf")
        self._unanswered_since: float | None = None
        self._fault = self._told = ""
        self._start(host.read())

    @property
    def own(self) -> ChainSetting:
        """The host's values as it last told them; the chain's start where it does not."""
        return ChainSetting.of_values(self._chain, self._values)

    @property
    def yielded(self) -> dict[str, float]:
        """What the musician has taken back, with the host's real values."""
        return {a: self._values[a] for a in sorted(self._yielded) if a in self._values}

    @property
    def left(self) -> frozenset[str]:
        """What is left alone: taken back by the musician, or locked."""
        return self.locked | self._yielded

    @property
    def driving(self) -> bool:
        """Whether anything was sent yet; before, the host's values are the musician's alone."""
        return self._prior is not None

    @property
    def lost(self) -> bool:
        """Whether the host is being looked for."""
        return self._lost

    @property
    def sends_per_s(self) -> int:
        """Values sent during the last second."""
        return self._sender.sends_per_s

    def take_fault(self) -> str:
        """What happened to the host, told once; empty otherwise."""
        fault, self._fault = self._fault, ""
        return fault

    def listen(self, now_s: float) -> None:
        """Take what the host tells, and look for it where it is gone."""
        self._sender.tick(now_s)
        if self._lost:
            self._look(now_s)
            return
        try:
            news = self._host.poll()
            # Where plugins have moved, values may be another's.
            if not (news.moved or news.gone):
                self._take(news, now_s)
            self._judge(news, now_s)
        except HostError as error:
            self._lose(str(error))
        if self._lost:
            self._look(now_s)

    def update(self, setting: ChainSetting, now_s: float) -> int:
        """Send what has changed, and every few seconds all of it; how many values were sent."""
        if self._lost:
            return 0
        self._begin()
        due = self._sender.due(setting, now_s, self.left)
        try:
            self._send(due, now_s)
        except HostError as error:
            self._lose(str(error))
        return due.count

    def put(self, values: Mapping[str, float], now_s: float) -> None:
        """Set real values by address for the player: they are yielded from now on.

        Raises HostError where the host is gone.
        """
        if self._lost:
            raise HostError("the host is lost and takes nothing; wait until it is found again")
        self._begin()
        self._yielded |= values.keys()
        try:
            self._host.set(values)
        except HostError as error:
            self._lose(str(error))
            raise
        for address, value in values.items():
            self._echoes.sent(address, self._chain.to_normalised(address, value), now_s)
            self._put_at[address] = now_s
        self._values |= values

    def finish(self, setting: ChainSetting) -> int:
        """Blocking: send every value once more and see it arrive; how many values."""
        wanted = self._driven - self.left
        return self._insist({a: v for a, v in setting.all_values.items() if a in wanted})

    def revert(self, keep: Set[str] = frozenset()) -> bool:
        """Blocking: give back every value from before the first was sent, and leave it alone.

        What the musician has moved stays as it is, and so do the addresses in `keep`. Nothing else
        is driven until `arm`. False where the host is gone and takes nothing.
        """
        wanted = self._driven - self._yielded - keep
        self._insist({a: v for a, v in (self._prior or {}).items() if a in wanted})
        self._yielded |= self._driven - keep
        return self._prior is None or not self._lost

    def succeed(self, before: "Driver", addresses: Set[str]) -> None:
        """Go on at these addresses where another driver of the same host has left off.

        What the musician had taken back there is left alone, and `revert` gives back what the
        host held before the other one.
        """
        self._yielded |= before._yielded & addresses
        if before._prior is not None:
            self._begin()
            prior = {a: v for a, v in before._prior.items() if a in addresses}
            self._prior = (self._prior or {}) | prior

    def renew(self) -> None:
        """Send everything with the next update."""
        self._sender.renew()

    def arm(self, addresses: Iterable[str] = ()) -> None:
        """Drive these again, or all, from where the musician has left them.

        A slot's id stands for all that belongs to the slot.
        """
        named = set(addresses)
        self._yielded -= {
            a for a in self._yielded if not named or a in named or a.rpartition("/")[0] in named
        }
        self._sender.renew()

    @override
    def close(self) -> None:
        self._searcher.shutdown(wait=True)

    def _begin(self) -> None:
        """From now on the host's values are not the musician's alone."""
        if self._prior is None:
            # A host that does not tell bypasses is taken to have all plugins in the sound.
            self._prior = dict.fromkeys(self._chain.switches, 0.0) | self._values

    def _start(self, values: Mapping[str, float]) -> None:
        """Begin anew with what the host holds."""
        self._values |= values
        self._echoes.start({a: self._chain.to_normalised(a, v) for a, v in values.items()})
        self._sender.renew()
        self._unanswered_since = None

    def _take(self, news: News[str], now_s: float) -> None:
        for address, value in news.turned:
            self._echoes.turned(address, self._chain.to_normalised(address, value))
            self._values[address] = value
            self._yield(address, value, now_s)
        for address, value in news.values:
            if now_s - self._put_at.get(address, float("-inf")) < PUT_SETTLES_S:
                continue
            foreign = self._echoes.is_foreign(address, self._chain.to_normalised(address, value))
            if foreign:
                self._values[address] = value
                self._yield(address, value, now_s)
            elif address not in self._yielded or not self._echoes.in_flight(address, now_s):
                # What was on its way when the hand came tells nothing of the hand's value.
                self._values[address] = value

    def _yield(self, address: str, value: float, now_s: float) -> None:
        """Leave a knob to the musician, and give back what a write on its way overwrites."""
        if address not in self._driven or not (self.driving or self.following):
            return
        new = address not in self._yielded
        self._yielded.add(address)
        if new and self._echoes.in_flight(address, now_s):
            self._host.set({address: value})

    def _judge(self, news: News[str], now_s: float) -> None:
        """Ask when it is time; what is moved or silent for too long is lost."""
        profile = self._host.profile
        if news.answered:
            self._unanswered_since = None
        since = self._unanswered_since
        if news.gone:
            self._lose("it has quit")
        elif news.moved:
            self._lost, self._search_at = True, float("-inf")
        elif since is not None and now_s - since > profile.lost_s:
            self._lose("it does not answer")
        elif now_s >= self._ask_at:
            self._ask(now_s)

    def _ask(self, now_s: float) -> None:
        self._ask_at = now_s + self._host.profile.ask_s
        self._host.ask()
        if self._unanswered_since is None:
            self._unanswered_since = now_s

    def _lose(self, why: str) -> None:
        self._lost = True
        self._search_at = float("-inf")
        self._tell(f"the host is lost ({why}); it is looked for")

    def _tell(self, fault: str) -> None:
        if fault != self._told:
            self._fault = self._told = fault

    def _look(self, now_s: float) -> None:
        if self._search is None:
            if now_s >= self._search_at:
                self._search = self._searcher.submit(self._find)
            return
        if not self._search.done():
            return
        search, self._search = self._search, None
        try:
            self._start(search.result())
            self._lost, self._told = False, ""
        except HostError as error:
            self._tell(str(error))
            self._search_at = now_s + RETRY_S

    def _find(self) -> dict[str, float]:
        self._host.find()
        return self._host.read()

    def _send(self, due: Due, now_s: float) -> None:
        if due.count and not self._host.profile.pushes:
            self._ask(now_s)
        moved = due.moved - set(self._chain.switches)
        begun = moved - self._touched.keys()
        if begun:
            self._host.touch(begun, True)
        real = {address: self._real(address, v) for address, v in due.values.items()}
        if real:
            self._host.set(real)
            if not self._host.profile.follows:
                self._values |= real
        for address, value in real.items():
            # What comes back of an enum or an integer is a step of its range.
            self._echoes.sent(address, self._chain.to_normalised(address, value), now_s)
        self._touched |= dict.fromkeys(moved, now_s)
        ended = [address for address, at in self._touched.items() if now_s - at >= RELEASE_S]
        self._release(ended)

    def _release(self, addresses: list[str]) -> None:
        if addresses:
            self._host.touch(addresses, False)
        for address in addresses:
            del self._touched[address]

    def _insist(self, values: Mapping[str, float]) -> int:
        """Set until the host tells that it has them; how many values."""
        if self._lost:
            self._look(self._search_at)
            if self._search is not None:
                wait([self._search])
                self._look(self._search_at)
        if self._lost or not values:
            return 0
        try:
            for _ in range(_ATTEMPTS):
                self._host.set(values)
                if not self._host.profile.reads or self._has(values):
                    break
            self._release(list(self._touched))
            self._values |= values
        except HostError as error:
            self._lose(str(error))
        return len(values)

    def _has(self, values: Mapping[str, float]) -> bool:
        told = self._host.read()
        tolerance = max(DEADBAND, self._host.profile.step)
        to_normalised = self._chain.to_normalised
        return all(
            abs(to_normalised(a, told[a]) - to_normalised(a, value)) <= tolerance
            for a, value in values.items()
            if a in told
        )

    def _real(self, address: str, normalised: float) -> float:
        if self._chain.is_switch(address):
            return normalised
        return self._chain.parameter(address).spec.to_real(normalised)
