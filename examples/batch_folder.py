"""Bring every recording of a folder to the sound of one reference.

python examples/batch_folder.py FOLDER REFERENCE OUT [--plugin mda-overdrive] [--budget-s 3]
"""

import argparse
import csv
from pathlib import Path

import soundfile

from bridge import match
from bridge.errors import BridgeError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--plugin", default="mda-overdrive", help="a plugin, a rig, or several")
    parser.add_argument("--budget-s", type=float, default=3.0)
    told = parser.parse_args()

    wanted, wanted_rate = soundfile.read(told.reference, dtype="float32", always_2d=True)
    told.out.mkdir(parents=True, exist_ok=True)
    with (told.out / "settings.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "address", "value"])
        for path in sorted(told.folder.glob("*.wav")):
            audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
            try:
                found = match(
                    audio.T,
                    wanted.T,
                    rate,
                    told.plugin,
                    reference_rate=wanted_rate,
                    budget_s=told.budget_s,
                )
            except BridgeError as error:
                # One that is silent or too short must not stop the others.
                print(f"{path.name}: {error}")
                continue
            soundfile.write(told.out / path.name, found.audio.T, rate, subtype="FLOAT")
            table.writerows([path.name, *pair] for pair in found.values.items())
            print(f"{path.name}: {found.answer.advice}")


if __name__ == "__main__":
    main()
