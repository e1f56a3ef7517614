"""Exported models and their cards: the only place that knows ONNX."""

from bridge.models.cards import EncoderCard, PredictorCard
from bridge.models.loading import Encoder, Predictor, load_encoder, load_predictor

__all__ = [
    "Encoder",
    "EncoderCard",
    "Predictor",
    "PredictorCard",
    "load_encoder",
    "load_predictor",
]
