"""Add a plugin and a rig of your own, and match with it.

What you add lies in your own layer beside the shipped one, so an update leaves it alone. Here the
layer is a folder of your choice; `dafx-bridge doctor` tells where yours is, and what lies there is
known to every command: python examples/add_plugin.py [FOLDER] [--budget-s 3]
"""

import argparse
from pathlib import Path

import soundfile

from bridge import Library, match
from bridge.demo.run import INPUT, REFERENCE
from bridge.library import SHIPPED, Layer

# A VST3 has `formats: {vst3: Its Name}`, an LV2 `formats: {lv2: its URI}`; `dafx-bridge discover`
# tells the ranges a host reports. This one is pedalboard's, on every system.
TABLE = """\
schema: 1
plugins:
  - id: my-clipper
    name: My Clipper
    kind: distortion
    formats: {builtin: Clipping}
    parameters:
      - {symbol: threshold_db, name: Threshold, min: -40.0, max: 0.0, default: -6.0, unit: dB,
         scale: linear}
rigs:
  - id: my-rig
    name: My Rig
    kind: amplifier
    slots:
      - {slot: push, plugin: pedalboard-gain}
      - {slot: clip, plugin: my-clipper}
      - {slot: cabinet, plugin: pedalboard-lowpass, start: {cutoff_frequency_hz: 5000.0}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("my-plugins"))
    parser.add_argument("--budget-s", type=float, default=3.0)
    told = parser.parse_args()

    told.folder.mkdir(parents=True, exist_ok=True)
    table = told.folder / "plugins_manifest.yaml"
    table.write_text(TABLE, encoding="utf-8")
    library = Library((SHIPPED, Layer(table, told.folder / "models")))
    for fault in library.faults:
        print(fault)
    dry, rate = soundfile.read(INPUT, dtype="float32", always_2d=True)
    wanted, _ = soundfile.read(REFERENCE, dtype="float32", always_2d=True)
    found = match(dry.T, wanted.T, rate, "my-rig", budget_s=told.budget_s, library=library)
    print(found.answer.advice)
    for address, value in found.values.items():
        print(f"{address:35} {value:.3f}")


if __name__ == "__main__":
    main()
