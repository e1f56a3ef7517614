"""Play a dry recording into `live` and the embedded host, and report how near they come.

Two child processes run beside this one: the effect host, and the live engine that drives it over
OSC. Both play the same file as live input. This process waits for them and reads their JSON.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.analysis.metrics import style_distance
from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.effects import load_effect
from bridge.errors import BridgeError
from bridge.manifest import Setting, load_manifest

AUDIO = Path(__file__).parent / "audio"
INPUT, REFERENCE, TRUTH = AUDIO / "input.flac", AUDIO / "reference.flac", AUDIO / "truth.json"
_PATIENCE_S = 60


@dataclass(frozen=True)
class DemoResult:
    """What was played, what came out, and how the parameters moved."""

    source: Audio
    reference: Audio
    output: Audio
    sample_rate: int
    truth: Setting
    found: Setting
    history: list[dict[str, Any]]
    """Statuses of the live engine, with `time_s` and `values`."""
    adapted_s: float
    """From here on the output is measured: a window was heard and the glide is over."""
    report: dict[str, Any]


def run_demo(out: Path) -> DemoResult:
    """Run the demo and write `processed.wav` and `report.json` in the folder `out`.

    Raises EffectError without the plugin, BridgeError where a child process fails.
    """
    truth_file = json.loads(TRUTH.read_text())
    plugin = load_manifest().plugin(truth_file["plugin"])
    truth = Setting.of_values(plugin, truth_file["values"])
    load_effect(plugin)
    processed = out / "processed.wav"
    play = ["--plugin", plugin.id, "--input", str(INPUT), "--json"]
    with _command("host", *play, "--port", "0", "--out", str(processed)) as host:
        port = _next(host)["ready"]["port"]
        url = f"embedded://127.0.0.1:{port}"
        with _command("live", *play, "--reference", str(REFERENCE), "--host", url) as live:
            statuses = list(_lines(live))
        done = list(_lines(host))[-1]["done"]
    *history, last = statuses
    found = Setting.of_values(plugin, {p["symbol"]: p["value"] for p in done["parameters"]})
    source, rate = read_audio(INPUT)
    reference, _ = read_audio(REFERENCE)
    output, _ = read_audio(processed)
    matching = [status["time_s"] for status in history if status["state"] == "matching"]
    if not matching:
        raise BridgeError(
            "the live engine never matched; run `dafx-bridge live` by hand to see why"
        )
    adapted_s = matching[0] + 2.0
    report = {
        "plugin": plugin.id,
        "parameters": {
            spec.symbol: {
                "true": round(truth.values[spec.symbol], 4),
                "predicted": round(found.values[spec.symbol], 4),
                "unit": spec.unit,
            }
            for spec in plugin.parameters
        },
        "distance": _distances(source, reference, output, rate, truth, adapted_s),
        "adapted_s": round(adapted_s, 2),
        "live": last["summary"],
        "files": {"input": str(INPUT), "reference": str(REFERENCE), "output": str(processed)},
    }
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    return DemoResult(source, reference, output, rate, truth, found, history, adapted_s, report)


def _distances(
    source: Audio, reference: Audio, output: Audio, rate: int, truth: Setting, from_s: float
) -> dict[str, float]:
    """Style distances to the reference in dB, from the moment the engine had adapted."""
    best = load_effect(truth.plugin).render(source, rate, truth)
    first = round(from_s * rate)
    conditions = {"before": source, "after": output, "true_parameters": best}
    return {
        name: round(style_distance((audio[:, first:], rate), (reference, rate)), 3)
        for name, audio in conditions.items()
    }


@contextmanager
def _command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A child `dafx-bridge`, ended with the block."""
    command = [sys.executable, "-m", "bridge", *arguments]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield child
        if code := child.wait(_PATIENCE_S):
            raise BridgeError(f"`dafx-bridge {arguments[0]}` ended with exit code {code}")
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait(_PATIENCE_S)


def _lines(child: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """What a child prints, as JSON, until it ends."""
    if child.stdout is None:
        raise BridgeError("the child process has no output")
    for line in child.stdout:
        yield json.loads(line)


def _next(child: subprocess.Popen[str]) -> dict[str, Any]:
    first = next(_lines(child), None)
    if first is None:
        raise BridgeError(f"a child process ended with exit code {child.wait(_PATIENCE_S)}")
    return first
