"""Music to render: MMA grooves over random chord progressions, split into one track each.

MMA ("Musical MIDI Accompaniment", Debian package `mma`) is run as a child process.
"""

import random
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import mido

from training.errors import TrainingError

MMA_LIBRARY = Path("/usr/share/mma/lib/stdlib")
BARS = 24
_ROOTS = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
_QUALITIES = ["", "m", "7", "m7", "M7", "sus4", "6", "m6", "9", "dim", "5"]
_STEPS = [0, 0, 5, 7, 9, 2, 4, 10]
_KEPT_CONTROLLERS = (1, 64)
_MIN_NOTES = 8
DRUM_CHANNEL = 9


@dataclass(frozen=True)
class Track:
    """One instrument's part: MMA's track name, its MIDI channel and its messages."""

    name: str
    channel: int
    midi: mido.MidiFile


def groove_names() -> list[str]:
    """All grooves of MMA's library, sorted, without intros, endings and fills."""
    if not MMA_LIBRARY.is_dir():
        raise TrainingError(f"MMA is not installed ({MMA_LIBRARY} is missing): apt install mma")
    names = set()
    for path in MMA_LIBRARY.rglob("*"):
        if not path.is_file():
            continue
        for line in path.read_text(errors="replace").splitlines():
            found = re.match(r"DefGroove\s+(\S+)", line)
            if found and not re.search(r"(Intro|End|Fill)\d*$", found[1]):
                names.add(found[1])
    return sorted(names)


def compose(seed: int, grooves: list[str], folder: Path) -> list[Track]:
    """Write and play `BARS` bars over two random grooves; the same seed gives the same music.

    Returns no tracks where MMA refuses a groove.
    """
    draw = random.Random(seed)
    key = draw.randrange(12)
    lines = [f"RndSeed {seed}", f"Tempo {draw.randint(70, 170)}"]
    for section in range(2):
        lines.append(f"Groove {draw.choice(grooves)}")
        for bar in range(BARS // 2):
            root = _ROOTS[(key + draw.choice(_STEPS)) % 12]
            qualities = _QUALITIES[:8] if draw.random() < 0.8 else _QUALITIES
            lines.append(f"{bar + 1 + section * BARS // 2} {root}{draw.choice(qualities)}")
    score, midi = folder / f"{seed}.mma", folder / f"{seed}.mid"
    score.write_text("\n".join(lines) + "\n")
    done = subprocess.run(["mma", score, "-f", midi], capture_output=True, check=False)
    if done.returncode or not midi.exists():
        return []
    return list(_tracks(mido.MidiFile(midi)))


def _tracks(song: mido.MidiFile) -> list[Track]:
    tracks = []
    for track in song.tracks[1:]:
        notes = [m for m in track if m.type == "note_on" and m.velocity > 0]
        if len(notes) < _MIN_NOTES:
            continue
        part = mido.MidiFile(ticks_per_beat=song.ticks_per_beat)
        part.tracks.append(song.tracks[0])
        kept = mido.MidiTrack()
        wait = 0
        for message in track:
            wait += message.time
            if message.type in ("note_on", "note_off", "pitchwheel", "end_of_track") or (
                message.type == "control_change" and message.control in _KEPT_CONTROLLERS
            ):
                kept.append(message.copy(time=wait))
                wait = 0
        part.tracks.append(kept)
        tracks.append(Track(track.name, notes[0].channel, part))
    return tracks
