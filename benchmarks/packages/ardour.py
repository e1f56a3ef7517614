"""Ardour as the other host: it renders a plugin on a clip of its own, without a screen or a sound
card, in a session that is thrown away."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from bridge.arrays import Audio

RATE_HZ, FRAMES = 44_100, 44_100
"""mda's constructors assume this rate, and only this host computes them anew at another."""
BLOCK_FRAMES = 8192
"""It runs plugins in blocks of so many."""
_HERE = Path(__file__).parent
_PROGRAM = "ardour7-lua"
_PATIENCE_S = 120


@cache
def clip() -> Audio:
    """What clip.lua plays, (1, frames)."""
    seed, sound = 1, np.zeros(FRAMES)
    for at in range(FRAMES):
        seed = (seed * 1103515245 + 12345) % 2147483648
        sound[at] = (seed / 1073741824 - 1) * 0.3 * np.exp(-(at % 12000) / 3000)
    return sound[None].astype(np.float32)


def renders(
    uri: str, channels: int, settings: list[Mapping[int, float]], first: str
) -> list[Audio | None]:
    """The clip through a plugin, once a setting; None for what Ardour does not render.

    A setting has values by number among the plugin's control ports. Ardour runs its tracks all the
    time: between activation and render it may do so once, so either the `plugin` or the `clip` is
    activated first, and the clip may begin in its middle. Where Ardour dies, what it has
    written before counts.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        scripts = folder / "config" / "ardour7" / "scripts"
        scripts.mkdir(parents=True)
        shutil.copy(_HERE / "clip.lua", scripts)
        lines = [
            f"{uri} {channels} job{n} {' '.join(f'{p}={v!r}' for p, v in setting.items())}"
            for n, setting in enumerate(settings)
        ]
        (folder / "jobs").write_text("\n".join(lines) + "\n")
        _run(folder, first)
        written = folder / "session" / "interchange" / "session" / "audiofiles"
        return [_read(written, f"job{n}", channels) for n in range(len(settings))]


def _run(folder: Path, first: str) -> None:
    own = {
        "SESSION": str(folder / "session"),
        "JOBS": str(folder / "jobs"),
        "FIRST": first,
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    try:
        subprocess.run(
            [_PROGRAM, _HERE / "render.lua"],
            env=os.environ | own,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return


def _read(folder: Path, name: str, channels: int) -> Audio | None:
    sides = ("",) if channels == 1 else ("%L", "%R")
    try:
        rows = [soundfile.read(folder / f"{name}{s}.wav", dtype="float32")[0] for s in sides]
    except soundfile.LibsndfileError:
        return None
    audio = np.stack(rows)
    return audio if audio.shape[1] >= FRAMES else None
