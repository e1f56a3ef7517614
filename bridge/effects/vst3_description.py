"""What VST3 plugins tell of themselves once loaded: for a child process, on its main thread.

Nothing here judges: every parameter is told with the texts that the plugin shows along its range.
"""

import ctypes
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pedalboard
from pedalboard._pedalboard import AudioProcessorParameter

from bridge.effects.base import BLOCK_FRAMES
from bridge.errors import EffectError

_RATE_HZ = 48_000.0
_POINTS = 5
_MOST_STEPS = 32
"""So many steps are told one by one."""


@dataclass(frozen=True)
class Vst3Parameter:
    """One parameter; raw values are the plugin's own 0..1."""

    symbol: str
    name: str
    unit: str
    steps: int
    """0 for a continuous one."""
    is_automatable: bool
    default: float
    """Raw, as the plugin is loaded."""
    texts: tuple[tuple[float, str], ...]
    """Raw values from 0 to 1, and what is shown for each."""
    back: tuple[float, ...]
    """Which raw value the plugin takes each of these texts' numbers for."""


@dataclass(frozen=True)
class Vst3Description:
    """One plugin of a file."""

    name: str
    category: str
    is_effect: bool
    channels: int
    """That it takes and gives: 2, else 1; 0 where it takes neither."""
    parameters: tuple[Vst3Parameter, ...]


def names_in(path: str) -> list[str]:
    """The plugins in a file. Raises EffectError where it cannot be read."""
    try:
        return list(pedalboard.VST3Plugin.get_plugin_names_for_file(path))
    except (ImportError, RuntimeError, ValueError) as error:
        reason = _missing_library(Path(path)) or str(error)
        raise EffectError(" ".join(reason.split())) from None


def _missing_library(path: Path) -> str:
    """What the system cannot load of a bundle, which pedalboard does not tell; else empty."""
    for binary in path.glob(f"Contents/{platform.machine()}-*/*"):
        try:
            ctypes.CDLL(str(binary))
        except OSError as error:
            return str(error)
    return ""


def describe(path: str, name: str) -> Vst3Description:
    """Load one plugin of a file, and tell of it. Raises EffectError where it cannot be loaded."""
    try:
        plugin = pedalboard.VST3Plugin(path, plugin_name=name)
    except (ImportError, RuntimeError, ValueError) as error:
        raise EffectError(" ".join(str(error).split())) from None
    parameters = plugin.parameters  # type: ignore[attr-defined]
    return Vst3Description(
        name,
        str(plugin.category),
        bool(plugin.is_effect),
        _channels(plugin),
        tuple(_parameter(symbol, each) for symbol, each in parameters.items()),
    )


def _channels(plugin: pedalboard.VST3Plugin) -> int:
    for channels in (2, 1):
        silence = np.zeros((channels, BLOCK_FRAMES), np.float32)
        try:
            plugin.process(silence, _RATE_HZ, BLOCK_FRAMES, reset=False)
        except (ValueError, RuntimeError):
            continue
        return channels
    return 0


def _parameter(symbol: str, control: AudioProcessorParameter) -> Vst3Parameter:
    count = int(control.num_steps)
    is_discrete = bool(control.is_discrete or control.is_boolean)
    steps = 2 if control.is_boolean else count if is_discrete else 0
    points = steps if 2 <= steps <= _MOST_STEPS else _POINTS
    places = [float(x) for x in np.linspace(0, 1, points)]
    texts = tuple((raw, str(control.get_text_for_raw_value(raw))) for raw in places)
    return Vst3Parameter(
        symbol,
        str(control.name),
        str(control.label or ""),
        steps if 2 <= steps <= _MOST_STEPS else 0,
        bool(control.is_automatable),
        float(control.raw_value),
        (
            *texts,
            (float(control.raw_value), str(control.get_text_for_raw_value(control.raw_value))),
        ),
        tuple(_back(control, text) for _, text in texts),
    )


def _back(control: AudioProcessorParameter, text: str) -> float:
    """The raw value of the number in a text, as the manifest's values are told; NaN for none."""
    number = text.split()[0] if text.split() else ""
    try:
        return float(control.get_raw_value_for_text(f"{float(number):.9g}"))
    except (ValueError, RuntimeError):
        return float("nan")
