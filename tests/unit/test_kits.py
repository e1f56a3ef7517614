"""Grooves of a drum kit's one-shots: every hit at its time, on what the file's name says."""

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from training.corpus import KitSource
from training.corpus.kits import groove, play_kit, role
from training.corpus.stems import SAMPLE_RATE
from training.errors import TrainingError
from training.grooves import DRUM_CHANNEL, Track

KIT = {
    name: np.full(round(0.05 * SAMPLE_RATE), level, np.float32)
    for name, level in (("Kick-1", 0.1), ("bd2", 0.1), ("Snare 3", 0.2), ("HH_01", 0.4))
}


def part(channel: int, hits: list[tuple[int, int, int]]) -> Track:
    """Hits as (beat of half a second, note, velocity)."""
    notes = mido.MidiTrack()
    now = 0
    for beat, note, velocity in hits:
        notes.append(mido.Message("note_on", note=note, velocity=velocity, time=480 * beat - now))
        now = 480 * beat
    song = mido.MidiFile(ticks_per_beat=480)
    song.tracks.append(notes)
    return Track("Drum", channel, song)


def test_hits_are_played_when_and_as_loud_as_they_are_written() -> None:
    drums = [
        part(DRUM_CHANNEL, [(0, 36, 127), (2, 38, 127), (3, 38, 64), (3, 38, 0)]),
        part(DRUM_CHANNEL, [(2, 42, 127), (5, 35, 127)]),
        part(3, [(1, 60, 127)]),
    ]
    played = groove(drums, KIT, 1)
    levels = [played[round(beat * SAMPLE_RATE / 2) + 9] for beat in range(6)]
    assert levels == pytest.approx([0.1, 0, 0.6, 0.2 * (64 / 127) ** 1.5, 0, 0.1], abs=1e-6)
    assert played[round(2.4 * SAMPLE_RATE / 2)] == 0
    assert np.array_equal(played, groove(drums, KIT, 1))
    assert len(groove([part(3, [(0, 60, 99)])], KIT, 1)) == 0


def test_a_note_without_its_drum_is_played_by_another() -> None:
    hits = [(beat, note, 127) for beat, note in enumerate((49, 77, 45))]
    played = groove([part(DRUM_CHANNEL, hits)], KIT, 4)
    assert all(played[round(beat * SAMPLE_RATE / 2) + 9] > 0.05 for beat in range(3))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bassdrum-4mics-soft2", "kick"),
        ("HardHse_K_02", "kick"),
        ("hihat-closed-1", "hat"),
        ("ho_01", "hat"),
        ("sd_04", "snare"),
        ("CrashRide18Bell-2", "cymbal"),
        ("VP Tom Hi", "tom"),
        ("beats_01-10", None),
    ],
)
def test_names_say_what_a_one_shot_is(name: str, kind: str | None) -> None:
    assert role(name) == kind


def kit_in(folder: Path) -> KitSource:
    return KitSource("kit", str(folder), "*.wav", "some-kit", "CC0", 7, 2)


def test_a_kit_without_its_package_or_sound_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="apt install some-kit"):
        play_kit(kit_in(tmp_path / "nowhere"), tmp_path)
    soundfile.write(tmp_path / "silent.wav", np.zeros(100, np.float32), SAMPLE_RATE)
    with pytest.raises(TrainingError, match="holds no one-shot"):
        play_kit(kit_in(tmp_path), tmp_path)
