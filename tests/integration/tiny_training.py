"""`dafx-train` with the experiments of another folder, one plugin, and little of everything.

`python -m tests.integration.tiny_training EXPERIMENTS WORKERS COMMAND …`, also below `torchrun`.
"""

import sys
from functools import partial
from pathlib import Path
from unittest import mock

from typing_extensions import override

from bridge.library import Library
from bridge.manifest import Manifest

MODELS = {"mda-overdrive": "mda-overdrive", "mda-delay": None}
CHUNK = 8
SENSITIVITY_CASES = 2
CASES = 8

TUNED = """
clips: {sample_rates_hz: [24000, 48000], halves_s: [2.75], gain_db: [-12, 6]}
pool: {clips: 32, validation_clips: 16, seed: 1}
joint: {epochs: 4, batch: 16}
spsa: {steps: 4, batch: 4, check_every: 2, validation_cases: 4, points_only: true}
"""


class TinyLibrary(Library):
    """The shipped library's entries of `MODELS`, with these models."""

    @property
    @override
    def manifest(self) -> Manifest:
        whole = super().manifest
        return Manifest(
            schema=1,
            plugins=tuple(
                whole.plugin(name).model_copy(update={"model": model})
                for name, model in MODELS.items()
            ),
        )


def write_experiments(folder: Path) -> None:
    """`tuned` as a file."""
    (folder / "tuned.yaml").write_text(TUNED)


def main() -> None:
    """Run one command."""
    experiments, workers = Path(sys.argv.pop(1)), int(sys.argv.pop(1))
    from training.__main__ import main as dafx_train
    from training.fit import fit

    with (
        mock.patch("training.runs.EXPERIMENTS", experiments),
        mock.patch("training.pool._CHUNK", CHUNK),
        mock.patch("training.sensitivity.CASES", SENSITIVITY_CASES),
        mock.patch("training.convergence.CASES", CASES),
        mock.patch("training.cli.Library", TinyLibrary),
        mock.patch("training.cli.fit", partial(fit, workers=workers)),
    ):
        dafx_train()


if __name__ == "__main__":
    main()
