"""How large the ladder is."""

from pydantic import BaseModel, ConfigDict

from training.ablation.contrast import ContrastSettings
from training.baseline import HeadSettings, VaeSettings
from training.runs import JointSettings, SpsaSettings


class AblationSettings(BaseModel):
    """How much every rung sees, and how it is trained; less than half an hour on two cores."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plugins: tuple[str, ...] = ("mda-overdrive", "mda-delay", "mda-combo", "mda-ambience")
    clips: int = 2_048
    vae_clips: int = 1_024
    """How many of these the β-VAE sees."""
    validation_clips: int = 256
    cases: int = 48
    """Of every plugin."""
    vae: VaeSettings = VaeSettings()
    contrast: ContrastSettings = ContrastSettings()
    heads: HeadSettings = HeadSettings()
    alone: SpsaSettings = SpsaSettings(
        steps=120, batch=16, learning_rate=1e-3, check_every=30, validation_cases=64
    )
    """Through the plugin from nothing."""
    tuned: SpsaSettings = SpsaSettings(
        steps=60,
        batch=16,
        learning_rate=3e-4,
        check_every=20,
        validation_cases=64,
        points_only=True,
    )
    """Through the plugin after regression."""
    joint: JointSettings = JointSettings()
