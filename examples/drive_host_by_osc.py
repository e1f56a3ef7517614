"""Turn the knobs of the embedded effect host from your own program, by OSC alone.

Any OSC library will do in the place of `bridge.osc`. It starts `dafx-bridge host` on the demo's
guitar, opens the drive slowly, asks what the host has, and writes what came out:
python examples/drive_host_by_osc.py [OUT.wav] [--seconds 5]
"""

import argparse
import json
import subprocess
import sys
import time

from bridge.demo.run import INPUT
from bridge.osc import Message, OscSocket

SLOT = "pedalboard-distortion"
_STEPS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", default="driven.wav")
    parser.add_argument("--seconds", type=float, default=5.0)
    told = parser.parse_args()

    command = [sys.executable, "-m", "bridge", "host", "--plugin", SLOT, "--port", "0", "--json"]
    command += ["--input", str(INPUT), "--out", told.out, "--seconds", str(told.seconds)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host,
        OscSocket() as client,
    ):
        lines = map(json.loads, host.stdout or ())
        to = ("127.0.0.1", next(lines)["ready"]["port"])
        for step in range(_STEPS + 1):
            client.send(Message(f"/{SLOT}/drive_db", (60.0 * step / _STEPS,)), to)
            time.sleep(0.6 * told.seconds / _STEPS)
        client.send(Message(f"/{SLOT}/drive_db"), to)
        received = client.receive(2.0)
        print(f"the host says: {received[0] if received else 'nothing'}")
        print(f"{next(lines)['done']['frames']} frames written to {told.out}")


if __name__ == "__main__":
    main()
