"""`dafx-bridge match` on recordings that are drawn by chance.

    python -m tests.fuzz.match --minutes 10

Whatever comes in, it ends with 0 and a file like its input, or with 3 and one line; what is read
stays as it is. Prints each kind of fault once, with the case that showed it, and ends with 1 where
there was any. Where a library brings the whole process down, the case is in `LAST_CASE`. What came
out is written to docs/results/fuzz.md.
"""

import argparse
import faulthandler
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bridge.errors import AudioError
from bridge.library import Library
from tests.faults.acts import inside
from tests.faults.row import Outcome, Room
from tests.fuzz.recordings import Recording, recordings

LAST_CASE = Path(tempfile.gettempdir()) / "dafx-bridge-fuzz-case.txt"
RESULT = Path("docs/results/fuzz.md")
_LONGEST_S = 12.0
_AT_ONCE = 10
"""Cases between two looks at the clock."""
_PLUGINS = tuple(plugin.id for plugin in Library().manifest.plugins if plugin.model)


@dataclass
class Tally:
    """What came out so far."""

    end_s: float
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    """The first case of each."""
    refusals: Counter[str] = field(default_factory=Counter)
    """How often each was given as the reason."""

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self.end_s

    def take(self, kind: str, case: str) -> None:
        """A fault."""
        self.outcomes["fault"] += 1
        if kind not in self.faults:
            self.faults[kind] = case
            print(f"FAULT {kind}\n  {case}", flush=True)


def try_case(
    tally: Tally, source: Recording, reference: Recording, plugin: str, budget_s: float
) -> None:
    """Run one case, and judge what came of it."""
    case = f"{plugin}, {budget_s} s: {source} towards {reference}"
    LAST_CASE.write_text(f"{case}\n")
    with TemporaryDirectory() as folder:
        room = Room(Path(folder), Path(folder))
        paths = source.write(room.path("input")), reference.write(room.path("reference"))
        if None in paths:
            tally.outcomes["cannot be written"] += 1
            return
        before = room.contents()
        out = room.path("wet.wav")
        arguments = (*paths, "--plugin", plugin, "--out", out, "--budget-s", budget_s)
        try:
            outcome = inside("match", *arguments)(room)
        # Whatever comes is what is looked for.
        except Exception as error:
            tally.take(f"{type(error).__name__}: {error}", case)
            return
        after = room.contents()
        written = after.pop(out.name, None) is not None
        if after != before:
            tally.take("what is read has changed, or something is left behind", case)
        fault = _fault(outcome, written, paths[0], out)
        if fault:
            tally.take(fault, case)
            return
        tally.outcomes[f"exit code {outcome.code}"] += 1
        if outcome.code:
            tally.refusals[_reason(outcome.err)] += 1


def _fault(outcome: Outcome, written: bool, source: Path | None, out: Path) -> str:
    """What is wrong; empty where all is as it should be."""
    if outcome.code == AudioError.exit_code:
        line = outcome.err.startswith("error: ") and outcome.err.count("\n") == 1
        return "" if line and not written else f"not one line, or a file: {outcome.err!r}"
    if outcome.code:
        return f"exit code {outcome.code}: {outcome.err!r}"
    if not written:
        return "no file was written"
    wet, rate = soundfile.read(out, always_2d=True)
    dry = soundfile.info(source)
    if not np.isfinite(wet).all():
        return "the result holds NaN or infinite samples"
    if (len(wet), wet.shape[1], rate) != (dry.frames, dry.channels, dry.samplerate):
        return "the result has another length, rate or number of channels"
    return ""


def _reason(line: str) -> str:
    """What a refusal says, without the file's name and the numbers."""
    return re.sub(r"[\d.]+", "N", line.strip().split(": ", 2)[-1].partition(";")[0])


def markdown(tally: Tally, minutes: float) -> str:
    """What came out."""
    lines = [
        "# `match` on recordings that are drawn by chance",
        "",
        f"{tally.outcomes.total()} cases in {minutes:g} minutes: format, rate, channels, level,"
        " length and content of both recordings, the plugin, and 0 or 0.5 s of budget. A case is"
        " right where it ends with 0 and a file like its input, or with 3 and one line, and what is"
        " read stays as it is.",
        "",
        "| outcome | cases |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in sorted(tally.outcomes.items())),
        "",
        "| refused as | cases |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in tally.refusals.most_common()),
        "",
        "Faults:" if tally.faults else "No fault.",
        *(f"\n- {kind}: {case}" for kind, case in tally.faults.items()),
        "",
        "Written by `make fuzz`.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Try cases until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes = parser.parse_args().minutes
    tally = Tally(time.monotonic() + 60 * minutes)
    faulthandler.enable()

    @settings(
        max_examples=_AT_ONCE,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        recordings(_LONGEST_S),
        recordings(_LONGEST_S),
        st.sampled_from(_PLUGINS),
        st.sampled_from((0.0, 0.0, 0.5)),
    )
    def some(source: Recording, reference: Recording, plugin: str, budget_s: float) -> None:
        if not tally.over:
            try_case(tally, source, reference, plugin, budget_s)

    while not tally.over:
        some()
    counted = ", ".join(f"{count} {name}" for name, count in sorted(tally.outcomes.items()))
    print(f"{tally.outcomes.total()} cases in {minutes:g} minutes: {counted}")
    RESULT.write_text(markdown(tally, minutes), encoding="utf-8")
    sys.exit(bool(tally.faults))


if __name__ == "__main__":
    main()
