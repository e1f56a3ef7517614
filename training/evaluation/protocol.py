"""What an evaluation consists of: slices of test audio, conditions, metrics, and how many cases."""

from dataclasses import dataclass, field
from pathlib import Path

from bridge.chain import Chain
from training.examples import HALF_S, ClipSettings

PROTOCOL_RATE_HZ = 24_000
"""Every score is taken at this rate, whatever the host's."""

SPEECH = "speech"
CROSS_PLUGIN = "cross-plugin"
SHORT = "short"
NEARLY_DRY = "nearly dry"
REAL_GEAR = "real gear"
_MIXED = ("speech", "guitar", "bass", "drums", "keys", "other")
SLICES = {
    SPEECH: ("speech",),
    "guitar": ("guitar",),
    "other instruments": ("bass", "drums", "keys", "other"),
    "real recordings": ("real",),
    CROSS_PLUGIN: _MIXED,
    SHORT: _MIXED,
    NEARLY_DRY: _MIXED,
    REAL_GEAR: (),
}
"""The kinds of test stems in every slice; *real gear* has recordings of its own."""
SAME_PLUGIN = (SPEECH, "guitar", "other instruments", "real recordings")
"""The slices whose reference the plugin made itself, at any setting, from clips of full length."""
GAINED = tuple(name for name in SLICES if name != NEARLY_DRY)
"""Those in which there is something to gain: a share of next to nothing says little."""
SHORT_S = 2.7306666
"""Length of a half in the slice `SHORT`: half of the models' window, the least that they take."""

DO_NOTHING = "do nothing"
GAIN_ONLY = "gain only"
RANDOM = "random setting"
NETWORK = "network"
RENDERED = "network + rendering"
BEST = "best setting"
TRUE = "true parameters"
CONDITIONS = (DO_NOTHING, GAIN_ONLY, RANDOM, NETWORK, RENDERED, BEST, TRUE)
"""`BEST` was searched for with the target known, `TRUE` made the target: both are ceilings."""
ANSWERS = (NETWORK, RENDERED)
"""The conditions under test; the others are what they are compared with."""


@dataclass(frozen=True)
class Metric:
    """One column of a table."""

    key: str
    title: str
    digits: int


RAW, MATCHED, MODULATION = "mrstft", "mrstft_gain_matched", "modulation_db"
METRICS = (
    Metric(RAW, "MRSTFT", 3),
    Metric(MATCHED, "MRSTFT, gain-matched", 3),
    Metric("msd", "MSD", 3),
    Metric("sce_hz", "SCE (Hz)", 0),
    Metric("crest_db", "crest (dB)", 2),
    Metric("loudness_lu", "LUFS (LU)", 2),
    Metric("rms_db", "RMS (dB)", 2),
    Metric(MODULATION, "modulation (dB)", 2),
    Metric("pesq", "PESQ", 2),
)
KEYS = tuple(metric.key for metric in METRICS)


@dataclass(frozen=True)
class Settings:
    """How much to measure. Cases are numbered; smaller counts take the first of the same cases."""

    cases: int = 500
    rendered_cases: int = 50
    """How many cases are also refined by rendering, which takes a second or two each."""
    pesq_cases: int = 50
    """How many speech cases PESQ is taken of."""
    ceiling_cases: int = 20
    """Of how many rendered cases of real gear the best setting is searched for, which takes ten
    seconds or more each."""
    host_rate_hz: int = PROTOCOL_RATE_HZ
    budget_s: float | None = None
    """How long rendering may take, in seconds; None lets every search end by itself."""
    seed: int = 2026

    @property
    def clips(self) -> ClipSettings:
        """How dry audio is cut: both halves from one recording, at the corpus's level."""
        return ClipSettings(sample_rates_hz=(self.host_rate_hz,), halves_s=(HALF_S,))

    def clips_of(self, slice_name: str) -> ClipSettings:
        """The same for one slice."""
        half_s = SHORT_S if slice_name == SHORT else HALF_S
        return self.clips.model_copy(update={"halves_s": (half_s,)})


@dataclass(frozen=True)
class Work:
    """One slice of one chain; small enough to send to a process with every case."""

    chain: Chain
    """A plugin as a chain of one, or a rig."""
    slice: str
    settings: Settings
    corpus: Path
    models: Path
    gear: Path
    """Captures of real gear, with an index."""
    counterparts: tuple[Chain, ...] = field(default=())
    """Other makers' effects that play the reference in the slice `CROSS_PLUGIN`."""
