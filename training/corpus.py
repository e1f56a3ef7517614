"""The dry corpus: mono 48 kHz FLAC files rendered or read from installable Debian packages.

Every split has its own packages, soundfonts and speakers, so no recording or sampled instrument
leaks from training into test; the grooves are MMA's in all of them, played with other seeds.
Stems are built by a pool of processes; a file that is there already is kept, so a build that
was stopped goes on where it was.
"""

import hashlib
import json
import random
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import fluidsynth
import mido
import numpy as np
import soundfile
import soxr
from rich.progress import track

from bridge.arrays import Audio
from training.errors import TrainingError
from training.files import write_whole
from training.grooves import DRUM_CHANNEL, Track, compose, groove_names

INDEX = "index.json"
SAMPLE_RATE = 48_000
TARGET_RMS = 0.1
PEAK_LIMIT = 0.89
ACTIVE_RMS = 0.003
MIN_STEM_S = 6.0

# General MIDI programs of each class; guitars are drawn most, as they are what players bring.
PROGRAMS = {
    "guitar": [24, 25, 26, 27, 28],
    "keys": [0, 4, 5, 16],
    "other": [40, 42, 48, 56, 65, 73, 71, 11],
    "bass": [32, 33, 34, 35, 36],
}
_CLASS_WEIGHTS = {"guitar": 0.6, "keys": 0.2, "other": 0.2}


@dataclass(frozen=True)
class MusicSource:
    """A soundfont pair that plays the grooves of its own seeds."""

    instruments: str
    drums: str
    package: str
    licence: str
    first_seed: int
    songs: int


@dataclass(frozen=True)
class SpeechSource:
    """A folder of recordings by speakers who appear in one split only."""

    folder: str
    pattern: str
    package: str
    licence: str


@dataclass(frozen=True)
class Split:
    """Where one split's music and speech come from."""

    name: str
    music: MusicSource
    speech: SpeechSource | None


SPLITS = (
    Split(
        "train",
        MusicSource(
            "/usr/share/sounds/sf2/FluidR3_GM.sf2",
            "/usr/share/sounds/sf2/Black_Pearl_4_LV2.sf2",
            "fluid-soundfont-gm, avldrums.lv2-soundfont",
            "MIT, CC-BY-SA-3.0",
            0,
            60,
        ),
        SpeechSource(
            "/usr/share/games/fillets-ng/sound", "*/nl/*.ogg", "fillets-ng-data-nl", "GPL-2+"
        ),
    ),
    Split(
        "validation",
        MusicSource(
            "/usr/share/sounds/sf2/TimGM6mb.sf2",
            "/usr/share/sounds/sf2/TimGM6mb.sf2",
            "timgm6mb-soundfont",
            "GPL-2",
            1_000_000,
            12,
        ),
        SpeechSource(
            "/usr/share/games/fillets-ng/sound", "*/cs/*.ogg", "fillets-ng-data-cs", "GPL-2+"
        ),
    ),
    Split(
        "test",
        MusicSource(
            "/usr/share/minuet/soundfonts/GeneralUser-v1.47.sf2",
            "/usr/share/minuet/soundfonts/GeneralUser-v1.47.sf2",
            "minuet-data",
            "GeneralUser GS 2.0",
            2_000_000,
            24,
        ),
        SpeechSource(
            "/usr/share/festival/voices/russian/msu_ru_nsh_clunits",
            "wav/*.wav",
            "festvox-ru",
            "BSD-like",
        ),
    ),
)


@dataclass(frozen=True)
class Stem:
    """One file of the corpus, as the index lists it."""

    path: str
    kind: str
    seconds: float
    package: str
    licence: str
    sha256: str


def build(folder: Path, processes: int = 2) -> None:
    """Build all splits below `folder` and write `index.json` for each."""
    for split in SPLITS:
        build_split(split, folder / split.name, processes)


def load_index(folder: Path, split: str) -> list[Stem]:
    """The stems of one split. Raises TrainingError where the corpus was not built."""
    index = folder / split / INDEX
    if not index.exists():
        raise TrainingError(f"no corpus at {index}: run `dafx-train corpus` first")
    return [Stem(**entry) for entry in json.loads(index.read_text())]


def build_split(split: Split, folder: Path, processes: int) -> None:
    """Build one split in `folder`. Raises TrainingError where a package is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    grooves = groove_names()
    songs = [
        (split.music, seed, grooves, folder)
        for seed in range(split.music.first_seed, split.music.first_seed + split.music.songs)
    ]
    with get_context("spawn").Pool(processes) as pool:
        for _ in track(
            pool.imap_unordered(_play_song, songs), f"{split.name}: music", total=len(songs)
        ):
            pass
    if split.speech:
        _gather_speech(split.speech, folder)
    stems = list(_stems(split, folder))
    if not stems:
        raise TrainingError(f"{split.name}: no audio came out; are the packages installed?")
    write_whole(folder / INDEX, json.dumps([asdict(stem) for stem in stems], indent=1) + "\n")


def _stems(split: Split, folder: Path) -> Iterator[Stem]:
    for path in sorted(folder.glob("*.flac")):
        kind = path.stem.split("_")[-1]
        source = split.speech if split.speech and kind == "speech" else split.music
        audio, rate = soundfile.read(path, dtype="int16")
        yield Stem(
            path.name,
            kind,
            len(audio) / rate,
            source.package,
            source.licence,
            hashlib.sha256(audio.tobytes()).hexdigest(),
        )


def _play_song(job: tuple[MusicSource, int, list[str], Path]) -> None:
    source, seed, grooves, folder = job
    done = folder / f".song-{seed}"
    if done.exists():
        return
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
            _write(folder / f"{seed:07d}_{number:02d}_{program}_{kind}.flac", audio)
    synth.delete()
    done.touch()


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


def condition(audio: Audio) -> Audio:
    """Bring mono 48 kHz audio to `TARGET_RMS` (peak below full scale) and cut silent seconds."""
    rms = float(np.sqrt(np.mean(audio**2))) if len(audio) else 0.0
    if rms < 1e-4:
        return audio[:0]
    audio = audio * min(TARGET_RMS / rms, PEAK_LIMIT / float(np.abs(audio).max()))
    seconds = audio[: len(audio) // SAMPLE_RATE * SAMPLE_RATE].reshape(-1, SAMPLE_RATE)
    active = np.sqrt(np.mean(seconds**2, axis=1)) > ACTIVE_RMS
    return np.ascontiguousarray(seconds[active].reshape(-1), np.float32)


def _gather_speech(source: SpeechSource, folder: Path, group_s: float = 60.0) -> None:
    """Join short recordings into files of about a minute, each brought to `TARGET_RMS`."""
    done = folder / ".speech"
    if done.exists():
        return
    recordings = sorted(Path(source.folder).glob(source.pattern))
    if not recordings:
        raise TrainingError(f"no speech below {source.folder}: apt install {source.package}")
    group: list[Audio] = []
    written = 0
    for path in recordings:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        group.append(soxr.resample(audio.mean(axis=1), rate, SAMPLE_RATE).astype(np.float32))
        if sum(map(len, group)) >= group_s * SAMPLE_RATE:
            _write(folder / f"{written:05d}_speech.flac", condition(np.concatenate(group)))
            group, written = [], written + 1
    done.touch()


def _write(path: Path, audio: Audio) -> None:
    partial = path.with_suffix(".partial")
    soundfile.write(partial, audio, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    partial.rename(path)
