"""OSC over UDP; whatever comes in is validated here and nowhere else."""

from bridge.osc.packets import Argument, Message
from bridge.osc.udp import Address, OscSocket

__all__ = ["Address", "Argument", "Message", "OscSocket"]
