"""One added plugin beside another host: the same sound through both, at three settings."""

from dataclasses import dataclass

import numpy as np

from benchmarks.packages.ardour import BLOCK_FRAMES as LONG_FRAMES
from benchmarks.packages.ardour import FRAMES, RATE_HZ, clip, renders
from bridge.adding.hearing import apart_db, residue_db, spectra_db
from bridge.arrays import Audio
from bridge.effects import lv2
from bridge.effects.base import BLOCK_FRAMES
from bridge.effects.child_process import ChildProcess
from bridge.effects.isolated import IsolatedEffect
from bridge.effects.lilv import lilv
from bridge.effects.lv2_ports import Ports, read_ports
from bridge.errors import EffectError
from bridge.manifest import PluginSpec, Setting

SAME_DB = -60.0
ALIKE_DB = 0.5
"""For plugins that are random, or sound different with other sizes of blocks."""
NOT_RENDERED = "the other host does not render it"
_DRAWN = 2
_ATTEMPTS = ("clip", "plugin", "clip", "plugin")
"""What is activated first; an attempt fails where Ardour runs one of them before the render."""
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Compared:
    """How far the worst of the settings is from the other host's."""

    verdict: str
    """same, alike, differs, or why there is nothing to compare with."""
    residue_db: float | None = None
    apart_db: float | None = None

    @property
    def right(self) -> bool:
        """Whether it is rendered as elsewhere."""
        return self.verdict in ("same", "alike")

    @property
    def wrong(self) -> bool:
        """Whether it is not."""
        return self.verdict in ("differs", "fails")


def compared(plugin: PluginSpec) -> Compared:
    """Blocking, some seconds."""
    found = lilv().plugin(plugin.formats.lv2 or "")
    if found is None:
        return Compared("not installed")
    ports = read_ports(found)
    channels = 2 if len(ports.audio_in) == len(ports.audio_out) == 2 else 1
    if len(ports.audio_in) != len(ports.audio_out):
        return Compared("mono to stereo: the other host mixes in another way")
    settings = [Setting.default(plugin), *(_drawn(plugin, n) for n in range(_DRAWN))]
    numbers = _numbers(ports)
    wanted = [{numbers[s]: v for s, v in each.values.items()} for each in settings]
    effect = IsolatedEffect(plugin)
    try:
        ours, late = _ours(effect, channels, settings)
        # Many plugins hear the size of blocks, in their smoothing or their convolution.
        ours.append(_in_long_blocks(plugin, channels, settings))
        alike_db = max(ALIKE_DB, 2 * _noise_db(effect, channels, settings, ours[0]))
    except EffectError:
        return Compared("fails")
    finally:
        effect.close()
    nearest: dict[int, tuple[float, float]] = {}
    for first in _ATTEMPTS:
        theirs = renders(plugin.formats.lv2 or "", channels, wanted, first)
        for number, b in enumerate(theirs):
            # What is later than half of the clip leaves too little of it.
            if b is not None and late[number] < FRAMES // 2:
                far = min(_difference(each[number], b, late[number]) for each in ours)
                nearest[number] = min(far, nearest.get(number, far))
        if nearest and not _worst(list(nearest.values()), alike_db).wrong:
            break
    if not nearest:
        return Compared(NOT_RENDERED)
    return _worst(list(nearest.values()), alike_db)


def _ours(
    effect: IsolatedEffect, channels: int, settings: list[Setting]
) -> tuple[list[list[Audio]], list[int]]:
    """Renders, as the only way to do them, and how late the plugin says that it is at each."""
    audio = np.repeat(clip(), channels, axis=0)
    late = []
    for setting in settings:
        with effect.open(RATE_HZ, channels, setting) as stream:
            late.append(stream.latency_frames - BLOCK_FRAMES * effect.plugin.fixed_block)
    return [[effect.render(audio, RATE_HZ, setting) for setting in settings]], late


def _noise_db(
    effect: IsolatedEffect, channels: int, settings: list[Setting], before: list[Audio]
) -> float:
    """How far two renders of one setting are apart, at the worst of the settings."""
    audio = np.repeat(clip(), channels, axis=0)
    again = [effect.render(audio, RATE_HZ, setting) for setting in settings]
    return max(
        apart_db(spectra_db(a, RATE_HZ), spectra_db(b, RATE_HZ))
        for a, b in zip(before, again, strict=True)
    )


def _in_long_blocks(plugin: PluginSpec, channels: int, settings: list[Setting]) -> list[Audio]:
    """The same, by a plugin that is told of Ardour's blocks and gets them."""
    normalised = [setting.normalised for setting in settings]
    with ChildProcess() as child:
        audio = np.repeat(clip(), channels, axis=0)
        found: list[Audio] = child.ask(_PATIENCE_S, "call", _render_long, plugin, audio, normalised)
        return found


def _render_long(
    plugin: PluginSpec, audio: Audio, normalised: list[tuple[float, ...]]
) -> list[Audio]:
    """In the child, which does nothing else."""
    lv2.BLOCK_FRAMES = LONG_FRAMES
    free = plugin.model_copy(update={"fixed_block": False})
    effect = lv2.Lv2Effect(free)
    return [effect.render(audio, RATE_HZ, Setting(free, values)) for values in normalised]


def _difference(ours: Audio, theirs: Audio, late: int) -> tuple[float, float]:
    """Residue and distance; Ardour may or may not have taken the latency away."""
    found = []
    for shift in {0, late}:
        a, b = ours[:, : FRAMES - shift], theirs[:, shift:FRAMES]
        apart = apart_db(spectra_db(a, RATE_HZ), spectra_db(b, RATE_HZ))
        found.append((residue_db(b, a), apart))
    return min(found)


def _worst(differences: list[tuple[float, float]], alike_db: float) -> Compared:
    residue, apart = (max(each) for each in zip(*differences, strict=True))
    verdict = "same" if residue <= SAME_DB else "alike" if apart <= alike_db else "differs"
    return Compared(verdict, round(residue, 1), round(apart, 2))


def _numbers(ports: Ports) -> dict[str, int]:
    """A control's place among all controls, as Ardour counts them."""
    controls = [port for port in ports.all if port.kind == "control"]
    return {port.symbol: n for n, port in enumerate(controls) if port.is_input}


def _drawn(plugin: PluginSpec, seed: int) -> Setting:
    """Drawn values of what may be turned, clear of the ends."""
    draw = np.random.default_rng(seed)
    values = draw.uniform(0.15, 0.85, len(plugin.parameters)).tolist()
    return Setting.of_values(
        plugin,
        {
            spec.symbol: spec.to_real(value)
            for spec, value in zip(plugin.parameters, values, strict=True)
            # Hosts differ in what a side-chain hears that nothing is connected to.
            if spec.predicted and "side" not in spec.name.lower()
        },
    )
