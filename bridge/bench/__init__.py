"""What the live engine costs on this computer, beside the least it could cost and its peers."""

from bridge.bench.goals import GOALS, Goal
from bridge.bench.run import measure

__all__ = ["GOALS", "Goal", "measure"]
