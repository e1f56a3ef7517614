"""An engine of its own for a measurement."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory

from bridge.control import ControlClient
from bridge.osc import OscSocket
from gui.supervisor import engine_command

PATIENCE_S = 120.0


@contextmanager
def own_engine() -> Iterator[tuple[ControlClient, int]]:
    """A client of a new engine, and its port; the engine ends with the block."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        with OscSocket() as osc:
            port = osc.port
        engine = subprocess.Popen(engine_command(port, folder), stdout=subprocess.DEVNULL)
        stack.callback(engine.wait)
        client = stack.enter_context(ControlClient(port))
        stack.callback(client.send, "/quit")
        client.wait(lambda values: "/engine/time" in values, PATIENCE_S)
        yield client, port
