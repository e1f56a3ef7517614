"""What one hop of the live engine costs, part by part, beside the bare inference of its models.

    python -m benchmarks.live_hop [--hops 400] [--plugin mda-overdrive] [--models exported_models]

Hops run as fast as they can on one thread, in turn with the bare `session.run`, so both see the
same machine. Writes docs/results/live_hop.json.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bridge.analysis.windows import active_share
from bridge.audio.files import read_audio
from bridge.demo.run import INPUT, REFERENCE
from bridge.engine.window import LiveWindow
from bridge.library import MODELS, Library
from training.estimators import estimator_of, predictor_of

RESULT = Path("docs/results/live_hop.json")


class Stopwatch:
    """Milliseconds by name."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time what is done in the block."""
        started = time.perf_counter()
        yield
        self.times[name].append(1000 * (time.perf_counter() - started))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hops", type=int, default=400)
    parser.add_argument("--plugin", default="mda-overdrive")
    parser.add_argument("--models", type=Path, default=MODELS)
    arguments = parser.parse_args()
    plugin = Library().manifest.plugin(arguments.plugin)
    estimator = estimator_of(plugin, arguments.models)
    encoder, predictor = estimator.listener.encoder, predictor_of(estimator)
    audio, rate = read_audio(INPUT)
    wanted, wanted_rate = read_audio(REFERENCE)
    reference = estimator.analyse(wanted, wanted_rate, "reference")
    window = LiveWindow(rate, estimator.features)
    window.push(audio)
    vector = window.statistics().vector
    hop = round(estimator.hop_s * rate)
    timed = Stopwatch()
    for number in range(arguments.hops):
        start = number * hop % (audio.shape[1] - hop)
        block = audio[:, start : start + hop]
        with timed("hop"):
            with timed("push"):
                window.push(block)
            with timed("gate"):
                active_share(window.audio, estimator.features.sample_rate_hz)
            with timed("statistics"):
                heard = window.statistics()
            with timed("embed"):
                played = estimator.embed(heard)
            with timed("predict"):
                estimator.predict(played, reference, rate)
        with timed("bare_inference"):
            embedding = encoder.embed(vector).embedding
            predictor.predict(
                embedding, reference.embedding, reference.levels, reference.levels, rate
            )
    medians = {name: float(np.median(times)) for name, times in timed.times.items()}
    result = {
        "plugin": plugin.id,
        "hops": arguments.hops,
        **{
            name: {f"p{p}_ms": round(float(np.percentile(times, p)), 3) for p in (50, 99, 100)}
            for name, times in sorted(timed.times.items())
        },
        "hop_to_bare_inference_p50": round(medians["hop"] / medians["bare_inference"], 2),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
