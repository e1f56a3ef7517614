"""What one hop of the live engine costs, beside the bare inference of the same models.

    python -m benchmarks.live_hop [--hops 400]

Hops run as fast as they can on one thread, in turn with the bare `session.run`, so both see the
same machine. Writes docs/results/live_hop.json.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bridge.analysis.features import extract
from bridge.audio.files import read_audio
from bridge.demo.run import INPUT, REFERENCE
from bridge.engine.matcher import Matcher
from bridge.engine.window import LiveWindow
from bridge.manifest import load_manifest
from bridge.models import load_encoder, load_predictor

RESULT = Path("docs/results/live_hop.json")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hops", type=int, default=400)
    hops = parser.parse_args().hops
    plugin = load_manifest().plugin("mda-overdrive")
    matcher = Matcher(plugin)
    encoder = load_encoder()
    predictor = load_predictor(plugin, encoder)
    audio, rate = read_audio(INPUT)
    wanted, wanted_rate = read_audio(REFERENCE)
    reference = matcher.analyse(wanted, wanted_rate, "reference")
    window = LiveWindow(rate, matcher.features)
    hop = round(matcher.hop_s * rate)
    window.push(audio)
    pictures = extract(window.audio[None], matcher.features).pictures
    figures: dict[str, list[float]] = {"hop": [], "features": [], "bare_inference": []}
    for number in range(hops):
        start = number * hop % (audio.shape[1] - hop)
        block = audio[:, start : start + hop]

        def whole_hop(block: np.ndarray = block) -> None:
            window.push(block)
            played = matcher.analyse_window(window.audio)
            matcher.predict(played, reference, rate)

        def bare_inference() -> None:
            embedding = encoder.embed(pictures)[0]
            predictor.predict(
                embedding, reference.embedding, reference.levels, reference.levels, rate
            )

        figures["hop"].append(_milliseconds(whole_hop))
        figures["features"].append(
            _milliseconds(lambda: extract(window.audio[None], matcher.features))
        )
        figures["bare_inference"].append(_milliseconds(bare_inference))
    result = {
        "hops": hops,
        **{
            name: {f"p{p}_ms": round(float(np.percentile(times, p)), 3) for p in (50, 99, 100)}
            for name, times in figures.items()
        },
        "hop_to_bare_inference_p50": round(
            float(np.median(figures["hop"]) / np.median(figures["bare_inference"])), 2
        ),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def _milliseconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
