"""Drum grooves from recorded one-shots: MMA's drum parts played on a kit's own recordings."""

import random
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bridge.arrays import Audio
from bridge.errors import AudioError
from training.corpus.recordings import files_of, read_mono
from training.corpus.sources import KitSource
from training.corpus.stems import MIN_STEM_S, SAMPLE_RATE, condition, faded, write_stem
from training.errors import TrainingError
from training.grooves import DRUM_CHANNEL, Track, compose, groove_names

_HIT_S = 3.0
_FADE_S = 0.02
_SILENT = 1e-4
_ROLES = {
    "kick": r"kick|^bd|_bd|bass.?drum|thump|bass$|_k_",
    "hat": r"hat|hh|^h[co]_|maraca|shake",
    "snare": r"snare|^s[dnr]|_sn|rim|clap|slap|snap|stick|tas",
    "cymbal": r"crash|ride|cymbal|china|splash|bell|^rd|^[cr]c_",
    "tom": r"tom|^ft|^t\d|conga|bongo|head|tone|tun|ghe",
}
"""What a one-shot is, by its file's name in lower case; the first that fits."""
_NOTES = {
    "kick": (35, 36),
    "snare": (37, 38, 39, 40),
    "hat": (42, 44, 46),
    "tom": (41, 43, 45, 47, 48, 50),
    "cymbal": (49, 51, 52, 53, 55, 57, 59),
}
"""General MIDI's drum notes; all others are played by any one-shot of the kit."""


def play_kit(source: KitSource, folder: Path) -> list[str]:
    """Write `real-KEY-SEED_drums.flac` for every song that is not there yet.

    Returns one line for each one-shot that was skipped. Raises TrainingError where the package or
    MMA is missing.
    """
    done = folder / f".real-{source.key}"
    if done.exists():
        return done.read_text().splitlines()
    kit, skipped = _load(files_of(source))
    if not kit:
        raise TrainingError(f"{source.folder} holds no one-shot; reinstall {source.package}")
    grooves = groove_names()
    for seed in source.seeds:
        with tempfile.TemporaryDirectory() as scratch:
            tracks = compose(seed, grooves, Path(scratch))
        audio = condition(groove(tracks, kit, seed))
        if len(audio) >= MIN_STEM_S * SAMPLE_RATE:
            write_stem(folder / f"real-{source.key}-{seed}_drums.flac", audio)
    done.write_text("\n".join(skipped))
    return skipped


def groove(tracks: Sequence[Track], kit: Mapping[str, Audio], seed: int) -> Audio:
    """The drum tracks together, mono 48 kHz, on one-shots by name; empty without drum tracks.

    Each note keeps the one-shot that the seed gives it.
    """
    draw = random.Random(seed)
    hits = [hit for track in tracks if track.channel == DRUM_CHANNEL for hit in _hits(track)]
    if not hits:
        return np.zeros(0, np.float32)
    chosen = {
        note: kit[draw.choice(_fitting(note, kit))] for note in sorted({hit[1] for hit in hits})
    }
    end_s = max(start_s for start_s, _, _ in hits) + _HIT_S
    played = np.zeros(round(end_s * SAMPLE_RATE) + 1, np.float32)
    for start_s, note, gain in hits:
        start = round(start_s * SAMPLE_RATE)
        sound = chosen[note][: len(played) - start]
        played[start : start + len(sound)] += gain * sound
    return played


def role(name: str) -> str | None:
    """What a one-shot of this name is; None where the name does not say."""
    return next((kind for kind, named in _ROLES.items() if re.search(named, name.lower())), None)


def _fitting(note: int, kit: Mapping[str, Audio]) -> list[str]:
    wanted = next((kind for kind, notes in _NOTES.items() if note in notes), None)
    return [name for name in kit if wanted and role(name) == wanted] or list(kit)


def _hits(track: Track) -> list[tuple[float, int, float]]:
    """When in seconds, which note, and how loud from 0 to 1."""
    hits = []
    now_s = 0.0
    for message in track.midi:
        now_s += message.time
        if message.type == "note_on" and message.velocity:
            hits.append((now_s, message.note, (message.velocity / 127) ** 1.5))
    return hits


def _load(files: Sequence[Path]) -> tuple[dict[str, Audio], list[str]]:
    """One-shots by file name, equally loud at their peak, and a line for each that is skipped."""
    kit, skipped = {}, []
    for path in files:
        try:
            audio = read_mono(path)[: round(_HIT_S * SAMPLE_RATE)]
        except AudioError as error:
            skipped.append(str(error))
            continue
        peak = float(np.abs(audio).max())
        if peak < _SILENT:
            skipped.append(f"{path}: is silent")
        else:
            kit[path.stem] = faded(audio / np.float32(peak), 0.0, _FADE_S)
    return kit, skipped
