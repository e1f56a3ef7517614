"""Play a dry recording into `live` and the embedded host, and report how near they come.

Two child processes run beside this one: the effect host, and the live engine that drives it over
OSC. Both play the same file as live input. This process waits for them and reads their JSON.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bridge.analysis.metrics import style_distance
from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.chain import Chain
from bridge.commands import Line, lines, running
from bridge.effects import load_effect
from bridge.errors import BridgeError, EffectError
from bridge.estimate.estimator import Estimator
from bridge.library import open_library
from bridge.manifest import Setting

AUDIO = Path(__file__).parent / "audio"
INPUT, REFERENCE, TRUTH = AUDIO / "input.flac", AUDIO / "reference.flac", AUDIO / "truth.json"
BUILT_IN_REFERENCE = AUDIO / "reference-built-in.flac"
BUILT_IN_TRUTH = AUDIO / "truth-built-in.json"
_CASES = ((REFERENCE, TRUTH), (BUILT_IN_REFERENCE, BUILT_IN_TRUTH))
"""The second is for systems without LV2: its plugin is there wherever the bridge is."""
_GLIDE_S = 2.0


@dataclass(frozen=True)
class DemoResult:
    """What was played, what came out, and how the parameters moved."""

    source: Audio
    reference: Audio
    output: Audio
    sample_rate: int
    truth: Setting
    found: Setting
    history: list[tuple[float, dict[str, float]]]
    """Seconds of the recording, and the real values sent by then."""
    adapted_s: float
    """From here on the output is measured: a window was heard and the glide is over."""
    report: dict[str, Any]


def run_demo(out: Path) -> DemoResult:
    """Run the demo and write `processed.wav` and `report.json` in the folder `out`.

    Raises EffectError without a plugin, ModelError without its model, BridgeError where a child
    process fails.
    """
    # A fault is told here, once, and not by the child it would stop.
    reference_path, truth = first_case()
    plugin = truth.plugin
    chain = Chain.of_plugin(plugin)
    Estimator(chain)
    processed = out / "processed.wav"
    with TemporaryDirectory(dir=out, prefix=".demo-") as scratch:
        recorded = Path(scratch) / processed.name
        told, done = _play(plugin.id, reference_path, recorded)
        recorded.replace(processed)
    *statuses, (_, last) = told
    matching = [second for second, status in statuses if status["state"] == "matching"]
    if not matching:
        raise BridgeError("the live engine never matched; run `dafx-bridge live` to see why")
    adapted_s = matching[0] + _GLIDE_S
    found = Setting.of_values(plugin, {p["symbol"]: p["value"] for p in done["parameters"]})
    source, rate = read_audio(INPUT)
    reference, _ = read_audio(reference_path)
    output, _ = read_audio(processed)
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
        "files": {"input": str(INPUT), "reference": str(reference_path), "output": str(processed)},
    }
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    symbols = {parameter.address: parameter.spec.symbol for parameter in chain.parameters}
    history = [
        (second, {symbols[address]: value for address, value in status["values"].items()})
        for second, status in statuses
    ]
    return DemoResult(source, reference, output, rate, truth, found, history, adapted_s, report)


def first_case() -> tuple[Path, Setting]:
    """The first case whose plugin is installed: its reference, and how that was made.

    Raises EffectError, which tells what the first one lacks, where there is none.
    """
    manifest, missing = open_library().manifest, []
    for reference, truth_file in _CASES:
        told = json.loads(truth_file.read_text(encoding="utf-8"))
        plugin = manifest.plugin(told["plugin"])
        try:
            load_effect(plugin)
        except EffectError as error:
            missing.append(error)
        else:
            return reference, Setting.of_values(plugin, told["values"])
    raise missing[0]


def _play(plugin_id: str, reference: Path, recorded: Path) -> tuple[list[tuple[float, Line]], Line]:
    """Run host and engine; what the engine told by seconds of the recording, and the host last."""
    play = ["--plugin", plugin_id, "--input", str(INPUT), "--json"]
    written = ["--out", str(recorded), "--bit-depth", "float"]
    with running("host", *play, "--port", "0", *written) as host:
        ready = next(lines(host))["ready"]
        started_s = time.monotonic()
        url = f"embedded://127.0.0.1:{ready['port']}"
        follow = ["--reference", str(reference), "--host", url, "--keep"]
        try:
            with running("live", *play, *follow) as live:
                # The host's recording began when it was ready, so its clock counts.
                told = [(time.monotonic() - started_s, line) for line in lines(live)]
        except BridgeError:
            if host.poll() is None:
                raise
            raise BridgeError(
                "the recording was over before the engine had loaded; this computer is too busy,"
                " so try again when it has less to do"
            ) from None
        return told, next(lines(host))["done"]


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
