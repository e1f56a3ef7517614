"""A musician's hand in a real Ardour while the bridge follows: inserts, removes, moves, switches.

Each way to disturb yields what it did, and what was wrong then: nothing, where all is as it should
be. Where the bridge does not find its way back, TimeoutError says what it said last.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from bridge.chain import Chain, ChainSetting
from bridge.drive import sending
from bridge.drive.driver import Driver
from bridge.errors import HostError
from bridge.hosts import Host, connect, discover
from bridge.hosts.ardour import Ardour as Dialect
from bridge.osc import Message, OscSocket
from tests.following import Loop
from tests.rigs.ardour import PLUGINS, TRACK, Ardour, ScriptedArdour
from tests.rigs.children import PATIENCE_S, wait_for

COMBO = "http://drobilla.net/plugins/mda/Combo"
LIMITER = "http://drobilla.net/plugins/mda/Limiter"
Act = tuple[str, str]
"""What was done, and what was wrong then."""


class Hand(Loop):
    """The engine's hops towards a goal that glides about."""

    def glide(self, seed: int) -> None:
        """Half a second in which every knob moves at every hop."""
        goal = np.array(self.goal.normalised)
        end = np.array(of_chain(self.goal.chain, seed).normalised)
        for share in np.linspace(0, 1, 10):
            values = ((1 - share) * goal + share * end).tolist()
            self.goal = ChainSetting.of_normalised(self.goal.chain, values)
            self.hop()

    def glide_while(self, act: Callable[[], None], moment_s: float, seed: int) -> None:
        """Glide, and do this at that moment of it."""
        change = threading.Timer(moment_s, act)
        change.start()
        self.glide(seed)
        change.join()

    def until_it_follows(self, target: str) -> None:
        """Until it is driven, and every knob is where it shall be, as another client sees it."""
        end_s = time.monotonic() + PATIENCE_S
        while self.driver.lost:
            self._hop_until(end_s)
        chain = self.goal.chain
        driven = {*(p.address for p in chain.predicted), *chain.switches}
        with connect(target, chain) as other:
            while self.driver.lost or not near(
                told(other), {a: v for a, v in self.goal.all_values.items() if a in driven}
            ):
                self._hop_until(end_s)

    def _hop_until(self, end_s: float) -> None:
        if time.monotonic() > end_s:
            raise TimeoutError(f"it does not follow any more: {self.driver.take_fault()}")
        self.hop()


@contextmanager
def _following(target: str, chain: Chain) -> Iterator[Hand]:
    with connect(target, chain) as host, Driver(host, chain) as driver:
        yield Hand(driver, of_chain(chain, 0))
        driver.revert()


def insertions(ardour: ScriptedArdour, chain: Chain, rounds: int) -> Iterator[Act]:
    """A limiter comes above one of the plugins and goes again: it is never written to."""
    target, draw = f"{url(ardour)}/{TRACK}", np.random.default_rng(0)
    untouched: dict[str, float | None] = {}
    with _following(target, chain) as hand:
        for number in range(rounds):
            hand.glide(number)

            insert = partial(ardour.insert, LIMITER, number % len(PLUGINS))
            hand.glide_while(insert, draw.uniform(0, 0.5), number + 1)
            wait_for("the limiter", partial(_shows, ardour, "Limiter", True))
            hand.until_it_follows(target)
            limiter = parameters_of(ardour, "Limiter")
            untouched = untouched or limiter
            written = "" if limiter == untouched else f"the limiter holds {limiter}"
            yield "insert above", written or _taken(hand.driver)
            hand.glide_while(ardour.remove, draw.uniform(0, 0.5), number + 2)
            wait_for("its end", partial(_shows, ardour, "Limiter", False))
            hand.until_it_follows(target)
            yield "remove above", _taken(hand.driver)


def moves(ardour: ScriptedArdour, chain: Chain, rounds: int) -> Iterator[Act]:
    """The chain's last plugin goes to another track and back."""
    draw, last = np.random.default_rng(1), len(PLUGINS) - 1
    with _following(url(ardour), chain) as hand:
        for number in range(rounds):
            for name, move, there in (
                ("to another track", partial(ardour.to_master, COMBO, last), False),
                ("back", partial(ardour.back_from_master, COMBO, last), True),
            ):
                hand.glide_while(move, draw.uniform(0, 0.5), number)
                hand.glide(number + 1)
                wait_for("the move", partial(_shows, ardour, "Combo", there))
                hand.hop()
                hand.until_it_follows(url(ardour))
                yield f"move {name}", _taken(hand.driver)


def bypasses(ardour: Ardour, chain: Chain, rounds: int) -> Iterator[Act]:
    """A plugin is switched off at a random moment between two full states, and stays off."""
    target, draw = url(ardour), np.random.default_rng(2)
    with _following(target, chain) as hand, OscSocket() as musician:
        # All are heard, so that the musician is the only one who switches them off.
        hand.until_it_follows(target)
        for number in range(rounds):
            plugin = 1 + number % len(PLUGINS)
            switch = f"{PLUGINS[plugin - 1]}/bypass"
            off = Message("/strip/plugin/deactivate", (1, plugin))
            to = ("127.0.0.1", ardour.port)
            change = threading.Timer(
                draw.uniform(0, sending.FULL_STATE_S), musician.send, (off, to)
            )
            change.start()
            for glide in range(round(2 * sending.FULL_STATE_S / 0.5)):
                hand.glide(glide)
            change.join()
            with connect(target, chain) as other:
                kept, yielded = other.read()[switch], hand.driver.yielded
            right = (kept, yielded) == (1.0, {switch: 1.0})
            yield "bypass", "" if right else f"{switch} is {kept}, and yours: {yielded}"
            hand.driver.arm()
            hand.until_it_follows(target)
            # What was sent before the arm may still come back.
            for _ in range(24):
                hand.hop()


def _taken(driver: Driver) -> str:
    """What is taken for a hand's; there was none."""
    return f"taken for the musician's: {driver.yielded}" if driver.yielded else ""


def of_chain(chain: Chain, seed: int) -> ChainSetting:
    """Every parameter drawn."""
    draw = np.random.default_rng(seed)
    return ChainSetting.of_normalised(chain, draw.random(len(chain.parameters)).tolist())


def url(ardour: Ardour) -> str:
    """Of all its tracks."""
    return f"ardour://127.0.0.1:{ardour.port}"


def _shows(ardour: Ardour, name: str, there: bool) -> bool:
    """Whether a plugin with this in its name is, or is not, on the track."""
    with Dialect(("127.0.0.1", ardour.port)) as dialect:
        plugins = dialect.plugins(dialect.tracks()[0])
        return any(name in plugin.name for plugin in plugins) is there


def parameters_of(ardour: Ardour, name: str) -> dict[str, float | None]:
    """The values of the only plugin on the track that has this in its name."""
    plugins = discover(url(ardour))[0].plugins
    (found,) = (plugin for plugin in plugins if name in plugin.plugin.name)
    return {p.name: p.value for p in found.parameters} | {"on": not found.plugin.bypassed}


def told(host: Host) -> dict[str, float]:
    """The host's values, or none while it is too busy to answer."""
    try:
        return host.read()
    except HostError:
        return {}


def near(values: dict[str, float], wanted: dict[str, float]) -> bool:
    """Whether all that is wanted is there."""
    return bool(values) and all(abs(values[s] - wanted[s]) < 0.02 for s in wanted)
