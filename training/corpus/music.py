"""Music stems: each track of a composed song, played dry by FluidSynth on a sampled instrument."""

import random
import re
import tempfile
from pathlib import Path

import fluidsynth
import mido
import numpy as np
from rich.progress import track

from bridge.arrays import Audio
from training.corpus.sources import MusicSource
from training.corpus.stems import MIN_STEM_S, SAMPLE_RATE, condition, write_stem
from training.errors import TrainingError
from training.grooves import DRUM_CHANNEL, Track, compose, groove_names
from training.workers import as_done, executor

# General MIDI programs of each class; guitars are drawn most, as they are what players bring.
PROGRAMS = {
    "guitar": [24, 25, 26, 27, 28],
    "keys": [0, 4, 5, 16],
    "other": [40, 42, 48, 56, 65, 73, 71, 11],
    "bass": [32, 33, 34, 35, 36],
}
_CLASS_WEIGHTS = {"guitar": 0.6, "keys": 0.2, "other": 0.2}


def play_songs(source: MusicSource, folder: Path, title: str, processes: int) -> None:
    """Write `SEED_TRACK_PROGRAM_KIND.flac` for every track of every song not played yet.

    Raises TrainingError where MMA or the soundfont is missing.
    """
    grooves = groove_names()
    songs = [
        (source, seed, grooves, folder) for seed in source.seeds if not _mark(folder, seed).exists()
    ]
    if not songs:
        return
    with executor(processes) as pool:
        for _ in track(as_done(pool, _play_song, songs), title, total=len(songs)):
            pass


def _mark(folder: Path, seed: int) -> Path:
    return folder / f".song-{seed}"


def _play_song(job: tuple[MusicSource, int, list[str], Path]) -> None:
    source, seed, grooves, folder = job
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        tracks = compose(seed, grooves, Path(scratch))
    synth = fluidsynth.Synth(gain=1.0, samplerate=float(SAMPLE_RATE))
    synth.setting("synth.reverb.active", 0)
    synth.setting("synth.chorus.active", 0)
    fonts = {path: synth.sfload(path) for path in {source.instruments, source.drums}}
    if -1 in fonts.values():
        raise TrainingError(f"no soundfont at {', '.join(fonts)}: apt install {source.package}")
    for number, part in enumerate(tracks):
        kind, program = _instrument(draw, part)
        font = fonts[source.drums if kind == "drums" else source.instruments]
        is_gm_drums = kind == "drums" and source.drums == source.instruments
        audio = condition(_play(part.midi, synth, font, 128 if is_gm_drums else 0, program))
        if len(audio) >= MIN_STEM_S * SAMPLE_RATE:
            write_stem(folder / f"{seed:07d}_{number:02d}_{program}_{kind}.flac", audio)
    synth.delete()
    _mark(folder, seed).touch()


def _instrument(draw: random.Random, part: Track) -> tuple[str, int]:
    if part.channel == DRUM_CHANNEL:
        return "drums", 0
    if re.match("Bass|Walk", part.name):
        return "bass", draw.choice(PROGRAMS["bass"])
    kind = draw.choices(list(_CLASS_WEIGHTS), list(_CLASS_WEIGHTS.values()))[0]
    return kind, draw.choice(PROGRAMS[kind])


def _play(
    midi: mido.MidiFile, synth: fluidsynth.Synth, font: int, bank: int, program: int
) -> Audio:
    synth.system_reset()
    synth.program_select(0, font, bank, program)
    blocks = []
    for message in midi:
        frames = round(message.time * SAMPLE_RATE)
        if frames:
            blocks.append(synth.get_samples(frames))
        if message.type == "note_on" and message.velocity:
            synth.noteon(0, message.note, message.velocity)
        elif message.type in ("note_on", "note_off"):
            synth.noteoff(0, message.note)
        elif message.type == "pitchwheel":
            synth.pitch_bend(0, message.pitch)
        elif message.type == "control_change":
            synth.cc(0, message.control, message.value)
    blocks.append(synth.get_samples(SAMPLE_RATE))
    stereo = np.concatenate(blocks).reshape(-1, 2).astype(np.float32) / 32768
    return np.asarray(stereo.mean(axis=1), np.float32)
