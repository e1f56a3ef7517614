"""Try a plugin: whether it is an effect, whether it keeps to itself, what its parameters do.

The plugin renders in a child (`IsolatedEffect`), so whatever it does there is a finding. Blocks for
about `AIM_S` of a plugin of common speed and size, and for little more than `MOST_S` at the worst.
"""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from bridge.adding.clips import RATE_HZ, TAIL_S, clips, short_clips
from bridge.adding.draft import Draft, RefusedPluginError
from bridge.adding.hearing import apart_db, level_db, peak_db, residue_db, spectra_db
from bridge.arrays import Audio, Floats
from bridge.effects.isolated import IsolatedEffect
from bridge.errors import EffectError, PluginFaultError
from bridge.manifest import ParamSpec, PluginSpec, Setting

MOST_S = 40.0
"""What is not tried by then stays untried."""
PATIENCE_S = 3.0
AUDIBLE_DB = 0.1
"""A parameter that moves the sound less is not heard."""
LOUDEST_DB = 24.0
"""A peak above this, of a clip that peaks at -6, is dangerous."""
_LOUDER_DB = 3.0
"""A plugin that is as loud at its defaults may get so much louder."""
_SAME_DB = -60.0
"""What differs less is the same, but for rounding."""
_SILENT_DB = -80.0
_NOISE_DB = -40.0
"""A plugin that is louder than this when it hears nothing makes sound of its own."""
_MOST_CRASHES = 3
_MANY_PARAMETERS = 40
_BASES = (0.0, 0.5, 1.0, 0.5)
"""Drawn settings of all others, for parameters that are not heard at the defaults: the share of
choices and switches that leave theirs."""
_MOST_CHOICES = 6
_PASSES_ON = "it leaves the sound as it is, whatever is turned: a meter or a tool"
_OSCILLATION_DB, _OSCILLATION_TAIL_S = -40.0, 4.0


@dataclass(frozen=True)
class Heard:
    """What one parameter does."""

    moved_db: float = 0.0
    """The most that it moves the sound, over the clips and settings that were tried."""
    fault: str = ""
    """What goes wrong where it is turned, and so why it is held."""


@dataclass(frozen=True)
class Findings:
    """All that a probe shows of a plugin that can be added."""

    latency_frames: int
    noise_db: float
    """How far two renders of one setting sound apart; 0 where they are the same."""
    reset_is_fresh: bool | None
    """Whether a plugin that is reset renders as a new one; None where its format has no reset."""
    block_db: float
    """How far two renders sound apart that get the sound in blocks of other sizes."""
    parameters: Mapping[str, Heard]
    seconds: float
    untried: tuple[str, ...] = ()
    """Symbols of parameters that there was no time for."""
    remarks: tuple[str, ...] = field(default=())

    @property
    def fixed_block(self) -> bool:
        """Whether the sound hangs on how many frames the plugin gets at once."""
        return self.block_db > max(AUDIBLE_DB, 2 * self.noise_db)


def probe(draft: Draft) -> Findings:
    """Blocking: try the plugin of a draft.

    Raises RefusedPluginError, with the reason, where it cannot be loaded, fails at its defaults, is
    no effect or fails at too many settings.
    """
    effect = IsolatedEffect(draft.plugin, PATIENCE_S)
    try:
        return _Probe(draft, effect).findings()
    except RefusedPluginError:
        raise
    except EffectError as error:
        # It failed where it had rendered the same before, or at silence.
        reason = f"it fails now and then ({_without_name(error, draft.plugin)})"
        raise RefusedPluginError(reason) from None
    finally:
        effect.close()


class _Probe:
    """One plugin's trial."""

    def __init__(self, draft: Draft, effect: IsolatedEffect) -> None:
        self._draft, self._plugin, self._effect = draft, draft.plugin, effect
        self._held = set(draft.held)
        many = len(draft.plugin.parameters) > _MANY_PARAMETERS
        self._clip = short_clips() if many else clips()
        self._started_s = time.monotonic()
        self._heard = {p.symbol: Heard() for p in draft.plugin.parameters}
        self._tried: set[str] = set()
        self._noise_db = 0.0
        self._loudest_db = LOUDEST_DB
        self._sounds_on = False
        """Whether it sounds on by itself at its defaults already."""

    def findings(self) -> Findings:
        default = Setting.default(self._plugin)
        first = self._at_default(default)
        self._loudest_db = max(LOUDEST_DB, peak_db(first) + _LOUDER_DB)
        self._sounds_on = bool(self._hazard(default, first))
        if self._draft.is_analyser and self._is_as_played(first):
            raise RefusedPluginError(_PASSES_ON)
        base = spectra_db(first, RATE_HZ)
        self._noise_db = self._noise(default, first, base)
        self._require_listener(default, base)
        try:
            latency, block_db = self._blocks(default, base)
        except PluginFaultError:
            # It fails in blocks of odd sizes, and gets blocks of one size from here on.
            latency, block_db = 0, math.inf
        reset_is_fresh = self._effect.reset_is_fresh(self._clip, RATE_HZ, default)
        self._turn_each(default, base, at_default=True)
        for base_setting in self._bases():
            if self._inaudible() and not self._is_late:
                self._turn_from(base_setting)
        self._require_audible(first)
        return Findings(
            latency,
            self._noise_db,
            reset_is_fresh,
            block_db,
            dict(self._heard),
            time.monotonic() - self._started_s,
            tuple(s for s in self._heard if s not in self._tried and s not in self._held),
            tuple(self._remarks(first)),
        )

    def _remarks(self, first: Audio) -> Iterator[str]:
        if peak_db(first) > LOUDEST_DB:
            yield f"loud as it starts (peak {peak_db(first):+.0f} dB)"
        if self._sounds_on:
            yield "sounding on by itself as it starts"

    @property
    def _is_late(self) -> bool:
        return time.monotonic() - self._started_s > MOST_S

    @property
    def _audible_db(self) -> float:
        return max(AUDIBLE_DB, 2 * self._noise_db)

    def _render(self, setting: Setting, audio: Audio | None = None) -> Audio:
        return self._effect.render(self._clip if audio is None else audio, RATE_HZ, setting)

    def _at_default(self, default: Setting) -> Audio:
        try:
            if self._plugin.formats.vst3:
                # The first stream of a VST3 makes a trial at drawn settings, which may crash.
                with suppress(PluginFaultError):
                    self._render(default)
            wet = self._render(default)
        except PluginFaultError as fault:
            raise RefusedPluginError(f"it {_without_name(fault, self._plugin)}") from None
        except EffectError as error:
            raise RefusedPluginError(
                f"it cannot be opened ({_without_name(error, self._plugin)})"
            ) from None
        return wet

    def _is_as_played(self, wet: Audio) -> bool:
        return residue_db(self._clip, wet) <= _SAME_DB

    def _noise(self, default: Setting, first: Audio, base: Floats) -> float:
        again = self._render(default)
        if residue_db(first, again) <= _SAME_DB:
            return 0.0
        return apart_db(base, spectra_db(again, RATE_HZ))

    def _require_listener(self, default: Setting, base: Floats) -> None:
        """Refuse what sounds the same whatever it hears."""
        alone = self._render(default, np.zeros_like(self._clip))
        if level_db(alone) < _NOISE_DB:
            return
        if apart_db(base, spectra_db(alone, RATE_HZ)) <= 2 * self._audible_db:
            raise RefusedPluginError("it sounds by itself, whatever it hears: a generator")

    def _blocks(self, default: Setting, whole: Floats) -> tuple[int, float]:
        """Latency, and what the size of blocks changes."""
        sizes = (1024, 480, 1, 777, 64, 333)
        pieces, at, number = [], 0, 0
        with self._effect.open(RATE_HZ, 1, default) as stream:
            late = stream.latency_frames
            audio = np.pad(self._clip, ((0, 0), (0, late)))
            while at < audio.shape[1]:
                size = sizes[number % len(sizes)]
                pieces.append(stream.process(audio[:, at : at + size]))
                at, number = at + size, number + 1
        cut = np.concatenate(pieces, axis=1)[:, late:]
        return late, apart_db(whole, spectra_db(cut, RATE_HZ))

    def _turn_each(self, base_setting: Setting, base: Floats, at_default: bool) -> None:
        """Every parameter that is not heard yet to its ends, the others as in `base_setting`."""
        for number, spec in enumerate(self._plugin.parameters):
            if self._is_late:
                return
            if spec.symbol in self._held or self._heard[spec.symbol].fault:
                continue
            if not at_default and self._heard[spec.symbol].moved_db > self._audible_db:
                continue
            heard = self._turned(base_setting, base, number, spec, at_default)
            before = self._heard[spec.symbol]
            self._heard[spec.symbol] = Heard(max(before.moved_db, heard.moved_db), heard.fault)
            self._tried.add(spec.symbol)
            self._require_few_crashes()

    def _turned(
        self, setting: Setting, base: Floats, number: int, spec: ParamSpec, at_default: bool
    ) -> Heard:
        moved_db = 0.0
        for value in _ends(spec):
            values = list(setting.normalised)
            if values[number] == value:
                continue
            values[number] = value
            turned = Setting(self._plugin, tuple(values))
            try:
                wet = self._render(turned)
            except EffectError as error:
                at = f"{spec.to_real(value):.4g}"
                return Heard(moved_db, f"at {at} it {_without_name(error, self._plugin)}")
            moved_db = max(moved_db, apart_db(base, spectra_db(wet, RATE_HZ)))
            if at_default and (hazard := self._hazard(turned, wet)):
                return Heard(moved_db, f"at {spec.to_real(value):.4g} it {hazard}")
        return Heard(moved_db)

    def _hazard(self, setting: Setting, wet: Audio) -> str:
        if peak_db(wet) > self._loudest_db:
            return f"is dangerously loud (peak {peak_db(wet):+.0f} dB)"
        quarter = round(TAIL_S * RATE_HZ / 4)
        before, after = level_db(wet[:, -3 * quarter : -2 * quarter]), level_db(wet[:, -quarter:])
        if self._sounds_on or after < _OSCILLATION_DB or after < before - 3:
            return ""
        return "oscillates by itself" if self._goes_on(setting) else ""

    def _goes_on(self, setting: Setting) -> bool:
        """Whether it sounds on, as loud as before, long after it heard the last."""
        silence = round(_OSCILLATION_TAIL_S * RATE_HZ)
        try:
            wet = self._render(setting, np.pad(self._clip, ((0, 0), (0, silence))))
        except EffectError:
            return True
        tail = wet[:, -silence:]
        early, late = level_db(tail[:, : silence // 4]), level_db(tail[:, -silence // 4 :])
        return late > _OSCILLATION_DB and late > early - 1

    def _inaudible(self) -> bool:
        return any(
            not heard.fault and heard.moved_db <= self._audible_db and symbol not in self._held
            for symbol, heard in self._heard.items()
        )

    def _bases(self) -> Iterator[Setting]:
        """Drawn settings; what is held or fails stays at its default."""
        draw = np.random.default_rng(3)
        default = Setting.default(self._plugin)
        for share in _BASES:
            values = [
                self._drawn(spec, value, share, draw)
                for spec, value in zip(self._plugin.parameters, default.normalised, strict=True)
            ]
            yield Setting(self._plugin, tuple(values))

    def _drawn(
        self, spec: ParamSpec, default: float, share: float, draw: np.random.Generator
    ) -> float:
        """A normalised value of one parameter."""
        value, leaves = draw.uniform(0.1, 0.9), draw.random() < share
        if spec.symbol in self._held or self._heard[spec.symbol].fault:
            return default
        if not spec.classes:
            return float(value)
        others = [n for n in range(spec.classes) if n != spec.class_of(default)]
        return spec.normalised_of_class(int(draw.choice(others))) if leaves else default

    def _turn_from(self, base_setting: Setting) -> None:
        try:
            wet = self._render(base_setting)
        except EffectError:
            return
        if level_db(wet) > _SILENT_DB and peak_db(wet) <= self._loudest_db:
            self._turn_each(base_setting, spectra_db(wet, RATE_HZ), at_default=False)

    def _require_few_crashes(self) -> None:
        faults = [heard.fault for heard in self._heard.values() if _is_crash(heard.fault)]
        if len(faults) > _MOST_CRASHES:
            raise RefusedPluginError(f"it fails at many settings: {'; '.join(faults[:2])}; …")

    def _require_audible(self, first: Audio) -> None:
        turned = [heard for symbol, heard in self._heard.items() if symbol not in self._held]
        if any(heard.moved_db > self._audible_db and not heard.fault for heard in turned):
            return
        if faults := [f"{s} {h.fault}" for s, h in self._heard.items() if h.fault]:
            raise RefusedPluginError(f"nothing of it can be turned without harm: {faults[0]}")
        if self._noise_db > AUDIBLE_DB:
            raise RefusedPluginError(
                f"it differs by {self._noise_db:.1f} dB from render to render, more than any"
                " parameter moves it"
            )
        if level_db(first) <= _SILENT_DB:
            raise RefusedPluginError("it stays silent, whatever is turned")
        if self._is_as_played(first):
            raise RefusedPluginError(_PASSES_ON)
        raise RefusedPluginError("no parameter of it is heard on one channel")


def _ends(spec: ParamSpec) -> list[float]:
    """Normalised values that a parameter is tried at: its ends, or its choices."""
    if spec.scale == "enum" and spec.classes <= _MOST_CHOICES:
        return [spec.normalised_of_class(number) for number in range(spec.classes)]
    if spec.scale == "toggle":
        return [0.0, 1.0]
    return [0.0, 1.0, 0.5]


def _is_crash(fault: str) -> bool:
    return bool(fault) and "loud" not in fault and "oscillates" not in fault


def _without_name(error: Exception, plugin: PluginSpec) -> str:
    """What an effect's error says, without the plugin's name and the advice."""
    text = str(error).removeprefix(f"{plugin.id}: ").removeprefix(f"{plugin.id} ")
    return text.partition("; ")[0]
