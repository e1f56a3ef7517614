"""One setting for every sound: where several settings sound the same, the one to learn.

A model that is shown either of two settings for one sound learns their mean, which is neither.
Enums and toggles are brought to the value of their class.
"""

from math import sqrt

from bridge.manifest import Setting

_DELAY_VARIABLE_RATIO = 9 / 17.9
"""Below it mda Delay's r_delay is four times the ratio of the times; above it, one of nine."""

_DELAY_RATIOS = (2.0, 1.5, 1.3333, 1.2, 1.0, 0.8333, 0.75, 0.6667, 0.5)


def canonical(setting: Setting) -> Setting:
    """The setting that stands for all that sound like it."""
    plugin = setting.plugin
    values = {
        parameter.symbol: parameter.to_normalised(parameter.to_real(value))
        if parameter.scale in ("enum", "toggle")
        else value
        for parameter, value in zip(plugin.parameters, setting.normalised, strict=True)
    }
    if plugin.id == "mda-delay":
        values["l_delay"], values["r_delay"] = _longer_first(values["l_delay"], values["r_delay"])
    return Setting(plugin, tuple(values.values()))


def _longer_first(l_delay: float, r_delay: float) -> tuple[float, float]:
    """mda Delay in mono: its two times can change places, so the longer one comes first.

    The left time is 32766·l_delay² samples, at least 4; the right one is the left one times a
    ratio, at most 32766 samples.
    """
    if r_delay < _DELAY_VARIABLE_RATIO:
        ratio = 4 * r_delay
    else:
        ratio = _DELAY_RATIOS[int(r_delay * 17.9) - 9]
    if ratio <= 1:
        return l_delay, ratio / 4
    longest = min(l_delay * sqrt(ratio), 1.0)
    return longest, l_delay**2 / longest**2 / 4 if longest > 0 else 0.25
