"""How good the shipped encoder's embedding is: what a simple model can read off it, on test audio.

Two questions: which effect made a recording wet (`probe`), and how many bits it holds about every
predicted parameter (`information`). Clips, settings and renders come by the path that makes the
training data; embeddings by the exported ONNX encoder.
"""




