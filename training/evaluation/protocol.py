"""What an evaluation consists of: slices of test audio, conditions, metrics, and how many cases."""

from dataclasses import dataclass, field
from pathlib import Path

from bridge.manifest import PluginSpec
from training.examples import HALF_S, ClipSettings

PROTOCOL_RATE_HZ = 24_000
"""Every score is taken at this rate, whatever the host's."""

CROSS_PLUGIN = "cross-plugin"
SPEECH = "speech"
SLICES = {
    SPEECH: ("speech",),
    "guitar": ("guitar",),
    "other instruments": ("bass", "drums", "keys", "other"),
    "real recordings": ("real",),
    CROSS_PLUGIN: ("speech", "guitar", "bass", "drums", "keys", "other"),
}
"""The kinds of test stems in every slice."""

DO_NOTHING = "do nothing"
GAIN_ONLY = "gain only"
RANDOM = "random setting"
NETWORK = "network"
RENDERED = "network + rendering"
TRUE = "true parameters"
CONDITIONS = (DO_NOTHING, GAIN_ONLY, RANDOM, NETWORK, RENDERED, TRUE)
ANSWERS = (NETWORK, RENDERED)
"""The conditions under test; the others are what they are compared with."""


@dataclass(frozen=True)
class Metric:
    """One column of a table."""

    key: str
    title: str
    digits: int


RAW, MATCHED = "mrstft", "mrstft_gain_matched"
METRICS = (
    Metric(RAW, "MRSTFT", 3),
    Metric(MATCHED, "MRSTFT, gain-matched", 3),
    Metric("msd", "MSD", 3),
    Metric("sce_hz", "SCE (Hz)", 0),
    Metric("crest_db", "crest (dB)", 2),
    Metric("loudness_lu", "LUFS (LU)", 2),
    Metric("rms_db", "RMS (dB)", 2),
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
    host_rate_hz: int = PROTOCOL_RATE_HZ
    seed: int = 2026

    @property
    def clips(self) -> ClipSettings:
        """How dry audio is cut: both halves from one recording, at the corpus's level."""
        return ClipSettings(sample_rates_hz=(self.host_rate_hz,), halves_s=(HALF_S,))


@dataclass(frozen=True)
class Work:
    """One slice of one plugin; small enough to send to a process with every case."""

    plugin: PluginSpec
    slice: str
    settings: Settings
    corpus: Path
    models: Path
    counterparts: tuple[PluginSpec, ...] = field(default=())
    """Other makers' effects that play the reference in the slice `CROSS_PLUGIN`."""
