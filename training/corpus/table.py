"""The table of sources, hours and licences, and the checks that the splits are fit for use."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from training.corpus.catalogue import SPLITS
from training.corpus.gear import DI_PACKAGE
from training.corpus.stems import KINDS, Stem, load_index
from training.errors import TrainingError
from training.files import write_whole

LEAST_HOURS = {"train": 5.0, "validation": 1.0, "test": 1.0}
_ONE_GUITARIST = ", but for the guitarist of `--gear`, whose recordings are shared out"
_Splits = Mapping[str, Sequence[Stem]]


@dataclass(frozen=True)
class Row:
    """What one package gives to one split."""

    split: str
    package: str
    licence: str
    kinds: tuple[str, ...]
    stems: int
    hours: float


def report(corpus: Path, out: Path) -> list[str]:
    """Write `corpus.json` and `corpus.md` below `out`; returns what falls short, a line each.

    Raises TrainingError where the corpus was not built or two splits share audio or a package.
    """
    splits = {split.name: load_index(corpus, split.name) for split in SPLITS}
    refuse_leaks(splits)
    hours = {name: _hours(stems) for name, stems in splits.items()}
    rows = [row for name, stems in splits.items() for row in _rows(name, stems)]
    short = shortfalls(splits)
    figures = {
        "hours": hours,
        "sources": [asdict(row) for row in rows],
        "shortfalls": short,
    }
    write_whole(out / "corpus.json", json.dumps(figures, indent=1) + "\n")
    write_whole(out / "corpus.md", _markdown(hours, rows, short))
    return short


def refuse_leaks(splits: _Splits) -> None:
    """Raise TrainingError where a package or the same samples are in two splits."""
    owner: dict[str, str] = {}
    for name, stems in splits.items():
        for stem in stems:
            for shared in (*stem.package.split(", "), stem.sha256):
                if owner.setdefault(shared, name) != name:
                    raise TrainingError(
                        f"{shared} is in both {owner[shared]} and {name} ({stem.path}); delete it"
                        " from one of them, then run `dafx-train corpus` again"
                    )


def shortfalls(splits: _Splits) -> list[str]:
    """What the splits lack of `LEAST_HOURS` in total and of every kind, a line each."""
    lines = []
    for name, stems in splits.items():
        hours = _hours(stems)
        if sum(hours.values()) < LEAST_HOURS[name]:
            lines.append(
                f"{name} holds {sum(hours.values()):.2f} h, less than {LEAST_HOURS[name]:.0f} h"
            )
        lines += [f"{name} holds no {kind}" for kind in KINDS if kind not in hours]
    return lines


def _hours(stems: Sequence[Stem]) -> dict[str, float]:
    seconds: dict[str, float] = defaultdict(float)
    for stem in stems:
        seconds[stem.kind] += stem.seconds
    return {kind: round(total / 3600, 3) for kind, total in sorted(seconds.items())}


def _rows(split: str, stems: Sequence[Stem]) -> list[Row]:
    by_origin: dict[tuple[str, str], list[Stem]] = defaultdict(list)
    for stem in stems:
        by_origin[stem.package, stem.licence].append(stem)
    return [
        Row(
            split,
            package,
            licence,
            tuple(sorted({stem.kind for stem in group})),
            len(group),
            round(sum(stem.seconds for stem in group) / 3600, 3),
        )
        for (package, licence), group in sorted(by_origin.items())
    ]


def _markdown(
    hours: Mapping[str, Mapping[str, float]], rows: Sequence[Row], short: Sequence[str]
) -> str:
    gear = any(row.package.startswith(DI_PACKAGE) for row in rows)
    extra = {kind for of_split in hours.values() for kind in of_split} - set(KINDS)
    kinds = (*KINDS, *sorted(extra))
    lines = [
        "# The dry corpus",
        "",
        "Written by `dafx-train corpus`. No package, soundfont, speaker or recording is in two"
        f" splits{_ONE_GUITARIST if gear else ''}. All audio is mono at 48 kHz; each split's"
        " `index.json` holds the SHA-256 of every stem.",
        "",
        "## Hours",
        "",
        "| split | " + " | ".join(kinds) + " | total |",
        "|---" * (len(kinds) + 2) + "|",
    ]
    for name, of_split in hours.items():
        cells = [f"{of_split[kind]:.2f}" if kind in of_split else "-" for kind in kinds]
        lines.append(f"| {name} | {' | '.join(cells)} | {sum(of_split.values()):.2f} |")
    lines += ["", f"Falls short: {'; '.join(short) or 'nothing'}.", "", "## Sources", ""]
    lines += ["| split | package | licence | kinds | stems | hours |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row.split} | {row.package} | {row.licence} | {', '.join(row.kinds)} | {row.stems}"
        f" | {row.hours:.2f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"
