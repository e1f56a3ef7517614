"""What `live` heard, for where nothing came of it."""

import typer

from bridge.analysis.windows import ACTIVE_DB, SILENCE_DB
from bridge.engine.session import Status
from bridge.errors import AudioError

_SILENT_DB = -90.0


class Heard:
    """Remembers how long and how loud it was."""

    def __init__(self) -> None:
        self.time_s = 0.0
        self.last: Status | None = None
        self._state = ""
        self._loudest_db = SILENCE_DB

    def take(self, status: Status) -> None:
        """The newest status."""
        self.time_s, self._state, self.last = status.time_s, status.state, status
        self._loudest_db = max(self._loudest_db, status.level_db)

    def explain(self, source: str, by_itself: bool) -> None:
        """Say why there was no answer; raises AudioError where the source ended `by_itself`."""
        why = f"{source}: {self._why()}"
        if by_itself:
            raise AudioError(why)
        typer.echo(f"WARNING: {why}", err=True)

    def _why(self) -> str:
        if self._state != "silent":
            return (
                f"ended after {self.time_s:.1f} s, before the first values came; play something"
                " longer"
            )
        if self._loudest_db < _SILENT_DB:
            return "was silent; no value was sent"
        return (
            f"was too quiet or paused too long, {self._loudest_db:.0f} dBFS RMS at most where"
            f" {ACTIVE_DB:.0f} counts; no value was sent; turn it up"
        )
