"""Dry clips through captures of real gear: pairs of dry and wet audio that no plugin made.

Each split has a folder with one folder for each capture, and an index of all their pairs. A
capture is rendered whole or not at all, so a build that was stopped goes on with the next one.
Captures are read by `neural-amp-modeler`, an optional package.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from zlib import crc32

import numpy as np
import soundfile
from pydantic import TypeAdapter, ValidationError
from rich.progress import track

from bridge.arrays import Audio
from training.corpus.gear import DI_KEY
from training.corpus.stems import INDEX, PEAK_LIMIT, SAMPLE_RATE, Stem
from training.errors import TrainingError
from training.files import write_whole
from training.workers import as_done, executor

CLIP_S = 7.0
CLIPS = {"train": 16, "validation": 6}
"""Pairs of one capture."""
DRIVE_PEAK = 0.5
"""Peak of a clip that drives a capture, as a direct input's into an interface."""

_SOURCES = ("direct input", "direct input", "guitar", "bass")
"""Clips are taken from these in turn; from guitars where there is no direct input."""
_PARTS = 7
_PART_RMS = 0.01
_MAX_REDRAWS = 50
_PAIRS = "pairs.json"


@dataclass(frozen=True)
class GearPair:
    """One dry clip and what a capture makes of it: two FLAC files, mono 48 kHz, equally long.

    `dry` and `wet` are paths from the split's folder; `stem`, of the corpus, and `start_s` tell
    where the dry clip comes from. All wet clips of a capture have the same `wet_gain_db` in them,
    which keeps them from clipping. `sha256` is that of the capture's file.
    """

    capture: str
    split: str
    kind: str
    stem: str
    start_s: float
    seconds: float
    dry: str
    wet: str
    wet_gain_db: float
    sha256: str


def require_reader() -> None:
    """Raise TrainingError where the package that reads captures is not installed."""
    if find_spec("nam") is None:
        raise TrainingError(
            "captures of gear are read by neural-amp-modeler, which is not installed: pip install"
            " 'dafx-bridge[gear]', or take captures/ out of the folder of --gear"
        )


def load_pairs(folder: Path, split: str) -> list[GearPair]:
    """The pairs of one split below `folder`. Raises TrainingError without any, or a valid index."""
    index = folder / split / INDEX
    if not index.exists():
        raise TrainingError(f"no pairs of gear at {index}: run `dafx-train corpus --gear DIR`")
    try:
        return TypeAdapter(list[GearPair]).validate_json(index.read_bytes())
    except ValidationError as error:
        raise TrainingError(f"{index}: {error.errors()[0]['msg']}; write it again") from None


def render_captures(
    captures: Sequence[Path],
    stems: Sequence[Stem],
    corpus: Path,
    folder: Path,
    processes: int,
) -> list[str]:
    """Play clips of `stems`, which lie in `corpus`, through each capture not rendered yet.

    Writes the pairs and their index below `folder`, whose name is the split's. Returns one line
    for each capture that cannot be read. Raises TrainingError where the reader is not installed or
    the stems hold no guitar.
    """
    if not captures:
        return []
    require_reader()
    jobs = [(path, stems, corpus, folder) for path in captures]
    missing = [job for job in jobs if _done(job[0], folder) is None]
    skipped = []
    with executor(processes) as pool:
        rendered = as_done(pool, _render, missing)
        title = f"{folder.name}: captures"
        for reason in track(rendered, title, total=len(missing), disable=not missing):
            skipped += [reason] if reason else []
            _write_index(captures, folder)
    _write_index(captures, folder)
    return skipped


def _write_index(captures: Sequence[Path], folder: Path) -> None:
    pairs = [pair for path in captures for pair in _done(path, folder) or ()]
    write_whole(folder / INDEX, json.dumps([asdict(pair) for pair in pairs], indent=1) + "\n")


def _done(capture: Path, folder: Path) -> list[GearPair] | None:
    """The pairs of a capture, None where it is not rendered yet or has changed since."""
    path = folder / capture.stem / _PAIRS
    if not path.exists():
        return None
    pairs = [GearPair(**entry) for entry in json.loads(path.read_text())]
    is_current = len(pairs) == CLIPS[folder.name] and pairs[0].sha256 == _digest(capture)
    return pairs if is_current else None


def _render(job: tuple[Path, Sequence[Stem], Path, Path]) -> str | None:
    """Render one capture; returns why it was skipped."""
    capture, stems, corpus, folder = job
    draw = np.random.default_rng(crc32(f"{folder.name} {capture.stem}".encode()))
    clips = [_clip(draw, number, stems, corpus) for number in range(CLIPS[folder.name])]
    try:
        wets = _play(capture, [dry for _, _, dry in clips])
    except (ValueError, KeyError, TypeError, RuntimeError, NotImplementedError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return f"{capture}: neural-amp-modeler cannot read it ({reason})"
    gain = min(1.0, PEAK_LIMIT / max(float(np.abs(wet).max()) for wet in wets))
    pairs = []
    for number, ((stem, start_s, dry), wet) in enumerate(zip(clips, wets, strict=True)):
        pair = GearPair(
            capture=capture.stem,
            split=folder.name,
            kind=stem.kind,
            stem=stem.path,
            start_s=start_s,
            seconds=len(dry) / SAMPLE_RATE,
            dry=f"{capture.stem}/{number:02d}-dry.flac",
            wet=f"{capture.stem}/{number:02d}-wet.flac",
            wet_gain_db=round(20 * float(np.log10(gain)), 2),
            sha256=_digest(capture),
        )
        (folder / pair.dry).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / pair.dry, dry, SAMPLE_RATE, subtype="PCM_24")
        soundfile.write(folder / pair.wet, gain * wet, SAMPLE_RATE, subtype="PCM_24")
        pairs.append(pair)
    write_whole(
        folder / capture.stem / _PAIRS, json.dumps([asdict(pair) for pair in pairs], indent=1)
    )
    return None


def _clip(
    draw: np.random.Generator, number: int, stems: Sequence[Stem], corpus: Path
) -> tuple[Stem, float, Audio]:
    """A stem, where its clip begins in seconds, and the clip, which is nowhere silent."""
    long_enough = [stem for stem in stems if stem.seconds > CLIP_S]
    wanted = _SOURCES[number % len(_SOURCES)]
    chosen = [stem for stem in long_enough if wanted == stem.kind]
    if wanted == "direct input":
        chosen = [stem for stem in long_enough if DI_KEY in stem.path]
    chosen = chosen or [stem for stem in long_enough if stem.kind == "guitar"]
    if not chosen:
        raise TrainingError(f"{corpus} holds no guitar to play through captures; build it first")
    for _ in range(_MAX_REDRAWS):
        stem = chosen[draw.integers(len(chosen))]
        start_s = round(draw.uniform(0, stem.seconds - CLIP_S), 3)
        start = round(start_s * SAMPLE_RATE)
        frames = round(CLIP_S * SAMPLE_RATE)
        audio, _ = soundfile.read(corpus / stem.path, frames, start, dtype="float32")
        parts = np.array_split(audio, _PARTS)
        if min(float(np.sqrt(np.mean(part**2))) for part in parts) > _PART_RMS:
            return stem, start_s, audio * (DRIVE_PEAK / float(np.abs(audio).max()))
    raise TrainingError(f"{corpus}: {_MAX_REDRAWS} silent clips in a row; check the corpus")


def _play(capture: Path, clips: Sequence[Audio]) -> list[Audio]:
    import torch
    from nam.models import init_from_nam

    model = init_from_nam(json.loads(capture.read_text())).eval()
    with torch.inference_mode():
        return [model(torch.from_numpy(clip), pad_start=True).numpy() for clip in clips]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
