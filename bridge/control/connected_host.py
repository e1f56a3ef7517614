"""An effect host that is connected, and how another chain goes on where one has left off.

All of it blocks, and happens on threads of a pool.
"""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from typing_extensions import override

from bridge.chain import Chain
from bridge.closing import Closing
from bridge.control.embedded_process import NAME as EMBEDDED_PROCESS
from bridge.control.embedded_process import EmbeddedProcess
from bridge.control.host_trial import HostTrial, try_knob
from bridge.control.slots import addresses, staying
from bridge.drive.parameter_control import ParameterControl
from bridge.hosts import Host, connect

Played = tuple[str, str]
"""A source, and an output device; empty for the system's own."""


@dataclass
class ConnectedHost(Closing):
    """A host, and the control of a chain's parameters there."""

    url: str
    chain: Chain
    host: Host
    control: ParameterControl
    process: EmbeddedProcess | None
    """Where the engine has started the host."""
    restore: bool
    """Whether it gets its values back in the end."""
    played: Played
    """What a host of the engine's own plays, and on which device."""
    _spoken_to: Lock = field(default_factory=Lock)
    """Held by whoever speaks to it while the engine does not."""

    def plays_another_than(self, played: Played) -> bool:
        """Whether it is the engine's own, and plays something else, or elsewhere."""
        return self.process is not None and self.played != played

    @property
    def alive(self) -> bool:
        """False where the engine's own host has ended."""
        return self.process is None or self.process.alive

    def try_knob(self) -> HostTrial:
        """Turn one there and back; the engine must have let go of it. Raises HostError."""
        with self._spoken_to:
            return try_knob(self.host, self.chain)

    @override
    def close(self) -> None:
        """Give the host its values back, and leave it."""
        with self._spoken_to:
            if self.restore:
                self.control.revert()
            self._disconnect()
        if self.process:
            self.process.close()

    def leave(self, chain: Chain) -> "LeftHost":
        """Give back only what `chain` does not go on with; a host of the engine's own runs on."""
        with self._spoken_to:
            if self.restore:
                self.control.revert(keep=frozenset(addresses(staying(self.chain, chain))))
            self._disconnect()
        return LeftHost(self.chain, self.control, self.process, self.played)

    def _disconnect(self) -> None:
        self.control.close()
        self.host.close()


@dataclass
class LeftHost(Closing):
    """What one chain leaves to another in the same host."""

    chain: Chain
    control: ParameterControl
    process: EmbeddedProcess | None
    played: Played

    @override
    def close(self) -> None:
        """Nobody goes on."""
        if self.process:
            self.process.close()


def connect_host(
    url: str, chain: Chain, played: Played, log: Path, restore: bool, before: LeftHost | None
) -> ConnectedHost:
    """Control a chain in the host at `url`, from where another chain has left off there.

    `played` is what a host of the engine's own plays, `log` where it prints. Raises HostError
    where there is no such host.
    """
    process = _process(url, chain, played, log, before)
    try:
        url = process.url if process else url
        host = connect(url, chain)
        try:
            control = _control(host, chain, before)
        except BaseException:
            host.close()
            raise
    except BaseException:
        if process:
            process.close()
        raise
    return ConnectedHost(url, chain, host, control, process, restore, played)


def _control(host: Host, chain: Chain, before: LeftHost | None) -> ParameterControl:
    stay = frozenset(addresses(staying(before.chain, chain))) if before else frozenset()
    if before and before.process:
        own = before.control.driver.own.all_values
        host.set({address: own[address] for address in own.keys() & stay})
    control = ParameterControl(host, chain)
    if before:
        control.succeed(before.control, stay)
    return control


def _process(
    url: str, chain: Chain, played: Played, log: Path, before: LeftHost | None
) -> EmbeddedProcess | None:
    if url != EMBEDDED_PROCESS:
        return None
    if before and before.process:
        # Of a chain that is only defined otherwise it could not be told when it is exchanged.
        stays = before.chain.id != chain.id and before.played == played
        if stays and before.process.exchange(chain):
            return before.process
        before.process.close()
    source, output = played
    return EmbeddedProcess(chain, source, log, output)
