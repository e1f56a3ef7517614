"""Cut the dry clips of `dafx-train figures` from Debian's `sonic-pi-samples` (all used are CC0).

Run once by hand; the results lie in training/figures/audio with their credits.
"""

from pathlib import Path

import numpy as np
import soundfile

from bridge.audio.resample import resample
from training.figures.hearing import AUDIO

SAMPLES = Path("/usr/share/sonic-pi/samples")
CUT = {"guitar": "guit_em9", "piano": "ambi_piano", "tabla": "loop_tabla"}
SECONDS = 2.8
RATE_HZ = 24_000
PEAK = 0.5
FADE_FRAMES = 1_000


def main() -> None:
    """Write mono clips at 24 kHz."""
    AUDIO.mkdir(exist_ok=True)
    for name, sample in CUT.items():
        audio, rate = soundfile.read(SAMPLES / f"{sample}.flac", dtype="float32", always_2d=True)
        mono = resample(audio.mean(axis=1)[None], rate, RATE_HZ)[0, : round(SECONDS * RATE_HZ)]
        mono[-FADE_FRAMES:] *= np.linspace(1, 0, FADE_FRAMES)
        soundfile.write(
            AUDIO / f"{name}.flac", mono * (PEAK / np.abs(mono).max()), RATE_HZ, subtype="PCM_16"
        )


if __name__ == "__main__":
    main()
