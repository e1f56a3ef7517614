"""Real gear to learn from: a folder of direct-input recordings and captures of amplifiers.

`DIR/di/` holds recordings of an electric guitar, `DIR/captures/*.nam` Neural Amp Modeler captures.
What `VALIDATION_DI` and `VALIDATION_CAPTURES` name is kept out of training.
"""

from dataclasses import dataclass
from pathlib import Path

from training.errors import TrainingError

DI_KEY = "direct-input"
DI_PACKAGE = "gear for"
DI_LICENCE = "see the gear's README"
VALIDATION_DI = frozenset({"guitar-a-04", "guitar-a-07"})
_VALIDATION_NUMBERS = (
    *(2, 3, 4, 5, 8, 9, 12, 13, 14, 16, 19, 20, 24, 25),
    *(26, 28, 29, 32, 35, 36, 39, 40, 43, 44, 46, 47, 48),
)
VALIDATION_CAPTURES = frozenset(f"gear-{number:02d}" for number in _VALIDATION_NUMBERS)


@dataclass(frozen=True)
class Gear:
    """What one split takes of a folder of gear, in order of name."""

    direct_inputs: tuple[Path, ...] = ()
    captures: tuple[Path, ...] = ()


def find_gear(folder: Path, split: str) -> Gear:
    """The direct-input recordings and captures of `split`; none of the test split.

    Raises TrainingError where the folder has neither of the two.
    """
    direct_inputs = sorted(folder.glob("di/[!.]*"))
    captures = sorted(folder.glob("captures/[!.]*.nam"))
    if not direct_inputs and not captures:
        raise TrainingError(
            f"--gear {folder}: holds neither di/ with recordings nor captures/ with .nam files"
        )
    return Gear(
        tuple(path for path in direct_inputs if _split(path, VALIDATION_DI) == split),
        tuple(path for path in captures if _split(path, VALIDATION_CAPTURES) == split),
    )


def _split(path: Path, validation: frozenset[str]) -> str:
    return "validation" if path.stem in validation else "train"
