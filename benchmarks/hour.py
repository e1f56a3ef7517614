"""What an hour of stereo costs in memory and time, and whether it is the same bits as at once.

    python -m benchmarks.hour [--minutes 60] [--at-once-minutes 60]

Every command is a process of its own; its peak is what the system tells of it when it has ended.
`host` and `live` play the first ten seconds. Last the whole recording is rendered at once, which
takes some GB, and compared with what rendering in pieces makes. Needs Debian's mda-lv2, and 3 GB
of disk. Writes docs/results/hour.json and .md.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import soundfile

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.audio.reading import AudioReader
from bridge.audio.resample import resample
from bridge.chain import ChainSetting, chain_of
from bridge.commands import command_line, lines, running
from bridge.demo.run import INPUT, REFERENCE
from bridge.effects import load_chain
from bridge.effects.blockwise import render_blocks
from bridge.library import Library

RESULT = Path("docs/results/hour")
RATE_HZ = 48_000
PLUGIN = ("--plugin", "mda-overdrive")
PLAYED_S = 10
CHAIN = "mda-overdrive,mda-delay"
_OUTLINE = (
    "import sys; from pathlib import Path; from gui.views.waveform import read_outline;"
    " read_outline(Path(sys.argv[1]))"
)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--at-once-minutes", type=float)
    arguments = parser.parse_args()
    minutes = arguments.minutes
    with TemporaryDirectory() as folder:
        long = Path(folder) / "long.wav"
        write_long(long, minutes)
        rows = []
        for row in measured(long, Path(folder)):
            print(json.dumps(row), flush=True)
            rows.append(row)
        load = {"load": round(os.getloadavg()[2]), "cores": os.cpu_count()}
        report = {"minutes": minutes, "bytes": long.stat().st_size, **load, "commands": rows}
        if arguments.at_once_minutes:
            minutes = arguments.at_once_minutes
            write_long(long, minutes)
        report |= compared(long) | {"at_once_minutes": minutes}
    RESULT.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    RESULT.with_suffix(".md").write_text(markdown(report))


def write_long(path: Path, minutes: float) -> None:
    """The demo's playing again and again, on two channels of which one comes later."""
    audio, rate = read_audio(INPUT)
    once = resample(audio, rate, RATE_HZ)[0]
    pair = np.stack([once, 0.8 * np.roll(once, RATE_HZ)], axis=1).astype(np.float32)
    missing = round(60 * minutes * RATE_HZ)
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, "FLOAT") as file:
        while missing > 0:
            file.write(pair[:missing])
            missing -= len(pair)


def measured(long: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """A row for each command."""
    wet, played = folder / "wet.wav", ("--seconds", PLAYED_S)
    budget = ("--budget-s", 1)
    yield cost("match INPUT", "match", long, REFERENCE, *PLUGIN, *budget, "--out", wet)
    wet.unlink()
    yield cost("match REFERENCE", "match", INPUT, long, *PLUGIN, *budget, "--out", wet)
    wet.unlink()
    into = ("--port", 0, "--input", long, "--out", wet)
    yield cost("host --input", "host", *PLUGIN, *into, *played)
    with running("host", *PLUGIN, "--port", 0, "--json") as host:
        port = next(lines(host))["ready"]["port"]
        to = ("live", *PLUGIN, "--host", f"embedded://127.0.0.1:{port}", *played)
        yield cost("live --input", *to, "--input", long, "--reference", REFERENCE)
        yield cost("live --reference", *to, "--input", INPUT, "--reference", long)
        host.terminate()
    yield cost_of("window's waveform", [sys.executable, "-c", _OUTLINE, str(long)])


def cost(name: str, *arguments: object) -> dict[str, Any]:
    """Of a command of `dafx-bridge`."""
    return cost_of(name, command_line(*arguments))


def cost_of(name: str, command: list[str]) -> dict[str, Any]:
    """Seconds and the peak of memory of a process, without those that it starts."""
    started_s = time.monotonic()
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    said = child.stderr.read() if child.stderr else b""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{name} ended with {child.returncode}: {said.decode()}")
    return {
        "command": name,
        "seconds": round(time.monotonic() - started_s, 1),
        "peak_mb": round(usage.ru_maxrss / 1000),
    }


def compared(long: Path) -> dict[str, Any]:
    """A chain's render in pieces beside the one at once."""
    chain = chain_of(CHAIN, Library().manifest)
    effect = load_chain(chain)
    drawn = np.random.default_rng(0).random(len(chain.parameters))
    setting = ChainSetting.of_normalised(chain, drawn.tolist())
    audio, rate = read_audio(long)
    started_s = time.monotonic()
    whole = effect.render(audio, rate, setting)
    at_once_s = time.monotonic() - started_s
    del audio
    started_s, passed, different = time.monotonic(), 0, 0
    with AudioReader(long) as file:
        for block in render_blocks(effect, file.blocks(), file.channels, rate, setting):
            different += differing(block, whole[:, passed : passed + block.shape[1]])
            passed += block.shape[1]
    return {
        "chain": CHAIN,
        "at_once_s": round(at_once_s, 1),
        "in_pieces_s": round(time.monotonic() - started_s, 1),
        "frames": passed,
        "missing_frames": whole.shape[1] - passed,
        "different_samples": different,
    }


def differing(one: Audio, other: Audio) -> int:
    """How many samples are not the same bits."""
    return int(np.count_nonzero(one.view(np.uint32) != np.ascontiguousarray(other).view(np.uint32)))


def markdown(report: dict[str, Any]) -> str:
    """The tables."""
    lines = [
        f"# What {report['minutes']:g} minutes of stereo cost",
        "",
        f"{report['bytes'] / 1e6:.0f} MB of 32-bit float at 48 kHz, of which `host` and `live` play"
        f" {PLAYED_S} s. The peak is that of the command's own process. Seconds beside a load of"
        f" {report['load']} on {report['cores']} cores.",
        "",
        "| command | s | peak, MB |",
        "|---|---|---|",
        *(f"| {r['command']} | {r['seconds']} | {r['peak_mb']} |" for r in report["commands"]),
        "",
        f"{report['at_once_minutes']:g} minutes through `{report['chain']}` in pieces:"
        f" {report['in_pieces_s']} s, at once {report['at_once_s']} s; of {report['frames']} frames"
        f" {report['missing_frames']} are missing, and {report['different_samples']} samples are"
        " other bits.",
        "",
        "Written by `python -m benchmarks.hour`, which tells how it is measured.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
