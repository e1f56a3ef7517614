"""Render audio through a plugin: the only render path of the project."""

from bridge.effects.base import Effect, EffectStream
from bridge.effects.loading import load_effect

__all__ = ["Effect", "EffectStream", "load_effect"]
