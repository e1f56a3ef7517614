"""Ardour without a screen, on a session of its own, in a folder of its own.

It runs as a child process and is driven over OSC; its audio goes through the JACK server that the
environment names. Nothing of the user's Ardour is read or written.
"""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import jack

from bridge.closing import Closing
from tests.rigs.children import start, stop, wait_for
from tests.rigs.installed import required
from tests.rigs.jack import port_exists

TRACK = "guitar"
PLUGINS = ("mda-overdrive", "mda-delay", "mda-ambience", "mda-combo")
"""What the track holds, in order, by their ids in the manifest."""
TRACK_INPUT = f"ardour:{TRACK}/audio_in 1"
TRACK_OUTPUTS = tuple(f"ardour:{TRACK}/audio_out {n}" for n in (1, 2))
_SESSION = "rig"
_LUA = Path(__file__).with_name("ardour_session.lua")
_OSC = "Open Sound Control (OSC)"
_OSC_PORTS = range(3819, 3839)
"""Ardour takes the first of them that is free."""
_ATTEMPTS = 3
_STOP_S = 5
_DROPPED = "JACK HALTED"
"""What Ardour prints where JACK has dropped it."""


class Ardour(Closing):
    """A session with `PLUGINS` on `TRACK`: started, killed, started again."""

    def __init__(self, folder: Path) -> None:
        """Make the session below `folder`, which must be new, and start Ardour on it."""
        luasession = max(Path("/usr/lib").glob("ardour[0-9]*/luasession"), default=None)
        self._programs = required(luasession, "ardour").parent
        self._log = folder / "ardour.log"
        self._session = folder / "session"
        self._env = os.environ | self._places(folder / "home")
        self._child: subprocess.Popen[bytes] | None = None
        self._make_session()
        self.start()

    @property
    def port(self) -> int:
        """The UDP port on which it listens for OSC."""
        return wait_for("Ardour's OSC port", self._osc_port)

    def start(self) -> None:
        """Start, and wait until the session answers and its track has sound.

        JACK may drop it while it starts (see `tests.rigs.jack`), so this is tried again.
        """
        (program,) = self._programs.glob("hardour-*")
        for _ in range(_ATTEMPTS):
            self._log.write_text("")
            self._child = start(program, self._session, _SESSION, log=self._log, env=self._env)
            try:
                if wait_for("Ardour", lambda: self._dropped() or self._ready()) != _DROPPED:
                    return
            except TimeoutError:
                pass
            except BaseException:
                self.kill()
                raise
            self.kill()
        raise RuntimeError(f"Ardour does not come up:\n{self._log.read_text()[-2000:]}")

    def revive(self) -> None:
        """Start it again where JACK has dropped it: it does so when a client is slow to answer."""
        if not self._ready():
            self.kill()
            self.start()

    def kill(self) -> None:
        """End it as a crash would: nothing is saved."""
        if self._child:
            self._child.kill()
            self._child.wait()
            self._child = None

    def close(self) -> None:
        """End it."""
        if self._child:
            stop(self._child, _STOP_S)
            self._child = None

    def _places(self, home: Path) -> dict[str, str]:
        """The environment in which the programs find their parts, and nothing of the user's."""
        home.mkdir(parents=True)
        name = self._programs.name
        return {
            "LD_LIBRARY_PATH": str(self._programs),
            "ARDOUR_DLL_PATH": str(self._programs),
            "ARDOUR_DATA_PATH": f"/usr/share/{name}",
            "ARDOUR_CONFIG_PATH": f"/etc/{name}",
            "VAMP_PATH": f"{self._programs}/vamp",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
        }

    def _make_session(self) -> None:
        subprocess.run(
            [self._programs / "luasession", _LUA],
            env=self._env | {"SESSION_FOLDER": str(self._session), "SESSION_NAME": _SESSION},
            check=True,
            capture_output=True,
            timeout=120,
        )
        path = self._session / f"{_SESSION}.ardour"
        session = ElementTree.parse(path)
        # OSC is switched on, and the track is heard though nothing is recorded.
        for place, switch in (
            (f"ControlProtocols/Protocol[@name='{_OSC}']", "active"),
            (f"Routes/Route[@name='{TRACK}']/Controllable[@name='monitor']", "value"),
        ):
            (element,) = session.findall(place)
            element.set(switch, "1")
        session.write(path, encoding="UTF-8", xml_declaration=True)

    def _dropped(self) -> str:
        assert self._child is not None
        printed = self._log.read_text()
        if self._child.poll() is not None:
            raise RuntimeError(f"Ardour ended:\n{printed[-2000:]}")
        return _DROPPED if _DROPPED in printed else ""

    def _ready(self) -> bool:
        if not self._osc_port():
            return False
        client = jack.Client("looking", no_start_server=True)
        try:
            return all(port_exists(client, name) for name in (TRACK_INPUT, *TRACK_OUTPUTS))
        finally:
            client.close()

    def _osc_port(self) -> int | None:
        """The one of `_OSC_PORTS` that is bound by this process."""
        if not self._child:
            return None
        own = set()
        for link in Path(f"/proc/{self._child.pid}/fd").iterdir():
            # What it has closed since then is gone.
            with suppress(FileNotFoundError):
                own.add(os.readlink(link))
        for row in Path("/proc/net/udp").read_text().splitlines()[1:]:
            columns = row.split()
            port = int(columns[1].rsplit(":", 1)[1], 16)
            if port in _OSC_PORTS and f"socket:[{columns[9]}]" in own:
                return port
        return None
