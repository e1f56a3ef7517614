"""Whether what a musician turns is kept, at whatever moment, in every host that tells it.

    python -m benchmarks.hands [--jumps 40]

Against the tests' fakes of the hosts, which look at what has come in as often as the real ones do.
Writes docs/results/hands.json and .md; fails where a jump was not kept.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bridge.chain import chain_of
from bridge.library import Library
from tests.hands import EACH, jumps

RESULT = Path("docs/results/hands")


def main() -> None:
    """Jump and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jumps", type=int, default=40)
    count = parser.parse_args().jumps
    chain = chain_of("mda-overdrive", Library().manifest)
    rows = []
    for kind, tick_s in EACH:
        with kind(chain, tick_s) as fake:
            faults = list(jumps(fake, count))
        lost = [fault for fault in faults if fault]
        rows.append({"host": fake.scheme, "tick_s": tick_s, "jumps": len(faults), "lost": lost})
        print(json.dumps(rows[-1]), flush=True)
    RESULT.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")
    RESULT.with_suffix(".md").write_text(markdown(rows))
    sys.exit(any(row["lost"] for row in rows))


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The table."""
    lines = [
        "# Knobs that a musician turns while the bridge turns all of them",
        "",
        "A knob jumps at a random moment; it is kept where the host has its value a second later,"
        " and the bridge calls it the musician's. Against the tests' fakes of the hosts.",
        "",
        "| host | looks every, ms | jumps | kept |",
        "|---|---|---|---|",
    ]
    for row in rows:
        kept = row["jumps"] - len(row["lost"])
        lines.append(f"| {row['host']} | {1000 * row['tick_s']:g} | {row['jumps']} | {kept} |")
    lines += [f"\n{row['host']}: {lost}" for row in rows for lost in row["lost"]]
    lines += ["", "Written by `python -m benchmarks.hands`."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
