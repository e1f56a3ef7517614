"""Kinds of sources that a split of the corpus is made from."""

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

    @property
    def seeds(self) -> range:
        """One for each song."""
        return range(self.first_seed, self.first_seed + self.songs)


@dataclass(frozen=True)
class SpeechSource:
    """A folder of recordings by speakers who appear in one split only."""

    folder: str
    pattern: str
    package: str
    licence: str


@dataclass(frozen=True)
class RecordingsSource:
    """A Debian package's recordings of real playing or voices, joined in a shuffled order.

    Their kind is one of KINDS in training; what test audio has beside its kinds is `real`.
    """

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


@dataclass(frozen=True)
class KitSource:
    """A Debian package's one-shots of a drum kit, which plays the drums of its own seeds."""

    key: str
    folder: str
    pattern: str
    package: str
    licence: str
    first_seed: int
    songs: int

    @property
    def seeds(self) -> range:
        """One for each song."""
        return range(self.first_seed, self.first_seed + self.songs)


RealSource = RecordingsSource | NotesSource | KitSource


@dataclass(frozen=True)
class Split:
    """Where one split's music, speech and real recordings come from."""

    name: str
    music: tuple[MusicSource, ...]
    speech: SpeechSource | None
    real: tuple[RealSource, ...] = ()
