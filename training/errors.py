"""Errors of the training side, explained like the bridge's own."""

from bridge.errors import BridgeError


class TrainingError(BridgeError):
    """The corpus or a run cannot be built with what is installed or configured."""

    exit_code = 9
