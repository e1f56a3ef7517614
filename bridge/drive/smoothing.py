"""Parameters that glide instead of jumping."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import exp

from bridge.chain import ChainSetting
from bridge.errors import BridgeError
from bridge.manifest import ParamSpec


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
    """Glides every continuous parameter; enums, toggles and bypasses switch at once."""

    def __init__(self, start: ChainSetting) -> None:
        self.setting = start

    def towards(
        self, target: ChainSetting, elapsed_s: float, glide_of: Callable[[str], Glide]
    ) -> ChainSetting:
        """Move for `elapsed_s` seconds and return where that leads."""
        chain = target.chain
        values = zip(chain.parameters, self.setting.normalised, target.normalised, strict=True)
        self.setting = ChainSetting.of_normalised(
            chain,
            [
                goal
                if parameter.spec.classes
                else glide_of(parameter.address).moved(now, goal, elapsed_s)
                for parameter, now, goal in values
            ],
            target.bypassed,
        )
        return self.setting


def share_of_way(elapsed_s: float, time_constant_s: float) -> float:
    """How far, 0..1, a first-order glide comes in that time; a time constant of 0 arrives."""
    return 1 - exp(-elapsed_s / time_constant_s) if time_constant_s > 0 else 1.0


def blend(base: ChainSetting, target: ChainSetting, amount: float) -> ChainSetting:
    """`base` at amount 0, `target` at 1, between them in normalised values.

    Enums, toggles and bypasses are the target's where the amount is above a half.
    """

    def between(spec: ParamSpec, start: float, goal: float) -> float:
        if spec.classes:
            return goal if amount > 0.5 else start
        return min(max(start + amount * (goal - start), 0.0), 1.0)

    chain = target.chain
    values = zip(chain.parameters, base.normalised, target.normalised, strict=True)
    return ChainSetting.of_normalised(
        chain,
        [between(parameter.spec, start, goal) for parameter, start, goal in values],
        target.bypassed if amount > 0.5 else base.bypassed,
    )
