"""Parameters that glide instead of jumping."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import exp

from bridge.errors import BridgeError
from bridge.manifest import ParamSpec, Setting


@dataclass(frozen=True)
class Glide:
    """How a parameter moves: a first-order glide that is never faster than its slew limit."""

    attack_s: float = 0.25
    """Time constant, when 63 % of a step is done, of a rising value; 0 follows at once."""
    release_s: float = 0.25
    """The same of a falling value."""
    slew_s: float = 0.0
    """The least time for the whole range; 0 is no limit."""

    def __post_init__(self) -> None:
        """Refuse times below 0."""
        for field in fields(self):
            if not getattr(self, field.name) >= 0:
                raise BridgeError(
                    f"{field.name} must be 0 or more, not {getattr(self, field.name)}"
                )

    def moved(self, now: float, goal: float, elapsed_s: float) -> float:
        """Where a normalised value is `elapsed_s` seconds later."""
        step = goal - now
        step *= share_of_way(elapsed_s, self.attack_s if step > 0 else self.release_s)
        if self.slew_s > 0:
            most = elapsed_s / self.slew_s
            step = min(max(step, -most), most)
        return min(max(now + step, 0.0), 1.0)


class Smoother:
    """Glides every continuous parameter; enums and toggles switch at once."""

    def __init__(self, start: Setting) -> None:
        self.setting = start

    def towards(
        self, target: Setting, elapsed_s: float, glide_of: Callable[[str], Glide]
    ) -> Setting:
        """Move for `elapsed_s` seconds and return where that leads."""
        values = zip(
            target.plugin.parameters, self.setting.normalised, target.normalised, strict=True
        )
        self.setting = Setting(
            target.plugin,
            tuple(
                goal if spec.classes else glide_of(spec.symbol).moved(now, goal, elapsed_s)
                for spec, now, goal in values
            ),
        )
        return self.setting


def share_of_way(elapsed_s: float, time_constant_s: float) -> float:
    """How far, 0..1, a first-order glide comes in that time; a time constant of 0 arrives."""
    return 1 - exp(-elapsed_s / time_constant_s) if time_constant_s > 0 else 1.0


def blend(base: Setting, target: Setting, amount: float) -> Setting:
    """`base` at amount 0, `target` at 1, between them in normalised values.

    Enums and toggles take the target's class where the amount is above a half.
    """

    def between(spec: ParamSpec, start: float, goal: float) -> float:
        if spec.classes:
            return goal if amount > 0.5 else start
        return min(max(start + amount * (goal - start), 0.0), 1.0)

    values = zip(target.plugin.parameters, base.normalised, target.normalised, strict=True)
    return Setting(target.plugin, tuple(between(*value) for value in values))
