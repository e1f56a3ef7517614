"""pedalboard, loaded when it is first needed: where it cannot be, all else must still work."""

from types import ModuleType
from typing import TYPE_CHECKING, Any

from bridge.errors import EffectError
from bridge.system import remedy

if TYPE_CHECKING:
    from pedalboard import Plugin, VST3Plugin
else:
    Plugin = VST3Plugin = Any

__all__ = ["Plugin", "VST3Plugin", "load_pedalboard", "pedalboard_version"]


def load_pedalboard() -> ModuleType:
    """The module. Raises EffectError where it, or a library that it needs, is missing."""
    try:
        import pedalboard
    except ImportError as error:
        todo = remedy(
            linux="apt install libatomic1",
            mac="install dafx-bridge again",
            windows="install Microsoft's Visual C++ Redistributable",
        )
        raise EffectError(f"pedalboard cannot be loaded ({error}): {todo}") from None
    return pedalboard


def pedalboard_version() -> str:
    """The installed version. Raises EffectError as `load_pedalboard` does."""
    load_pedalboard()
    from pedalboard.version import __version__

    return str(__version__)
