"""Exported models and their cards: the only place that knows ONNX."""

from bridge.models.cards import EncoderCard, PredictorCard
from bridge.models.loading import (
    Embedded,
    Encoder,
    Prediction,
    Predictor,
    encoder_of,
    load_encoder,
    load_predictor,
    model_files,
    predictor_folder,
)

__all__ = [
    "Embedded",
    "Encoder",
    "EncoderCard",
    "Prediction",
    "Predictor",
    "PredictorCard",
    "encoder_of",
    "load_encoder",
    "load_predictor",
    "model_files",
    "predictor_folder",
]
