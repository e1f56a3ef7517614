"""The version, here and nowhere else: the wheel, `--version` and the logs take it from here."""

__version__ = "0.1.0"
