"""What runs beside a DAW: listen, compare with a reference, turn the plugin's knobs.

The data walks one way: source → window → features → encoder → predictor → smoothing → host.

`match`, `suggest`, `Match`, `Engine`, `Chain`, `Library` and `open_library` are what other programs
use. They are loaded when they are first asked for, so that `import bridge` itself costs next to
nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bridge.version import __version__

if TYPE_CHECKING:
    from bridge.api import Engine, Match, match, suggest
    from bridge.chain import Chain
    from bridge.library import Library, open_library

__all__ = [
    "Chain",
    "Engine",
    "Library",
    "Match",
    "__version__",
    "match",
    "open_library",
    "suggest",
]

_HOMES = {
    "Chain": "bridge.chain",
    "Engine": "bridge.api",
    "Library": "bridge.library",
    "Match": "bridge.api",
    "match": "bridge.api",
    "open_library": "bridge.library",
    "suggest": "bridge.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bridge' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
