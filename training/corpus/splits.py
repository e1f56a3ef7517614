"""Build the splits and their indexes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.progress import track

from training.corpus.captures import render_captures, require_reader
from training.corpus.catalogue import SPLITS
from training.corpus.gear import DI_KEY, DI_LICENCE, DI_PACKAGE, Gear, find_gear
from training.corpus.kits import play_kit
from training.corpus.music import play_songs
from training.corpus.notes import gather_notes
from training.corpus.own import OWN_LICENCE, OWN_PACKAGE, OWN_PREFIX, add_own, find_own
from training.corpus.packages import DOWNLOADS
from training.corpus.recordings import gather_recordings, gather_speech, join_recordings
from training.corpus.sources import KitSource, RecordingsSource, Split
from training.corpus.stems import INDEX, Stem, kind_of, load_index, measure
from training.errors import TrainingError
from training.files import write_whole

OWN_SPLIT = "train"


def build(
    folder: Path,
    own: Sequence[Path] = (),
    downloads: Path = DOWNLOADS,
    processes: int = 2,
    gear: Path | None = None,
) -> list[str]:
    """Build all splits below `folder`; the recordings below the folders `own` join training.

    Of the folder `gear` the direct-input recordings join training and validation, and the captures
    make pairs of dry and wet clips in the folder `gear` beside `folder`. Returns one line, naming
    the file and the reason, for each recording and capture that was skipped. Raises TrainingError
    where a package or a folder is missing.
    """
    recordings = find_own(own)
    skipped = []
    for split in SPLITS:
        joining = recordings if split.name == OWN_SPLIT else []
        found = find_gear(gear, split.name) if gear else Gear()
        if found.captures:
            require_reader()
        skipped += build_split(
            split, folder / split.name, processes, downloads, joining, found.direct_inputs
        )
        skipped += render_captures(
            found.captures,
            load_index(folder, split.name),
            folder / split.name,
            folder.parent / "gear" / split.name,
            processes,
        )
    return skipped


def build_split(
    split: Split,
    folder: Path,
    processes: int,
    downloads: Path = DOWNLOADS,
    own: Sequence[tuple[Path, str]] = (),
    direct_inputs: Sequence[Path] = (),
) -> list[str]:
    """Build one split in `folder` with a user's files `own`, each with its kind.

    The files `direct_inputs` are guitars. Returns a line for each recording that was skipped, of
    the packages or of these. Raises TrainingError where a package is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    skipped = add_own(own, folder)
    if direct_inputs:
        skipped += join_recordings(direct_inputs, DI_KEY, "guitar", folder)
    for music in split.music:
        play_songs(music, folder, f"{split.name}: music", processes)
    if split.speech:
        skipped += gather_speech(split.speech, folder)
    for source in track(split.real, f"{split.name}: recordings", disable=not split.real):
        if isinstance(source, RecordingsSource):
            skipped += gather_recordings(source, folder)
        elif isinstance(source, KitSource):
            skipped += play_kit(source, folder)
        else:
            skipped += gather_notes(source, folder, downloads)
    _write_index(split, folder)
    return skipped


def _write_index(split: Split, folder: Path) -> None:
    stems = list(_stems(split, folder))
    if not stems:
        raise TrainingError(f"{split.name}: no audio came out; are the packages installed?")
    write_whole(folder / INDEX, json.dumps([asdict(stem) for stem in stems], indent=1) + "\n")


def _stems(split: Split, folder: Path) -> Iterator[Stem]:
    """The stems in `folder`; only those newer than the index are measured."""
    index = folder / INDEX
    indexed = load_index(folder.parent, folder.name) if index.exists() else []
    known = {stem.path: (stem.seconds, stem.sha256) for stem in indexed}
    indexed_at = index.stat().st_mtime if index.exists() else 0.0
    for path in sorted(folder.glob("*.flac")):
        is_known = path.name in known and path.stat().st_mtime < indexed_at
        seconds, sha256 = known[path.name] if is_known else measure(path)
        yield Stem(path.name, kind_of(path), seconds, *_origin(split, path), sha256)


def _origin(split: Split, path: Path) -> tuple[str, str]:
    """Package and licence of a stem."""
    if path.name.startswith(OWN_PREFIX):
        return OWN_PACKAGE, OWN_LICENCE
    if path.name.startswith(f"real-{DI_KEY}-"):
        return f"{DI_PACKAGE} {split.name}", DI_LICENCE
    for source in split.real:
        if path.name.startswith(f"real-{source.key}-"):
            return source.package, source.licence
    if split.speech and kind_of(path) == "speech":
        return split.speech.package, split.speech.licence
    seed = int(path.name.split("_")[0])
    music = next(each for each in split.music if seed in each.seeds)
    return music.package, music.licence
