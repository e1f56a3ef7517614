"""Render audio through plugins: the only render path of the project."""

from bridge.effects.base import Effect, EffectStream
from bridge.effects.chain import ChainEffect, ChainStream, load_chain
from bridge.effects.loading import is_installed, load_effect

__all__ = [
    "ChainEffect",
    "ChainStream",
    "Effect",
    "EffectStream",
    "is_installed",
    "load_chain",
    "load_effect",
]
