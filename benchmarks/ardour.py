"""A musician disturbs a real Ardour while the bridge follows: how often something is wrong.

    python -m benchmarks.ardour [--rounds 20]

Each round: a plugin is inserted above and removed again, one is moved to another track and back,
one is bypassed, each at a random moment. Needs Debian's ardour, jackd2 and mda-lv2. Ardour runs on
a JACK server without a sound card, started here and ended again. Writes docs/results/ardour.json
and .md after every act; fails where something was wrong.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bridge.chain import Chain, chain_of
from bridge.library import Library
from tests.rigs.ardour import PLUGINS, ScriptedArdour
from tests.rigs.ardour_hand import Act, bypasses, insertions, moves
from tests.rigs.jack import jack_server

RESULT = Path("docs/results/ardour")
Disturb = Callable[[ScriptedArdour, Chain, int], Iterator[Act]]


@dataclass
class Tally:
    """What was done so far, and what was wrong then."""

    rounds: int
    times: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    wrong: list[Act] = field(default_factory=list)
    seconds: float = 0.0

    def take(self, act: str, fault: str) -> None:
        """Count it, and write at once."""
        self.times[act] += 1
        if fault:
            self.wrong.append((act, fault))
            print(f"{act}: {fault}", flush=True)
        RESULT.with_suffix(".json").write_text(json.dumps(self.figures(), indent=1) + "\n")
        RESULT.with_suffix(".md").write_text(self.markdown())

    def figures(self) -> dict[str, object]:
        """For JSON."""
        return {
            "rounds": self.rounds,
            "seconds": round(self.seconds),
            "acts": [
                {"act": act, "times": times, "wrong": self._wrong(act)}
                for act, times in self.times.items()
            ],
            "faults": self.wrong,
        }

    def markdown(self) -> str:
        """The table."""
        lines = [
            "# A musician disturbs Ardour while the bridge follows",
            "",
            f"A chain of {len(PLUGINS)} plugins in a real Ardour, every knob gliding; each act at a"
            f" random moment. {self.rounds} rounds were asked for.",
            "",
            "| act | times | wrong |",
            "|---|---|---|",
            *(f"| {act} | {times} | {self._wrong(act)} |" for act, times in self.times.items()),
            *(f"\n{act}: {fault}" for act, fault in self.wrong),
            "",
            "Wrong is: a plugin that is not the chain's was written to, a knob was taken for the"
            " musician's that was not, a bypass was undone, or the bridge did not follow again"
            " within a minute. Written by `python -m benchmarks.ardour`.",
        ]
        return "\n".join(lines) + "\n"

    def _wrong(self, act: str) -> int:
        return sum(name == act for name, _ in self.wrong)


def main() -> None:
    """Disturb and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    tally = Tally(parser.parse_args().rounds)
    with tempfile.TemporaryDirectory() as folder, jack_server():
        for disturb in (insertions, moves, bypasses):
            with ScriptedArdour(Path(folder) / disturb.__name__) as ardour:
                try_out(disturb, ardour, tally)
    sys.exit(bool(tally.wrong))


def try_out(disturb: Disturb, ardour: ScriptedArdour, tally: Tally) -> None:
    """One way to disturb, until the rounds are over or the bridge is lost."""
    chain = chain_of(",".join(PLUGINS), Library().manifest)
    started_s = time.monotonic() - tally.seconds
    try:
        for act, fault in disturb(ardour, chain, tally.rounds):
            tally.seconds = time.monotonic() - started_s
            tally.take(act, fault)
            print(f"{tally.seconds:6.0f} s  {act} {tally.times[act]}", flush=True)
    except TimeoutError as error:
        tally.take(disturb.__name__, str(error))


if __name__ == "__main__":
    main()
