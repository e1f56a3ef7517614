"""Corpus, examples, training, evaluation and export. Imports `bridge`; nothing imports it."""
