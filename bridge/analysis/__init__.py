"""Numbers out of audio: features for the models, levels, metrics."""
