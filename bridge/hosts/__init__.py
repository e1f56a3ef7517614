"""Effect hosts the bridge can drive, one file for each dialect, behind one small interface."""

from bridge.hosts.base import Host, News, Profile
from bridge.hosts.connect import PROFILES, FoundTrack, answers, connect, discover, listing

__all__ = [
    "PROFILES",
    "FoundTrack",
    "Host",
    "News",
    "Profile",
    "answers",
    "connect",
    "discover",
    "listing",
]
