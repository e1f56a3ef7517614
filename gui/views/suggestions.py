"""Which of the plugins there are suit what was played: what is asked, and the ranking that came."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from bridge.estimate.closeness import in_words
from gui.views.catalogue import Entry, catalogue
from gui.views.hosts import EMBEDDED, host_choice, profile_of
from gui.views.setup import parsed, reference_report
from gui.views.values import Values, is_on, text
from gui.views.words import capital, sentence

NOTHING = "Doing nothing"
WATCHED = ("/input/connected", "/reference", "/reference/report", "/state")
"""What `why_not` goes by."""
HEADS = ("Plugin or rig", "Expected distance", "Nearer than nothing", "Kind")


@dataclass(frozen=True)
class Suggested:
    """One line of the ranking."""

    chain: str
    """As `/chain` takes it; empty for doing nothing."""
    cells: tuple[str, str, str, str]
    """As `HEADS`."""
    help: str

    @property
    def spoken(self) -> str:
        """All of it, for who does not see it."""
        return ", ".join((*filter(None, self.cells), self.help))


@dataclass(frozen=True)
class Ranked:
    """What came of it; two equal ones look the same."""

    words: str
    fault: bool = False
    """Whether the words say why there is no ranking."""
    rows: tuple[Suggested, ...] = ()
    """The likeliest first; all below doing nothing are no nearer than that."""
    left_out: tuple[str, ...] = ()
    """What could not be tried and why, a line for each reason."""
    left_out_count: int = 0


def why_not(values: Values) -> str:
    """Why it cannot be asked yet; empty where it can."""
    if not is_on(values, "/input/connected"):
        return "Choose an input first, and play"
    if not text(values, "/reference"):
        return "Choose a reference first"
    if reference_report(values) is None:
        return "Wait until the reference is read"
    if text(values, "/state", "idle") in ("idle", "filling"):
        return "Play for a moment first"
    return ""


def host_to_ask(values: Values) -> str:
    """The name of the host that is connected, where it tells what its tracks hold; else empty."""
    choice = host_choice(text(values, "/host"))
    profile = profile_of(choice.scheme)
    asked = choice.scheme != EMBEDDED and profile.discovers
    connected = text(values, "/host/state") == "connected"
    return profile.name.partition(" (")[0] if asked and connected else ""


def ranked(values: Values) -> Ranked:
    """What the engine has told last."""
    told = parsed(values, "/suggested")
    if not isinstance(told, dict):
        return Ranked("Nothing is ranked for this reference yet.")
    if error := told.get("error"):
        return Ranked(sentence(str(error)) + ".", fault=True)
    entries = {entry.id: entry for entry in catalogue(values)}
    chains, nothing = told.get("chains", []), told.get("nothing")
    rows = _with_nothing(chains, nothing, entries)
    left_out: Mapping[str, str] = told.get("left_out", {})
    reasons = tuple(_reasons(left_out, entries))
    return Ranked(_words(chains, nothing), not chains, rows, reasons, len(left_out))


def _words(chains: list[dict[str, Any]], nothing: float | None) -> str:
    if not chains or nothing is None:
        return "Nothing could be tried."
    if min(row["expected"] for row in chains) >= nothing:
        return "None of them is expected to come nearer than doing nothing."
    return (
        f"For what you played last, the likeliest first. {NOTHING} is {nothing:.2f} away:"
        f" {in_words(nothing)}."
    )


def _with_nothing(
    chains: list[dict[str, Any]], nothing: float | None, entries: Mapping[str, Entry]
) -> tuple[Suggested, ...]:
    far = inf if nothing is None else nothing
    rows = [_row(row, far, entries.get(row["chain"])) for row in chains]
    if nothing is not None:
        nearer = [place for place, row in enumerate(chains, 1) if row["expected"] < nothing]
        cells = (NOTHING, _distance(nothing), "", "")
        rows.insert(max(nearer, default=0), Suggested("", cells, "The playing as it is"))
    return tuple(rows)


def _row(row: Mapping[str, Any], nothing: float, entry: Entry | None) -> Suggested:
    likely = row.get("kind_probability")
    kind = entry.kind if entry else f"{row['chain'].count(',') + 1} plugins in a row"
    cells = (
        str(row["name"]),
        _distance(row["expected"]),
        f"{row['better']:.0%} sure" if row["expected"] < nothing else "no nearer",
        kind if likely is None else f"{kind}, {likely:.0%} likely",
    )
    band = f"With 80 % the distance lies between {row['low']:.2f} and {row['high']:.2f}"
    made = "" if likely is None else "; how likely its kind made the reference counts in the order"
    return Suggested(str(row["chain"]), cells, band + made)


def _distance(distance: float) -> str:
    return f"{distance:.2f}  {in_words(distance)}"


def _reasons(left_out: Mapping[str, str], entries: Mapping[str, Entry]) -> Iterable[str]:
    by_reason: dict[str, list[str]] = {}
    for chain, reason in left_out.items():
        name = entries[chain].name if chain in entries else chain
        by_reason.setdefault(reason, []).append(name)
    return (f"{', '.join(names)}: {capital(why)}" for why, names in by_reason.items())
