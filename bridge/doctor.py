"""What the bridge needs of this computer, looked at piece by piece, and what to do about it.

Hosts are asked side by side, each in a thread of its own; `examine` waits for them, a few seconds.
Nothing is changed: ports are opened and closed again, folders only looked at.
"""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from platformdirs import PlatformDirs

from bridge.audio.devices import list_devices, portaudio
from bridge.chain import Chain
from bridge.control.client import PORT
from bridge.effects import is_installed
from bridge.effects.lilv import lilv
from bridge.effects.pedalboard_library import pedalboard_version
from bridge.effects.vst3_files import folders
from bridge.errors import BridgeError, DeviceError, EffectError, HostError, ModelError
from bridge.estimate.estimator import Estimator
from bridge.hosts import PROFILES, Profile, answers
from bridge.library import HOST_FILES, MANIFEST, Library, user_layer
from bridge.osc import OscSocket
from bridge.system import remedy
from bridge.version import __version__

_HOST_PORT = 9001


class State(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    ADVICE = "advice"
    """Something is not there that not everybody needs."""
    FAULT = "fault"
    """The bridge cannot do its main job."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    about: str
    state: State
    told: str
    todo: str = ""
    """What to do; empty where nothing need be done."""


def examine(library: Library) -> list[Finding]:
    """Blocking: everything that the bridge needs, in the order in which it needs it."""
    checks: tuple[Callable[[Library], Iterator[Finding]], ...] = (
        _program,
        _models,
        _pedalboard,
        _plugins,
        _lv2,
        _vst3,
        _sound,
        _window,
        _folders,
        _ports,
        _hosts,
    )
    return [finding for check in checks for finding in check(library)]


def _program(library: Library) -> Iterator[Finding]:
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    told = f"{__version__} on Python {platform.python_version()}, {system}"
    yield Finding("dafx-bridge", State.OK, told)
    yield Finding("files", State.OK, f"plugins in {MANIFEST}, for hosts in {HOST_FILES}")
    for fault in library.faults:
        yield Finding("your plugins", State.ADVICE, fault, f"correct {user_layer().manifest}")


def _models(library: Library) -> Iterator[Finding]:
    known = [plugin for plugin in library.manifest.plugins if plugin.model]
    try:
        for plugin in known:
            # Opens encoder and predictor, and the critic.
            _ = Estimator(Chain.of_plugin(plugin), library).critic
    except ModelError as error:
        yield Finding("models", State.FAULT, str(error), "install dafx-bridge again")
        return
    yield Finding("models", State.OK, f"encoder, critic and {len(known)} predictors load")


def _pedalboard(_library: Library) -> Iterator[Finding]:
    try:
        yield Finding("pedalboard", State.OK, f"{pedalboard_version()} is there")
    except EffectError as error:
        told, _, todo = str(error).rpartition(": ")
        yield Finding("pedalboard", State.ADVICE, f"{told}, so neither its effects nor VST3", todo)


def _plugins(library: Library) -> Iterator[Finding]:
    plugins = library.manifest.plugins
    missing = [plugin.id for plugin in plugins if not is_installed(plugin)]
    told = f"{len(plugins) - len(missing)} of {len(plugins)} can be loaded here"
    if not missing:
        yield Finding("plugins", State.OK, told)
        return
    state = State.FAULT if len(missing) == len(plugins) else State.ADVICE
    todo = remedy(
        linux="`dafx-bridge plugins` tells why; on Debian: apt install liblilv-0-0 mda-lv2"
        " ardour-lv2-plugins",
        mac="`dafx-bridge plugins` tells why; pedalboard's effects need nothing more",
        windows="`dafx-bridge plugins` tells why; pedalboard's effects need nothing more",
    )
    yield Finding("plugins", state, f"{told}; not {', '.join(missing)}", todo)


def _lv2(_library: Library) -> Iterator[Finding]:
    try:
        lilv()
    except EffectError as error:
        told, _, todo = str(error).partition(": ")
        yield Finding("LV2", State.ADVICE, told, todo)
    else:
        yield Finding("LV2", State.OK, "liblilv is there")


def _vst3(_library: Library) -> Iterator[Finding]:
    there = [folder for folder in folders() if os.path.isdir(folder)]
    count = len({path.name for folder in there for path in folder.rglob("*.vst3")})
    looked = ", ".join(str(folder) for folder in folders())
    if count:
        yield Finding("VST3", State.OK, f"{count} plugins in {', '.join(map(str, there))}")
    else:
        todo = "install some there if you want them, or set VST3_PATH"
        yield Finding("VST3", State.ADVICE, f"no plugins in {looked}", todo)


def _sound(_library: Library) -> Iterator[Finding]:
    try:
        _, sounddevice = portaudio()
        devices = list_devices()
    except DeviceError as error:
        told, _, todo = str(error).partition(": ")
        yield Finding("sound", State.ADVICE, told, todo)
        return
    apis = ", ".join(api["name"] for api in sounddevice.query_hostapis()) or "no sound system"
    yield Finding("sound", State.OK, f"{sounddevice.get_portaudio_version()[1]}: {apis}")
    inputs = [str(device["name"]) for device in devices if device["max_input_channels"]]
    if inputs:
        yield Finding("inputs", State.OK, ", ".join(inputs))
    else:
        todo = "connect an interface or start JACK; files can be matched, and played as if live"
        yield Finding("inputs", State.ADVICE, "no device with inputs", todo)


def _window(_library: Library) -> Iterator[Finding]:
    for about, module, extra in (("window", "PyQt6", "gui"), ("demo", "matplotlib", "demo")):
        if find_spec(module):
            yield Finding(about, State.OK, f"{module} is installed")
        else:
            todo = f"pip install 'dafx-bridge[{extra}]', or pipx inject dafx-bridge {module}"
            yield Finding(about, State.ADVICE, f"{module} is not installed", todo)
    screens = [name for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)]
    if sys.platform in ("win32", "darwin"):
        yield Finding("display", State.OK, "the system's own")
    elif screens:
        told = ", ".join(f"{name}={os.environ[name]}" for name in screens)
        yield Finding("display", State.OK, told)
    else:
        todo = "the window needs a desktop; everything else works without"
        yield Finding("display", State.ADVICE, "neither Wayland nor X11", todo)


def _folders(_library: Library) -> Iterator[Finding]:
    dirs = PlatformDirs("dafx-bridge", appauthor=False)
    wanted = [Path(d) for d in (dirs.user_config_dir, dirs.user_data_dir, dirs.user_log_dir)]
    closed = [str(folder) for folder in wanted if not _may_be_written(folder)]
    if closed:
        todo = "make them writable; `dafx-bridge engine --state` takes another folder"
        yield Finding("folders", State.FAULT, f"not writable: {', '.join(closed)}", todo)
    else:
        free_mb = shutil.disk_usage(_nearest(wanted[0])).free >> 20
        told = f"settings in {wanted[0]}, your plugins in {wanted[1]}, {free_mb} MB free"
        yield Finding("folders", State.OK, told)


def _may_be_written(folder: Path) -> bool:
    there = _nearest(folder)
    return os.path.isdir(there) and os.access(there, os.W_OK)


def _nearest(folder: Path) -> Path:
    """The folder, or the first above it that is there."""
    return next(path for path in (folder, *folder.parents) if os.path.exists(path))


def _ports(_library: Library) -> Iterator[Finding]:
    for about, port in (("engine's port", PORT), ("embedded host's port", _HOST_PORT)):
        try:
            OscSocket(port).close()
        except HostError:
            todo = "where that is not the bridge itself, choose another with --port"
            yield Finding(about, State.ADVICE, f"UDP {port} is in use", todo)
        else:
            yield Finding(about, State.OK, f"UDP {port} is free")


def _hosts(_library: Library) -> Iterator[Finding]:
    asked = [profile for profile in PROFILES if profile.discovers]
    with ThreadPoolExecutor(len(asked)) as pool:
        found = list(pool.map(_answers, asked))
    there = [profile.name for profile, told in zip(asked, found, strict=True) if told]
    if there:
        yield Finding("hosts", State.OK, f"{', '.join(there)} answer")
    else:
        names = ", ".join(profile.name for profile in asked)
        todo = "start yours and set up OSC in it as docs/hosts tells, or run `dafx-bridge host`"
        yield Finding("hosts", State.ADVICE, f"none of {names} answers at its usual port", todo)


def _answers(profile: Profile) -> bool:
    try:
        return answers(profile.example)
    except BridgeError:
        return False
