"""The dry recordings that a plugin is learned on: those that come along, and the user's own.

They become a small corpus of two splits. Held back are whole recordings where there are enough of
them, else the last part of each.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from training.corpus import Stem
from training.corpus.own import OWN_LICENCE, OWN_PACKAGE, add_own, find_own
from training.corpus.stems import INDEX, kind_of, measure
from training.errors import TrainingError
from training.files import write_whole

BUNDLED = Path(__file__).parent / "audio"
_BUNDLED_PACKAGE, _BUNDLED_LICENCE = "bundled recordings", "see training/learning/audio/README.md"
_EVERY = 5
"""One recording in so many is held back."""


def build_corpus(folder: Path, own: Sequence[Path], least_s: float) -> list[str]:
    """Write `folder/train` and `folder/validation` of the bundled recordings and those below `own`.

    Recordings shorter than `least_s` seconds cannot serve. Where there are own ones, no others are
    held back: what counts is the user's playing. Returns a line for each that was skipped. Raises
    TrainingError where a folder is missing, or too little is left.
    """
    skipped: list[str] = []
    splits: dict[str, list[Stem]] = {"train": [], "validation": []}
    sources = [("bundled", [BUNDLED], _BUNDLED_PACKAGE, _BUNDLED_LICENCE)]
    if own:
        sources.append(("own", list(own), OWN_PACKAGE, OWN_LICENCE))
    for name, folders, package, licence in sources:
        stems = folder / name
        stems.mkdir(parents=True, exist_ok=True)
        files = [(path, kind) for path, kind in find_own(folders) if path.suffix not in _NO_AUDIO]
        skipped += add_own(files, stems)
        paths = sorted(stems.glob("*.flac"))
        held_back = set(_held_back(paths)) if name == sources[-1][0] else set()
        for path in paths:
            seconds, sha256 = measure(path)
            if seconds < least_s:
                skipped.append(f"{path.name}: lasts {seconds:.0f} s; {least_s:.0f} s are needed")
                continue
            stem = Stem(f"../{name}/{path.name}", kind_of(path), seconds, package, licence, sha256)
            splits["validation" if path in held_back else "train"].append(stem)
    for split, found in splits.items():
        if not found:
            raise TrainingError(
                f"too little audio is left for {split}; give --audio DIR with several dry"
                f" recordings of at least {least_s:.0f} s"
            )
        rows = [asdict(stem) for stem in found]
        write_whole(folder / split / INDEX, json.dumps(rows, indent=1) + "\n")
    return skipped


_NO_AUDIO = {".md", ".txt"}


def _held_back(paths: Sequence[Path]) -> Iterable[Path]:
    """Every fifth recording, or the last fifth of each where there are fewer; stems are sorted."""
    recordings: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        recordings[path.name.rpartition("-")[0]].append(path)
    if len(recordings) >= _EVERY:
        for number, pieces in enumerate(recordings.values()):
            if number % _EVERY == 0:
                yield from pieces
        return
    for pieces in recordings.values():
        if len(pieces) > 1:
            yield from pieces[-max(len(pieces) // _EVERY, 1) :]
