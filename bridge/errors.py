"""Every error a user can cause, with the exit code the command line answers with.

A message says what was expected, what came and what to do; it is one line and needs no traceback.
"""

from typing import ClassVar


class BridgeError(Exception):
    """Base of all errors the bridge explains to its user."""

    exit_code: ClassVar[int] = 1


class StateError(BridgeError):
    """A folder for settings or logs cannot be used, or another process keeps its own there."""


class AudioError(BridgeError):
    """An audio file or buffer cannot be used: missing, broken, empty, silent, too short, NaN."""

    exit_code = 3


class ManifestError(BridgeError):
    """The plugin manifest is not valid, or does not hold the plugin asked for."""

    exit_code = 4


class EffectError(BridgeError):
    """A plugin is not installed, or cannot render what was asked."""

    exit_code = 5


class PluginFaultError(EffectError):
    """A plugin that renders in a child crashed, hung, took too much memory or gave no numbers."""


class ModelError(BridgeError):
    """A model or its card is missing, corrupt, or does not fit the manifest."""

    exit_code = 6


class HostError(BridgeError):
    """The effect host cannot be reached, or does not hold what the bridge wants to set."""

    exit_code = 7


class DeviceError(BridgeError):
    """A sound device is missing or refuses the settings asked for."""

    exit_code = 8


class PacketError(BridgeError):
    """A datagram is not a well-formed OSC packet."""
