"""How the player wants to be followed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.drive.smoothing import Glide
from bridge.errors import BridgeError


@dataclass(frozen=True)
class LiveSettings:
    """How the player wants to be followed."""

    amount: float = 1.0
    """0 leaves the host's own values, 1 takes the answer."""
    averaging_s: float = 1.0
    """How long the playing is remembered beyond the window: longer is steadier, shorter quicker."""
    glide: Glide = field(default_factory=Glide)
    """How parameters move."""
    glides: Mapping[str, Glide] = field(default_factory=dict)
    """How these move instead, by address."""
    locked: frozenset[str] = frozenset()
    """Addresses of parameters and bypasses that are left alone."""

    def __post_init__(self) -> None:
        """Refuse an amount outside 0..1 and a negative averaging time."""
        if not 0 <= self.amount <= 1:
            raise BridgeError(f"amount must lie in 0..1, not {self.amount}")
        if not self.averaging_s >= 0:
            raise BridgeError(f"averaging_s must be 0 or more, not {self.averaging_s}")

    def glide_of(self, address: str) -> Glide:
        """How this parameter moves."""
        return self.glides.get(address, self.glide)
