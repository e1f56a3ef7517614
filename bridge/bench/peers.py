"""What the engine is compared with: its models alone, and the network of the published method."""

import importlib.util
import json
import subprocess
import sys
import time

import numpy as np

from bridge.bench.figures import Percentiles
from bridge.errors import BridgeError
from bridge.estimate.listener import Analysis
from bridge.manifest import PluginSpec
from bridge.models import load_encoder, load_predictor

PREDECESSOR = "training.predecessor"
_PATIENCE_S = 300


def bare_inference(
    plugin: PluginSpec, reference: Analysis, hop_s: float, seconds: float
) -> Percentiles:
    """`session.run` of encoder and predictor and nothing else, at the engine's pace, in ms.

    As the engine does, it sleeps between two hops: models that run without a pause find their
    weights in the processor's cache, and live ones do not.
    """
    encoder = load_encoder()
    predictor = load_predictor(plugin, encoder)
    vector = np.random.default_rng(0).standard_normal(
        sum(encoder.card.statistics.values()), dtype=np.float32
    )
    times_ms = []
    due = time.monotonic()
    for _ in range(round(seconds / hop_s)):
        due += hop_s
        time.sleep(max(0.0, due - time.monotonic()))
        started = time.perf_counter()
        embedding = encoder.embed(vector).embedding
        predictor.predict(embedding, reference.embedding, reference.levels, reference.levels, 48e3)
        times_ms.append(1000 * (time.perf_counter() - started))
    return Percentiles.of(times_ms)


def predecessor(parameters: int, rounds: int) -> Percentiles | None:
    """Milliseconds of one prediction of the published network, in a process of its own.

    None where it cannot run: it needs PyTorch and the package `training`. Raises BridgeError where
    it fails.
    """
    if not (importlib.util.find_spec("torch") and importlib.util.find_spec("training")):
        return None
    command = [sys.executable, "-P", "-m", PREDECESSOR, str(parameters), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    if done.returncode:
        raise BridgeError(f"{PREDECESSOR} failed: {done.stderr.strip().splitlines()[-1:]}")
    return Percentiles.of(json.loads(done.stdout)["times_ms"])
