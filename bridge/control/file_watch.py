"""Whether files have changed since they were last looked at."""

from collections.abc import Iterable, Mapping
from pathlib import Path

Stamps = Mapping[Path, float]
"""When each file was last written, in s; 0 where it is not there."""


class FileWatch:
    """Remembers the files of one thing, such as of a model."""

    def __init__(self) -> None:
        self._of: object = None
        self._stamps: dict[Path, float] = {}

    def changed(self, of: object, stamps: Stamps) -> bool:
        """Whether a file is new or another than at the last look.

        Of another thing than before, as `of` says, nothing has changed yet. A file that is missing
        for a moment is being replaced, and changes when it is there.
        """
        there = {file: stamp for file, stamp in stamps.items() if stamp}
        begins, self._of = of != self._of, of
        if begins:
            self._stamps = there
            return False
        changed = any(self._stamps.get(file) != stamp for file, stamp in there.items())
        self._stamps |= there
        return changed


def stamps_of(files: Iterable[Path]) -> Stamps:
    """Look at them now."""
    return {file: _stamp(file) for file in files}


def _stamp(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
