"""Ardour without a screen, on a session of its own, in a folder of its own.

It runs as a child process and is driven over OSC; its audio goes through the JACK server that the
environment names. Nothing of the user's Ardour is read or written.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from typing_extensions import override

from bridge.closing import Closing
from tests.rigs.children import start, stop, wait_for
from tests.rigs.installed import required
from tests.rigs.jack import port_names

TRACK = "guitar"
PLUGINS = ("mda-overdrive", "mda-delay", "mda-ambience", "mda-combo")
"""What the track holds, in order, by their ids in the manifest."""
TRACK_INPUT = f"ardour:{TRACK}/audio_in 1"
TRACK_OUTPUTS = tuple(f"ardour:{TRACK}/audio_out {n}" for n in (1, 2))
_SCRIPTED = "scripted"
"""What JACK calls the other Ardour, which may run beside the first."""
_SESSION = "rig"
_MDA = "http://drobilla.net/plugins/mda/"
TEMPLATE = Path(__file__).parents[2] / "docs/hosts/ardour-template/dafx-bridge/dafx-bridge.template"
_OSC_PORTS = range(3819, 3839)
"""Ardour takes the first of them that is free."""
_ATTEMPTS = 3
_STOP_S = 5
_DROPPED = "JACK HALTED"
"""What Ardour prints where JACK has dropped it."""


class Ardour(Closing):
    """A session with `PLUGINS` on `TRACK`: started, killed, started again."""

    def __init__(self, folder: Path) -> None:
        """Make a session of the template below `folder`, which must be new, and start Ardour."""
        program = max(Path("/usr/lib").glob("ardour[0-9]*/hardour-*"), default=None)
        self._program = required(program, "ardour")
        self._log = folder / "ardour.log"
        self._session = folder / "session"
        self._env = os.environ | self._places(folder / "home")
        self._child: subprocess.Popen[bytes] | None = None
        # As Ardour does it: a template becomes the session of another name.
        self._session.mkdir(parents=True)
        shutil.copy(TEMPLATE, self._session / f"{_SESSION}.ardour")
        self.start()

    @property
    def port(self) -> int:
        """The UDP port on which it listens for OSC."""
        return wait_for("Ardour's OSC port", self._osc_port)

    def start(self) -> None:
        """Start, and wait until the session answers and its track has sound.

        JACK drops a client that is slow to answer, so this is tried again.
        """
        for _ in range(_ATTEMPTS):
            self._log.write_text("")
            self._child = self._launched()
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
        """Start it again where it has ended or JACK has dropped it."""
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

    def _launched(self) -> subprocess.Popen[bytes]:
        return start(self._program, self._session, _SESSION, log=self._log, env=self._env)

    def _places(self, home: Path) -> dict[str, str]:
        """The environment in which the programs find their parts, and nothing of the user's."""
        home.mkdir(parents=True)
        programs = self._program.parent
        name = programs.name
        return {
            "LD_LIBRARY_PATH": str(programs),
            "ARDOUR_DLL_PATH": str(programs),
            "ARDOUR_DATA_PATH": f"/usr/share/{name}",
            "ARDOUR_CONFIG_PATH": f"/etc/{name}",
            "VAMP_PATH": f"{programs}/vamp",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
        }

    def _dropped(self) -> str:
        assert self._child is not None
        printed = self._log.read_text()
        if self._child.poll() is not None:
            raise RuntimeError(f"Ardour ended:\n{printed[-2000:]}")
        return _DROPPED if _DROPPED in printed else ""

    def _ready(self) -> bool:
        return bool(self._osc_port()) and self._ports() <= port_names()

    def _ports(self) -> set[str]:
        return {TRACK_INPUT, *TRACK_OUTPUTS}

    def _osc_port(self) -> int | None:
        """The one of `_OSC_PORTS` that is bound by this process."""
        if not self._child or self._child.poll() is not None:
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


class ScriptedArdour(Ardour):
    """Ardour at its own Lua console, where a hand can do what OSC cannot: insert plugins."""

    def insert(self, uri: str, position: int) -> None:
        """Begin to insert an LV2 plugin into the running track, at a position from 0."""
        self._say(
            f'p = ARDOUR.LuaAPI.new_plugin(s, "{uri}", ARDOUR.PluginType.LV2, "")',
            f'r = s:route_by_name("{TRACK}")',
            f"r:add_processor_by_index(p, {position}, nil, true)",
        )

    def remove(self) -> None:
        """Begin to remove the plugin that was inserted last."""
        self._say("r:remove_processor(p, nil, true)")

    def multiply(self, copies: int) -> None:
        """Begin to add so many tracks that hold what the first one holds."""
        self.add_tracks("copy", [f"{_MDA}{name[4:].capitalize()}" for name in PLUGINS], copies)

    def add_tracks(self, name: str, uris: Sequence[str], count: int = 1) -> None:
        """Begin to add so many tracks of that name with these LV2 plugins, in order."""
        listed = ", ".join(f'"{uri}"' for uri in uris)
        self._say(
            "mode = ARDOUR.TrackMode.Normal",
            f'l = s:new_audio_track(1, 2, nil, {count}, "{name}", 99, mode, true)',
            f"uris = {{{listed}}}",
            "for t in l:iter() do for n, u in ipairs(uris) do"
            ' local q = ARDOUR.LuaAPI.new_plugin(s, u, ARDOUR.PluginType.LV2, "")'
            " t:add_processor_by_index(q, n - 1, nil, true) end end",
        )

    def to_master(self, uri: str, number: int) -> None:
        """Begin to move the track's plugin of that number, from 0, to the master bus.

        As by cut and paste: the one there is another instance.
        """
        self._say(
            f'r = s:route_by_name("{TRACK}")',
            f"r:remove_processor(r:nth_plugin({number}), nil, true)",
            f'p = ARDOUR.LuaAPI.new_plugin(s, "{uri}", ARDOUR.PluginType.LV2, "")',
            "s:master_out():add_processor_by_index(p, 0, nil, true)",
        )

    def back_from_master(self, uri: str, number: int) -> None:
        """Begin to move it back to its place."""
        self._say("s:master_out():remove_processor(p, nil, true)")
        self.insert(uri, number)

    @override
    def _launched(self) -> subprocess.Popen[bytes]:
        program = self._program.parent / "luasession"
        child = start(program, "-i", log=self._log, env=self._env, stdin=subprocess.PIPE)
        assert child.stdin
        self._console = child.stdin
        self._say(
            f'AudioEngine:set_backend("JACK", "{_SCRIPTED}", "")',
            f's = load_session("{self._session}", "{_SESSION}")',
        )
        return child

    @override
    def kill(self) -> None:
        super().kill()
        self._console.close()

    @override
    def close(self) -> None:
        super().close()
        self._console.close()

    @override
    def _ports(self) -> set[str]:
        return {port.replace("ardour:", f"{_SCRIPTED}:") for port in super()._ports()}

    def _say(self, *lines: str) -> None:
        self._console.write("".join(f"{line}\n" for line in lines).encode())
        self._console.flush()
