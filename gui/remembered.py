"""What the window remembers itself; settings, snapshots and undo are the engine's."""

import json
from pathlib import Path

from PyQt6.QtCore import QByteArray, QSettings

THEMES = ("system", "light", "dark")
SCALES = (100, 125, 150, 175, 200)


class Remembered:
    """An ini file: window, theme, scale, MIDI map, and whether to follow in the background."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when something is first kept."""
        self.folder = folder
        self._file = QSettings(str(folder / "gui.ini"), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        """One of `THEMES`."""
        return self._one_of("theme", THEMES)

    @theme.setter
    def theme(self, value: str) -> None:
        self._file.setValue("theme", value)

    @property
    def scale(self) -> int:
        """In per cent, one of `SCALES`."""
        return int(self._one_of("scale", tuple(map(str, SCALES))))

    @scale.setter
    def scale(self, value: int) -> None:
        self._file.setValue("scale", str(value))

    @property
    def background(self) -> bool:
        """Whether the engine goes on when the window is closed."""
        return str(self._file.value("background", "no")) == "yes"

    @background.setter
    def background(self, value: bool) -> None:
        self._file.setValue("background", "yes" if value else "no")

    @property
    def midi_port(self) -> str:
        """Name of the MIDI input; empty for none."""
        return str(self._file.value("midi/port", ""))

    @midi_port.setter
    def midi_port(self, value: str) -> None:
        self._file.setValue("midi/port", value)

    @property
    def midi_keys(self) -> dict[str, str]:
        """The learnt message of each action."""
        try:
            told = json.loads(str(self._file.value("midi/keys", "{}")))
        except ValueError:
            return {}
        return {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}

    @midi_keys.setter
    def midi_keys(self, value: dict[str, str]) -> None:
        self._file.setValue("midi/keys", json.dumps(value))

    def layout(self, name: str) -> QByteArray:
        """Geometry or splitter state of that name; empty where there is none."""
        value = self._file.value(f"layout/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_layout(self, name: str, value: QByteArray) -> None:
        """Keep it under that name."""
        self._file.setValue(f"layout/{name}", value)

    def save(self) -> None:
        """Write the file now."""
        self._file.sync()

    def _one_of(self, key: str, known: tuple[str, ...]) -> str:
        value = str(self._file.value(key, known[0]))
        return value if value in known else known[0]
