"""Match two arrays: which setting makes this playing sound like that record?

python examples/match_arrays.py [DRY REFERENCE] [--plugin mda-overdrive] [--budget-s 3]
"""

import argparse

import soundfile

from bridge import match
from bridge.demo.run import INPUT, REFERENCE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dry", nargs="?", default=INPUT)
    parser.add_argument("reference", nargs="?", default=REFERENCE)
    parser.add_argument("--plugin", default="mda-overdrive", help="a plugin, a rig, or several")
    parser.add_argument("--budget-s", type=float, default=3.0)
    told = parser.parse_args()

    # The bridge has channels first, soundfile has them last.
    dry, rate = soundfile.read(told.dry, dtype="float32", always_2d=True)
    wanted, wanted_rate = soundfile.read(told.reference, dtype="float32", always_2d=True)
    found = match(
        dry.T, wanted.T, rate, told.plugin, reference_rate=wanted_rate, budget_s=told.budget_s
    )
    print(found.answer.advice)
    for address, value in found.values.items():
        print(f"{address:30} {value:.3f}")
    if found.closeness:
        print("\n".join(found.closeness.sentences))
    print(f"the processed playing has the shape {found.audio.shape}")


if __name__ == "__main__":
    main()
