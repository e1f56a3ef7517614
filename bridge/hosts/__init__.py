"""Effect hosts the bridge can drive, one file for each dialect, behind one small interface."""

from bridge.hosts.base import Host
from bridge.hosts.connect import connect

__all__ = ["Host", "connect"]
