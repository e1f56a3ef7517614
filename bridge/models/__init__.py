"""Exported models and their cards: the only place that knows ONNX."""

from bridge.models.cards import EncoderCard, PredictorCard
from bridge.models.loading import (
    Embedded,
    Encoder,
    Prediction,
    Predictor,
    load_encoder,
    load_predictor,
    needed_encoder,
    predictor_folder,
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
    "needed_encoder",
    "predictor_folder",
]
