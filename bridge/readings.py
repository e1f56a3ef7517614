"""Values as a player reads them in a terminal."""

from bridge.manifest import ParamSpec


def shown(spec: ParamSpec, real: float) -> str:
    """A real value: a choice's name, or a number with its unit; behind it what the plugin's own
    display has, where that is another."""
    if label := spec.label(real):
        return label
    told = f"{real:.3f} {spec.unit}".strip()
    if not spec.display:
        return told
    meant = spec.display.of(spec.to_normalised(real))
    digits = 0 if abs(meant) >= 100 else 1 if abs(meant) >= 10 else 2
    return f"{told} ({meant:.{digits}f} {spec.display.unit})"
