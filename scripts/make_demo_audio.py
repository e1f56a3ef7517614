"""Make the demo's recordings from Debian's `sonic-pi-samples` (all its samples used here are CC0).

Run once by hand; the results lie in bridge/demo/audio with their credits.
"""

import json
from pathlib import Path

import numpy as np
import soundfile

from bridge.arrays import Audio
from bridge.demo.run import BUILT_IN_REFERENCE, BUILT_IN_TRUTH, INPUT, REFERENCE, TRUTH
from bridge.effects import load_effect
from bridge.library import Library
from bridge.manifest import Setting

SAMPLES = Path("/usr/share/sonic-pi/samples")
PLAYED = (("guit_em9", 5.5), ("guit_harmonics", 3.5)) * 2
REFERENCE_PLAYED = (("guit_e_fifths", 5.5), ("guit_e_slide", 4.0))
REFERENCES = (
    (REFERENCE, TRUTH, "mda-overdrive", {"drive": 0.65, "muffle": 0.35, "output": 0.4}),
    (BUILT_IN_REFERENCE, BUILT_IN_TRUTH, "pedalboard-distortion", {"drive_db": 28.0}),
)
PEAK = 0.5
FADE_FRAMES = 2_000


def _join(played: tuple[tuple[str, float], ...]) -> tuple[Audio, int]:
    """The samples one after the other, each for so many seconds with a short fade at its end."""
    parts = []
    for name, seconds in played:
        audio, rate = soundfile.read(SAMPLES / f"{name}.flac", dtype="float32", always_2d=True)
        mono = audio.mean(axis=1)[: round(seconds * rate)]
        mono[-FADE_FRAMES:] *= np.linspace(1, 0, FADE_FRAMES)
        parts.append(mono * (PEAK / np.abs(mono).max()))
    return np.concatenate(parts)[None].astype(np.float32), rate


def main() -> None:
    """Write the input, and for each plugin a reference and the setting it was made with."""
    INPUT.parent.mkdir(exist_ok=True)
    played, rate = _join(PLAYED)
    soundfile.write(INPUT, played.T, rate, subtype="PCM_16")
    dry, rate = _join(REFERENCE_PLAYED)
    for reference, truth, plugin_id, values in REFERENCES:
        plugin = Library().manifest.plugin(plugin_id)
        wet = load_effect(plugin).render(dry, rate, Setting.of_values(plugin, values))
        soundfile.write(reference, wet.T, rate, subtype="PCM_24")
        truth.write_text(json.dumps({"plugin": plugin.id, "values": values}, indent=2) + "\n")
        print(f"{reference.name}: peak {np.abs(wet).max():.2f}")


if __name__ == "__main__":
    main()
