"""What a row of the table of faults is, and how it is judged.

A row: an input, a command, an exit code, a line, and what may change. Everything else in the room
must stay as it was, byte for byte; a folder's listing too.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import soundfile

from bridge.arrays import Audio
from bridge.demo.run import INPUT, REFERENCE

RATE_HZ = 48_000
USAGE = 2
"""The exit code whose one line comes after two that tell how the command is used."""
SIGNALLED = 128
"""Exit codes above it tell of a signal, and need no words."""
TONE = np.sin(np.arange(4 * RATE_HZ) / 20).astype(np.float32)[None] * 0.3


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Room:
    """A folder for one row, and a home beside it that is nobody's."""

    folder: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of commands that run here: no folder of the user's is named."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        return own | {"HOME": str(self.home), "PYTHONUNBUFFERED": "1"}

    def path(self, name: str) -> Path:
        """A file of this room."""
        return self.folder / name

    def wav(self, name: str, audio: Audio = TONE, rate: int = RATE_HZ) -> Path:
        """Write (channels, frames) as a float WAV."""
        path = self.path(name)
        with path.open("wb") as file:
            soundfile.write(file, np.asarray(audio).T, rate, subtype="FLOAT", format="WAV")
        return path

    def words(self, arguments: tuple[object, ...]) -> list[str]:
        """Arguments with `{room}`, `{home}`, `{input}` and `{reference}` filled in."""
        known = {
            "room": str(self.folder),
            "home": str(self.home),
            "input": str(INPUT),
            "reference": str(REFERENCE),
        }
        return [str(word).format_map(known) for word in arguments]

    def contents(self) -> dict[str, bytes | None]:
        """Every file's bytes, and None for a folder, by its path."""
        return {
            os.fsdecode(os.fsencode(path.relative_to(self.folder))): (
                path.read_bytes() if path.is_file() else None
            )
            for path in sorted(self.folder.rglob("*"))
        }


Act = Callable[[Room], Outcome]


def nothing(_room: Room) -> None:
    """No input is needed."""


@dataclass(frozen=True)
class Row:
    """One fault that must be told, or one trap that must not be one."""

    name: str
    act: Act
    code: int
    says: str
    """Part of the one line on standard error; where the code is 0, of anything that is said."""
    given: Callable[[Room], object] = nothing
    makes: tuple[str, ...] = ()
    """Patterns of the paths in the room that are new or changed afterwards."""
    never: tuple[str, ...] = field(default=("Traceback",))
    """What must not be said."""

    def judge(self, room: Room) -> None:
        """Run it. Raises AssertionError where the outcome is another."""
        self.given(room)
        before = room.contents()
        outcome = self.act(room)
        told = outcome.out + outcome.err
        assert outcome.code == self.code, told
        for words in self.never:
            assert words not in told, told
        if self.code > SIGNALLED:
            assert told == ""
        elif self.code:
            assert outcome.out == "", outcome.out
            *usage, told = outcome.err.strip().split("\n")
            assert bool(usage) == (self.code == USAGE), outcome.err
            assert told.lower().startswith("error: "), outcome.err
        says = self.says.format_map(_Known({"room": str(room.folder)}))
        assert says in told, f"{says!r} is not in {told!r}"
        self._compare(before, room.contents())

    def _compare(
        self, before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]
    ) -> None:
        changed = {path for path in before.keys() | after.keys()}
        changed = {p for p in changed if before.get(p, "none") != after.get(p, "none")}
        unforeseen = {p for p in changed if not any(fnmatch(p, m) for m in self.makes)}
        assert not unforeseen, f"changed, new or gone: {sorted(map(ascii, unforeseen))}"
        missing = [m for m in self.makes if not any(fnmatch(p, m) for p in changed)]
        assert not missing, f"not made: {missing}"


class _Known(dict[str, str]):
    """Braces of others stay."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
