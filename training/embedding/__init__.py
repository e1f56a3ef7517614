"""How good the shipped encoder's embedding is: what a simple model can read off it, on test audio.

Two kinds of question: which effect made a recording wet (`probe`), and how many bits are known
about every predicted parameter (`information`). Clips, settings and renders come by the path that
makes the training data, embeddings from the exported ONNX encoder.
"""

from training.embedding.run import measure

__all__ = ["measure"]
