"""An embedded effect host of the engine's own: a child process that ends with it."""

import json
import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from typing_extensions import override

from bridge.audio.devices import default_output, device_name
from bridge.chain import Chain
from bridge.closing import Closing
from bridge.commands import command_line, first_line
from bridge.errors import HostError
from bridge.hosts import embedded
from bridge.osc import Message, OscSocket
from bridge.osc.udp import LOOPBACK

NAME = "embedded"
"""What stands in place of a URL."""
_READY_S = 60.0
_EXCHANGE_S = 10.0
_ANSWER_S = 0.3
_END_S = 3.0


class EmbeddedProcess(Closing):
    """Runs `dafx-bridge host` on what the engine listens to, and plays it where it can."""

    def __init__(self, chain: Chain, source: str, log: Path, output: str = "") -> None:
        """Blocking: waits until it listens, silently. Raises HostError where it does not.

        `output` is the device it plays on, empty for the system's own.
        """
        arguments = ["--plugin", chain.id, "--port", "0", "--attached", "--json", "--silent"]
        device = output or default_output() or ""
        self.output = (output or device_name(device)) if source and device else ""
        """The name of the device it plays on; empty where it plays on none."""
        if source:
            arguments += ["--input", source, "--repeat"]
            arguments += ["--play", device] if device else []
        with _opened(log) as errors:
            self._child = subprocess.Popen(
                command_line("host", *arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        try:
            self._address = (LOOPBACK, self._port(log))
            self.url = f"embedded://{LOOPBACK}:{self._address[1]}"
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._child.poll() is None

    def exchange(self, chain: Chain) -> bool:
        """Blocking: have it play another chain; whether it does."""
        end_s = time.monotonic() + _EXCHANGE_S
        with OscSocket() as client:
            # Only who has asked is told of a refusal.
            client.send(Message(embedded.CHAIN), self._address)
            embedded.exchange(self._address, chain.id)
            while self.alive and time.monotonic() < end_s:
                client.send(Message(embedded.CHAIN), self._address)
                while received := client.receive(_ANSWER_S):
                    told = [m.address for m in received[0] if m.arguments[:1] == (chain.id,)]
                    if embedded.CHAIN in told:
                        return True
                    if embedded.REFUSED in told:
                        return False
        return False

    @override
    def close(self) -> None:
        self._child.terminate()
        try:
            self._child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                pipe.close()

    def _port(self, log: Path) -> int:
        line = first_line(self._child, _READY_S)
        if not line:
            raise HostError(f"the embedded host does not start: {_last_line(log)}")
        return int(json.loads(line)["ready"]["port"])


def _opened(log: Path) -> IO[str]:
    """The log, empty; where it cannot be written, the host runs without."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("w", encoding="utf-8")
    except OSError:
        return Path(os.devnull).open("w", encoding="utf-8")


def _last_line(log: Path) -> str:
    with suppress(OSError):
        if said := log.read_text("utf-8", "replace").strip():
            return said.splitlines()[-1]
    return "it does not answer"
