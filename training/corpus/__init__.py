"""The dry corpus: mono 48 kHz FLAC files rendered or read from installable packages.

Every split has its own packages, soundfonts and speakers, so no recording or sampled instrument
leaks from training into test; the grooves are MMA's in all of them, played with other seeds. A
user's own recordings join the training split. What is there already is kept, so a build that was
stopped goes on where it was.
"""

from training.corpus.captures import GearPair, load_pairs
from training.corpus.catalogue import SPLITS
from training.corpus.sources import (
    KitSource,
    MusicSource,
    NotesSource,
    RecordingsSource,
    SpeechSource,
    Split,
)
from training.corpus.splits import build, build_split
from training.corpus.stems import KINDS, MIN_STEM_S, Stem, load_index
from training.corpus.table import report

__all__ = [
    "KINDS",
    "MIN_STEM_S",
    "SPLITS",
    "GearPair",
    "KitSource",
    "MusicSource",
    "NotesSource",
    "RecordingsSource",
    "SpeechSource",
    "Split",
    "Stem",
    "build",
    "build_split",
    "load_index",
    "load_pairs",
    "report",
]
