"""Teach a plugin of the user's own: a predictor on the shipped encoder, in minutes."""

from training.learning.run import Learned, Wish, learn

__all__ = ["Learned", "Wish", "learn"]
