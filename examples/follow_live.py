"""Follow live playing, and print what the knobs do.

By itself it plays the demo's guitar into an effect host of its own; with a sound card and a DAW:

python examples/follow_live.py --source "My Interface" --reference record.wav
    --host ardour://127.0.0.1:3819/guitar
"""

import argparse

from bridge import Engine
from bridge.demo.run import INPUT, REFERENCE
from bridge.engine.session import Status


def show(status: Status) -> None:
    values = "  ".join(f"{address} {value:.2f}" for address, value in status.values.items())
    print(f"{status.time_s:5.1f} s  {status.state:11}  {values}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", default=INPUT)
    parser.add_argument("--reference", default=REFERENCE)
    parser.add_argument("--plugin", default="mda-overdrive", help="a plugin, a rig, or several")
    parser.add_argument("--host", default="embedded", help="`dafx-bridge hosts` lists them")
    parser.add_argument("--seconds", type=float, default=15.0)
    told = parser.parse_args()

    with Engine(told.source, told.reference, told.plugin, told.host) as engine:
        summary = engine.run(told.seconds, show)
    print(f"{summary.sends} values were sent")
    if summary.closeness:
        print("\n".join(summary.closeness.sentences))


# Needed: the engine starts processes, which import this file again.
if __name__ == "__main__":
    main()
