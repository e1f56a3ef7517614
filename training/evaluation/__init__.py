"""Evaluation of the exported models: the published A/B protocol with its flaws mended.

Input is one dry half of a clip, reference the other half made wet, target the input made wet with
the same setting, by the same render path that serves training and live use, so the true
parameters score exactly 0. All conditions see the same cases. In the cross-plugin slice another
maker's effect makes reference and target, in that of real gear a captured amplifier or pedal.
"""

from training.evaluation.protocol import Settings
from training.evaluation.run import evaluate, report

__all__ = ["Settings", "evaluate", "report"]
