"""SuperCollider's server without sclang: one synth whose definition is written here, byte by byte.

It runs as a child process and is driven over OSC; its audio goes through the JACK server that the
environment names.
"""

import socket
import struct
import subprocess
from contextlib import suppress
from pathlib import Path

from bridge.closing import Closing
from bridge.osc import Message, OscSocket
from tests.rigs.children import start, stop, wait_for
from tests.rigs.installed import required

SYNTH = "overdrive"
CONTROLS = {"drive": 0.0, "muffle": 0.0, "output": 0.5}
"""The synth's controls, by the manifest's symbols; `output` is a factor, the others do nothing."""
INPUT = "SuperCollider:in_1"
OUTPUT = "SuperCollider:out_1"
_NODE = 1000
_CONTROL_RATE, _AUDIO_RATE = 1, 2
_TIMES = 2
"""The special index of a BinaryOpUGen that multiplies."""
_OUTPUTS = 2
_ANSWER_S = 0.2
_QUIT_S = 5


class Scsynth(Closing):
    """A server that plays `SYNTH` from its first input to its first output."""

    def __init__(self, folder: Path) -> None:
        program = required("scsynth", "supercollider-server")
        self._folder = folder
        self.port = _free_port()
        options = ("-B", "127.0.0.1", "-i", _OUTPUTS, "-o", _OUTPUTS, "-D", 0, "-R", 0)
        log = folder / "scsynth.log"
        self._child = start(program, "-u", self.port, *options, log=log)
        try:
            wait_for("scsynth", self._up)
            self.play()
        except BaseException:
            self.close()
            raise

    def play(self) -> None:
        """Begin the synth, anew where it plays already."""
        definition = self._folder / f"{SYNTH}.scsyndef"
        definition.write_bytes(_definition())
        self._ask(Message("/d_load", (str(definition),)), "/done")
        self._ask(Message("/n_free", (_NODE,)))
        self._ask(Message("/s_new", (SYNTH, _NODE, 0, 0)))

    def close(self) -> None:
        """End it, by its own command: JACK waits for a client that ends in another way."""
        with OscSocket() as client:
            client.send(Message("/quit"), ("127.0.0.1", self.port))
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(_QUIT_S)
        stop(self._child)

    def _up(self) -> bool:
        if self._child.poll() is not None:
            raise RuntimeError(f"scsynth ended:\n{(self._folder / 'scsynth.log').read_text()}")
        with OscSocket() as client:
            client.send(Message("/status"), ("127.0.0.1", self.port))
            return client.receive(_ANSWER_S) is not None

    def _ask(self, message: Message, answer: str = "/synced") -> None:
        """Send a command and wait until the server has carried it out."""
        with OscSocket() as client:
            to = ("127.0.0.1", self.port)
            client.send(message, to)
            client.send(Message("/sync", (1,)), to)

            def answered() -> bool:
                received = client.receive(_ANSWER_S)
                return bool(received and received[0][0].address == answer)

            wait_for(f"scsynth to carry out {message}", answered)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _definition() -> bytes:
    """`Out.ar(0, In.ar(2) * output)` in the SynthDef2 file format, version 2."""
    constants = (0.0, float(_OUTPUTS))
    units = (
        _unit("Control", _CONTROL_RATE, (), [_CONTROL_RATE] * len(CONTROLS)),
        # The first input bus comes after the output buses.
        _unit("In", _AUDIO_RATE, ((-1, 1),), [_AUDIO_RATE]),
        _unit(
            "BinaryOpUGen",
            _AUDIO_RATE,
            ((1, 0), (0, list(CONTROLS).index("output"))),
            [_AUDIO_RATE],
            special=_TIMES,
        ),
        _unit("Out", _AUDIO_RATE, ((-1, 0), (2, 0)), []),
    )
    names = (_text(name) + struct.pack(">i", n) for n, name in enumerate(CONTROLS))
    return b"".join(
        (
            b"SCgf",
            struct.pack(">ih", 2, 1),
            _text(SYNTH),
            struct.pack(f">i{len(constants)}f", len(constants), *constants),
            struct.pack(f">i{len(CONTROLS)}f", len(CONTROLS), *CONTROLS.values()),
            struct.pack(">i", len(CONTROLS)),
            *names,
            struct.pack(">i", len(units)),
            *units,
            struct.pack(">h", 0),
        )
    )


def _unit(
    name: str,
    rate: int,
    inputs: tuple[tuple[int, int], ...],
    outputs: list[int],
    special: int = 0,
) -> bytes:
    """A unit generator; an input is (unit, its output) or (-1, constant)."""
    return (
        _text(name)
        + struct.pack(">biih", rate, len(inputs), len(outputs), special)
        + b"".join(struct.pack(">ii", *pair) for pair in inputs)
        + bytes(outputs)
    )


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("ascii")
