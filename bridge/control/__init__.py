"""The engine's control surface: OSC on 127.0.0.1, and OSCQuery that describes it."""

from bridge.control.client import PORT, ControlClient
from bridge.control.nodes import Access, Node, Value
from bridge.control.surface import Order, Surface

__all__ = ["PORT", "Access", "ControlClient", "Node", "Order", "Surface", "Value"]
