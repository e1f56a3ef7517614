"""Exported models and their cards: the only place that knows ONNX."""

from bridge.models.cards import EncoderCard, PredictorCard
from bridge.models.loading import (
    Embedded,
    Encoder,
    Prediction,
    Predictor,
    load_encoder,
    load_predictor,
    model_files,
)

__all__ = [
    "Embedded",
    "Encoder",
    "EncoderCard",
    "Prediction",
    "Predictor",
    "PredictorCard",
    "load_encoder",
    "load_predictor",
    "model_files",
]
