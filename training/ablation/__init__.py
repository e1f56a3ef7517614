"""What each ingredient of the method brings: a ladder of systems, each with one thing more."""

from training.ablation.contrast import ContrastSettings
from training.ablation.run import ablate
from training.ablation.settings import AblationSettings

__all__ = ["AblationSettings", "ContrastSettings", "ablate"]
