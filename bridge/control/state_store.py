"""What the engine remembers from one start to the next, in one file.

`keep` never waits: a thread of its own writes, at most once a second, into a new file that takes
the old one's place whole. So a crash at any moment loses what was set within the last second.
"""

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Condition, Thread
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import override

from bridge.closing import Closing
from bridge.control.migration import migrated
from bridge.osc import Argument
from bridge.texts import read_json

WRITE_EVERY_S = 0.5
FILE = "engine.json"
_log = logging.getLogger(__name__)
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Kept(BaseModel):
    """The file's content."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    settings: Mapping[str, tuple[Argument, ...]] = {}
    """Of the nodes that are kept, by address."""
    chains: Mapping[str, Mapping[str, tuple[Argument, ...]]] = {}
    """Of those of every chain that are not at their defaults, by its id."""
    snapshots: Mapping[str, Mapping[str, Mapping[str, Finite]]] = {}
    """Real values by address in the chain, by letter, by the chain's id."""
    snapshot_names: Mapping[str, Mapping[str, str]] = {}
    """What the player calls them, by letter, by the chain's id."""
    following: bool = False
    """Whether the engine followed when it was last seen; one that was ended has stopped first."""

    @model_validator(mode="before")
    @classmethod
    def _migrated(cls, content: object) -> object:
        return migrated(content)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What is in the folder; where that cannot be used, nothing, and the file is put aside."""
        path = folder / FILE
        try:
            # Not by pydantic, which takes no names of files that are not UTF-8.
            return cls.model_validate(read_json(path))
        except FileNotFoundError:
            return cls()
        # A ValidationError is a ValueError too.
        except (OSError, ValueError) as error:
            aside = path.with_suffix(".broken.json")
            _log.warning("%s cannot be used (%s); it is put aside as %s", path, error, aside)
            with suppress(OSError):
                path.replace(aside)
            return cls()

    def write(self, folder: Path) -> None:
        """Write it at once and whole. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        # What a link points to is written, and the link stays.
        file_there = Path(os.path.realpath(folder / FILE))
        partial = file_there.with_name(f".{FILE}.part")
        with partial.open("w", encoding="utf-8") as file:
            json.dump(self.model_dump(), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(file_there)


class StateStore(Closing):
    """Writes what is new, on a thread of its own."""

    def __init__(self, folder: Path, written: Kept) -> None:
        self._folder = folder
        self._written = self._newest = written
        self._closed = False
        self._changed = Condition()
        self.fault = ""
        """Why the last writing failed."""
        self._thread = Thread(target=self._run, name="state-store", daemon=True)
        self._thread.start()

    def keep(self, kept: Kept) -> None:
        """Have this written soon."""
        if kept != self._newest:
            with self._changed:
                self._newest = kept
                self._changed.notify()

    @override
    def close(self) -> None:
        """Write what is left. May be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._newest != self._written)
                newest, closed = self._newest, self._closed
            if newest != self._written:
                self._write(newest)
            if closed:
                return
            with self._changed:
                self._changed.wait_for(lambda: self._closed, WRITE_EVERY_S)

    def _write(self, kept: Kept) -> None:
        try:
            kept.write(self._folder)
            self.fault = ""
        except OSError as error:
            self.fault = f"settings cannot be kept in {self._folder} ({error.strerror}); make room"
        # One that failed is tried again when something changes.
        self._written = kept
