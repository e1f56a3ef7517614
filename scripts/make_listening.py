"""Make the recordings of docs/listen: what was played, the reference, and what the bridge made.

    python scripts/make_listening.py [CASE …]

The player and the reference play different notes. All samples are of Debian's `sonic-pi-samples`
(CC0).
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bridge import match
from bridge.arrays import Audio
from bridge.chain import ChainSetting, chain_of
from bridge.demo.run import INPUT
from bridge.effects import load_chain
from bridge.library import Library

SAMPLES = Path("/usr/share/sonic-pi/samples")
OUT = Path("docs/listen")
SECONDS = 9.0
BUDGET_S = 10.0
PEAK = 0.7
Notes = tuple[tuple[str, float], ...]
"""Samples, and for how many seconds each, again and again where it is shorter."""


@dataclass(frozen=True)
class Case:
    """One thing to hear."""

    name: str
    chain: str
    """What the bridge may use."""
    made_with: str
    """What the reference was made with."""
    values: dict[str, float]
    played: Notes = ()
    """Empty for the demo's guitar."""
    reference: Notes = (("guit_e_fifths", 5.0), ("guit_e_slide", 4.0))


CASES = (
    Case(
        "overdrive",
        "mda-overdrive",
        "mda-overdrive",
        {"mda-overdrive/drive": 0.8, "mda-overdrive/muffle": 0.45, "mda-overdrive/output": 0.35},
    ),
    Case(
        "rig",
        "guitar-amp",
        "guitar-amp",
        {
            "drive/drive_db": 30.0,
            "lows/gain_db": -6.0,
            "mids/gain_db": 8.0,
            "cabinet/cutoff_frequency_hz": 3_500.0,
            "level/gain_db": -12.0,
        },
    ),
    # A guitar rings for so long that a reverb behind it is hardly heard.
    Case(
        "reverb",
        "pedalboard-reverb",
        "pedalboard-reverb",
        {
            "pedalboard-reverb/room_size": 0.75,
            "pedalboard-reverb/damping": 0.3,
            "pedalboard-reverb/wet_level": 0.45,
            "pedalboard-reverb/dry_level": 0.4,
        },
        played=(("loop_industrial", SECONDS),),
        reference=(("loop_compus", SECONDS),),
    ),
)


def _play(notes: Notes, rate: int) -> Audio:
    """Samples one after another, (1, frames)."""
    parts = []
    for name, seconds in notes:
        audio, of_file = soundfile.read(SAMPLES / f"{name}.flac", dtype="float32", always_2d=True)
        if of_file != rate:
            raise SystemExit(f"{name}.flac has {of_file} Hz, and the playing {rate}")
        mono = np.resize(audio.mean(axis=1), round(seconds * rate))
        mono[-2_000:] *= np.linspace(1, 0, 2_000)
        parts.append(mono * (0.5 / np.abs(mono).max()))
    return np.concatenate(parts)[None].astype(np.float32)


def _write(name: str, audio: Audio, rate: int) -> None:
    """At one peak, so that nothing is louder than it was."""
    scaled = audio * (PEAK / np.abs(audio).max())
    # libsndfile's Vorbis encoder takes room on the stack for all that it is given.
    with soundfile.SoundFile(OUT / f"{name}.ogg", "w", rate, 1, "VORBIS") as file:
        for start in range(0, scaled.shape[1], rate):
            file.write(scaled[:, start : start + rate].T)


def main() -> None:
    """Write three recordings a case, and what the bridge has found."""
    OUT.mkdir(parents=True, exist_ok=True)
    manifest = Library().manifest
    whole, rate = soundfile.read(INPUT, dtype="float32", always_2d=True)
    guitar = whole.T[:, : round(SECONDS * rate)]
    file = OUT / "found.json"
    told = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    _write("before", guitar, rate)
    for case in (case for case in CASES if case.name in sys.argv[1:] or not sys.argv[1:]):
        played = guitar
        if case.played:
            played = _play(case.played, rate)
            _write(f"{case.name}-before", played, rate)
        chain = chain_of(case.made_with, manifest)
        setting = ChainSetting.of_values(chain, case.values)
        reference = load_chain(chain).render(_play(case.reference, rate), rate, setting)
        found = match(played, reference, rate, case.chain, budget_s=BUDGET_S, library=Library())
        _write(f"{case.name}-reference", reference, rate)
        _write(f"{case.name}-after", found.audio, rate)
        told[case.name] = {
            "chain": case.chain,
            "reference": {"chain": case.made_with, "values": case.values},
            "verdict": found.answer.verdict.value,
            "found": {name: round(value, 4) for name, value in found.values.items()},
        }
        print(f"{case.name}: {found.answer.advice}")
    file.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
