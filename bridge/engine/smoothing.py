"""Parameters that glide instead of jumping."""

from math import exp

from bridge.manifest import ParamSpec, Setting


class Smoother:
    """First-order glide of every continuous parameter; enums and toggles switch at once."""

    def __init__(self, start: Setting, time_constant_s: float) -> None:
        """`time_constant_s`: when 63 % of a step is done; 0 follows at once."""
        self.setting = start
        self._time_constant_s = time_constant_s

    def towards(self, target: Setting, elapsed_s: float) -> Setting:
        """Move for `elapsed_s` seconds and return where that leads."""
        share = share_of_way(elapsed_s, self._time_constant_s)
        self.setting = blend(self.setting, target, share, switch_above=0.0)
        return self.setting


def share_of_way(elapsed_s: float, time_constant_s: float) -> float:
    """How far, 0..1, a first-order glide comes in that time; a time constant of 0 arrives."""
    return 1 - exp(-elapsed_s / time_constant_s) if time_constant_s > 0 else 1.0


def blend(base: Setting, target: Setting, amount: float, switch_above: float = 0.5) -> Setting:
    """`base` at amount 0, `target` at 1, between them in normalised values.

    Enums and toggles take the target's class where the amount is above `switch_above`.
    """

    def between(spec: ParamSpec, start: float, goal: float) -> float:
        if spec.scale in ("enum", "toggle"):
            return goal if amount > switch_above else start
        return min(max(start + amount * (goal - start), 0.0), 1.0)

    values = zip(target.plugin.parameters, base.normalised, target.normalised, strict=True)
    return Setting(target.plugin, tuple(between(*value) for value in values))
