"""Render audio through plugins: the only render path of the project."""

from bridge.effects.base import Effect, EffectStream
from bridge.effects.chain import ChainEffect, ChainStream, load_chain
from bridge.effects.loading import load_effect

__all__ = ["ChainEffect", "ChainStream", "Effect", "EffectStream", "load_chain", "load_effect"]
