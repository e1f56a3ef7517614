"""Rows of the trial of packages, and the page that is made of them."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median

from benchmarks.packages.comparison import NOT_RENDERED, Compared
from bridge.adding.add import Added, Outcome

RESULT, CSV = Path("docs/results/packages.md"), Path("docs/results/packages")
WRONG = ("differs", "fails")
AGAIN = (*WRONG, NOT_RENDERED)
"""What is tried again where that is wanted: the other host may have failed."""
_CRASHES = ("crashes", "hangs", "ends its process", "memory")


@dataclass(frozen=True)
class Row:
    """One plugin."""

    uri: str
    name: str
    added: str
    reason: str
    parameters: str
    held: str
    verdict: str
    residue_db: str
    apart_db: str
    seconds: str
    cpu_s: str

    @classmethod
    def names(cls) -> list[str]:
        """Of the columns."""
        return [field.name for field in fields(cls)]

    @classmethod
    def of(cls, outcome: Outcome, beside: Compared, seconds: float, cpu_s: float) -> "Row":
        """What came of one plugin."""
        added = outcome if isinstance(outcome, Added) else None
        return cls(
            outcome.source,
            outcome.name,
            "yes" if added else "no",
            "" if isinstance(outcome, Added) else outcome.reason,
            str(len(added.plugin.parameters)) if added else "",
            "; ".join(f"{s}: {why}" for s, why in added.held.items()) if added else "",
            beside.verdict,
            "" if beside.residue_db is None else f"{beside.residue_db}",
            "" if beside.apart_db is None else f"{beside.apart_db}",
            f"{seconds:.1f}",
            f"{cpu_s:.1f}",
        )

    def fields(self) -> dict[str, str]:
        """By column."""
        return asdict(self)


def rows_of(file: Path) -> list[Row]:
    """What is known of a package; nothing where it was not tried."""
    if not file.exists():
        return []
    with file.open(newline="") as source:
        return [Row(**row) for row in csv.DictReader(source)]


def markdown(seen: Sequence[str], unseen: Sequence[str]) -> str:
    """The page."""
    lines = [
        "# LV2 effects of Debian's packages",
        "",
        "Every plugin was given to `dafx-bridge add`. *Broken* ones crash, hang or end their"
        " process as they start, in the child that tries them, and are refused; none has touched"
        " the bridge. *Right*: rendered as Ardour 7 renders it, at the defaults and two drawn"
        " settings, to -60 dB, or to 0.5 dB of spectrum where the size of blocks or slow knobs make"
        " another wave of it, or where it is random to twice the distance of two renders. *Not"
        " compared*: Ardour does not render it, or mixes its channels in another way. All at"
        " 44.1 kHz, but for some rows of x42, Guitarix, zam and DPF that were made at 48 kHz."
        " CPU seconds are those of the probe, in the median and of the slowest tenth.",
        "",
        "| package | tried | added | refused | of these broken | right | wrong | not compared |"
        " CPU s: median, 90 % |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_line(package) for package in seen),
        *(_line(package) for package in unseen if rows_of(CSV / f"{package}.csv")),
        "",
        *(_tuned(seen, unseen)),
        "## Why plugins are refused",
        "",
        "| reason | plugins |",
        "|---|---|",
        *(f"| {reason} | {count} |" for reason, count in _reasons(seen, unseen)),
        "",
        "## What differs",
        "",
        "| plugin | residue, dB | spectrum, dB |",
        "|---|---|---|",
        *_differing(seen, unseen),
        "",
        "Rows for each plugin: [packages/](packages). Written by `python -m benchmarks.packages`.",
    ]
    return "\n".join(lines) + "\n"


def _line(package: str) -> str:
    rows = rows_of(CSV / f"{package}.csv")
    added = [row for row in rows if row.added == "yes"]
    broken = [r for r in rows if r.added == "no" and any(c in r.reason for c in _CRASHES)]
    verdicts = Counter(row.verdict for row in added)
    right = verdicts["same"] + verdicts["alike"]
    wrong = verdicts["differs"] + verdicts["fails"]
    cpu = sorted(float(row.cpu_s) for row in added) or [0.0]
    numbers = (
        *(len(rows), len(added), len(rows) - len(added), len(broken)),
        *(right, wrong, len(added) - right - wrong),
    )
    slowest = cpu[int(0.9 * (len(cpu) - 1))]
    return f"| {package} | {' | '.join(map(str, numbers))} | {median(cpu):.1f}, {slowest:.1f} |"


def _tuned(seen: Sequence[str], unseen: Sequence[str]) -> list[str]:
    if not any(rows_of(CSV / f"{package}.csv") for package in unseen):
        return []
    told = (
        f"The host was made with the first {len(seen)} packages. The others came later, and are"
        " not unseen any more: they showed that libraries which plugins bring must stay loaded, and"
        " that plugins must start as in other hosts; their rows were made again after that."
    )
    return [told, ""]


def _all(*packages: Sequence[str]) -> list[Row]:
    return [row for each in packages for package in each for row in rows_of(CSV / f"{package}.csv")]


def _reasons(*packages: Sequence[str]) -> list[tuple[str, int]]:
    reasons = (_shortened(row.reason) for row in _all(*packages) if row.added == "no")
    return Counter(reasons).most_common()


def _shortened(reason: str) -> str:
    """Without numbers and names, so that like reasons fall together."""
    if reason.startswith("it has ") and "audio inputs" in reason:
        return "it has more than two audio inputs or outputs"
    return reason.partition(" (")[0].partition(":")[0]


def _differing(*packages: Sequence[str]) -> list[str]:
    return [
        f"| {row.name} `{row.uri}` | {row.residue_db} | {row.apart_db} |"
        for row in _all(*packages)
        if row.verdict in WRONG
    ]
