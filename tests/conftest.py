"""What many tests share."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.arrays import Audio
from bridge.demo.run import INPUT, REFERENCE
from bridge.library import Library
from bridge.manifest import Choice, Manifest, ParamSpec, PluginSpec

# A shell starts what runs in the background with Ctrl-C ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
# `nohup` does the same with others. A handler that does nothing keeps them from this process, and
# children begin without it.
_ENDING = ("SIGHUP", "SIGQUIT", "SIGTERM")
for _number in (getattr(signal, _name) for _name in _ENDING if hasattr(signal, _name)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda _signal, _frame: None)

# Many tests start the command, which would else compile all its modules anew every time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session", autouse=True)
def user_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty folder in the place of the user's data: their plugins and models are not tested."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    return Library().manifest


@pytest.fixture(scope="session")
def overdrive(manifest: Manifest) -> PluginSpec:
    return manifest.plugin("mda-overdrive")


@pytest.fixture(scope="session")
def plugin(overdrive: PluginSpec) -> PluginSpec:
    """Made up: two continuous parameters, one that is held, an enum of three classes."""
    held = ParamSpec(
        symbol="held", name="Held", min=0, max=1, default=0.3, scale="linear", predicted=False
    )
    mode = ParamSpec(
        symbol="mode",
        name="Mode",
        min=0,
        max=2,
        default=0,
        scale="enum",
        choices=tuple(Choice(label=str(value), value=value) for value in range(3)),
    )
    return overdrive.model_copy(update={"parameters": (*overdrive.parameters[:2], held, mode)})


@pytest.fixture(scope="session")
def guitar() -> tuple[Audio, int]:
    """The demo's dry guitar: (1, frames) and its rate."""
    audio, rate = soundfile.read(INPUT, dtype="float32", always_2d=True)
    return audio.T.copy(), rate


@pytest.fixture(scope="session")
def reference_path() -> Path:
    return REFERENCE


@pytest.fixture
def write_wav(tmp_path: Path) -> Callable[..., Path]:
    """Write (channels, frames) to a float WAV below tmp_path."""

    def write(name: str, audio: Audio, rate: int = 48_000) -> Path:
        path = tmp_path / name
        soundfile.write(path, np.asarray(audio).T, rate, subtype="FLOAT")
        return path

    return write
