"""Whether playback stays whole beside a working search: gaps of the embedded host's output.

    python -m benchmarks.gaps [--seconds 600] [--hogs 1] [--output NAME] [--jack]

An engine plays the demo through its embedded host, on the system's output, follows it, and tries
settings in the background, beside so many processes that take all of a core each. --jack plays on a
JACK server of its own without a sound card, which keeps the time. Writes docs/results/gaps.json.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

from benchmarks.engine import PATIENCE_S, own_engine
from bridge.control import ControlClient

RESULT = Path(__file__).parents[1] / "docs" / "results" / "gaps.json"
_SETTLE_S = 3.0
_TOLD_EVERY_S = 1.0


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--hogs", type=int, default=1)
    parser.add_argument("--output", default="")
    parser.add_argument("--jack", action="store_true")
    arguments = parser.parse_args()
    with _server(arguments.jack):
        result = measure(arguments.seconds, arguments.hogs, arguments.output)
    result["device"] += " on a JACK server without a sound card" * arguments.jack
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def measure(seconds: float, hogs: int, output: str = "") -> dict[str, Any]:
    """Blocking, for so long. Exits with a sentence where there is nothing to play on."""
    with ExitStack() as stack:
        client, _ = stack.enter_context(own_engine())
        if output:
            client.send("/output", output)
        client.send("/demo")
        client.wait(lambda values: values.get("/state") == ("matching",), PATIENCE_S)
        client.wait(lambda values: values.get("/host/state") == ("connected",), PATIENCE_S)
        device = str(client.values["/output/device"][0])
        if not device:
            sys.exit("there is no sound output here; give --output, or --jack")
        client.send("/output/playing", 1)
        client.send("/follow", 1)
        _listen(client, _SETTLE_S)
        for _ in range(hogs):
            stack.callback(_hog().kill)
        client.send("/clear")
        first = client.values["/decisions"][0]
        gaps_by_s = _listen(client, seconds)
        values = client.values
        return {
            "seconds": seconds,
            "gaps": values["/output/gaps"][0],
            "gaps_at_s": gaps_by_s,
            "input_overflows": values["/input/overflows"][0],
            "decisions": int(values["/decisions"][0]) - int(first),
            "device": device,
            "hogs": hogs,
            "cores": os.cpu_count(),
            "load": [round(load, 1) for load in os.getloadavg()],
        }


def _listen(client: ControlClient, seconds: float) -> list[float]:
    """When gaps were told, in seconds from now, to a second."""
    began_s = told_s = time.monotonic()
    found, gaps = [], client.values.get("/output/gaps", (0,))[0]
    while (now_s := time.monotonic()) < began_s + seconds:
        client.poll(0.1)
        if now_s >= told_s + _TOLD_EVERY_S:
            told_s, now = now_s, client.values.get("/output/gaps", (0,))[0]
            if float(now) > float(gaps):
                found.append(round(now_s - began_s, 0))
            gaps = now
    return found


def _hog() -> multiprocessing.Process:
    process = multiprocessing.Process(target=_spin, daemon=True)
    process.start()
    return process


def _spin() -> None:
    while True:
        pass


def _server(wanted: bool) -> Any:
    if not wanted:
        return nullcontext()
    # Only whoever asks for it needs JACK's client.
    from tests.rigs.jack import jack_server

    return jack_server()


if __name__ == "__main__":
    main()
