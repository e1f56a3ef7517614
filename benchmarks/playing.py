"""How often the engine takes one playing for another, and how often it misses a change.

    python -m benchmarks.playing [--data data] [--speech 10]

Windows of the validation recordings, every half second, as the engine hears them. *False*: in how
many recordings a change was noticed though there was none but the player's own. *Missed*: in how
many pairs of recordings most windows of the one would pass for the other, by whether both are of
one kind of instrument. The thresholds in `bridge/engine/playing.py` were chosen by this.

Writes docs/results/playing.json and .md.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, permutations
from pathlib import Path

import numpy as np

from bridge.analysis.windows import active_share
from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.engine.playing import Playing, is_other
from bridge.engine.window import LiveWindow
from bridge.estimate.listener import Analysis, Listener
from bridge.library import open_library
from bridge.models import Encoder
from training.corpus.stems import load_index

RESULT = Path("docs/results/playing.json")
SPLIT = "validation"
STEP_S = 0.5
MOST_S, LEAST_S = 40.0, 16.0

Windows = Sequence[Analysis]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--speech", type=int, default=10, help="so many recordings of speech")
    arguments = parser.parse_args()
    folder = arguments.data / "corpus"
    listener = Listener(Encoder(open_library().encoder_folder(None)))
    stems = [stem for stem in load_index(folder, SPLIT) if stem.seconds >= LEAST_S]
    speech = (stem for stem in stems if stem.kind == "speech")
    chosen = [
        *islice(speech, arguments.speech),
        *(stem for stem in stems if stem.kind != "speech"),
    ]
    heard = [
        (stem.kind, windows(listener, *read_audio(folder / SPLIT / stem.path))) for stem in chosen
    ]
    write([(kind, some) for kind, some in heard if some], listener.features.window_s)


def windows(listener: Listener, audio: Audio, rate: int) -> Windows:
    """What the newest window of a recording (channels, frames) is at every step that sounds."""
    window, step = LiveWindow(rate, listener.features), round(STEP_S * rate)
    found = []
    for start in range(0, min(audio.shape[1], round(MOST_S * rate)) - step + 1, step):
        window.push(audio[:, start : start + step])
        if window.full and active_share(window.audio, listener.features.sample_rate_hz) >= 0.5:
            found.append(listener.embed(window.statistics()))
    return found


def write(heard: Sequence[tuple[str, Windows]], window_s: float) -> None:
    """Count the errors on (kind, windows) of every recording, and write them."""
    false = [_changes(some, window_s) > 0 for _, some in heard]
    pairs = [
        (kind == other_kind, _passes(some, others))
        for (kind, some), (other_kind, others) in permutations(heard, 2)
    ]
    kinds = [passes for same, passes in pairs if not same]
    alike = [passes for same, passes in pairs if same]
    report = {
        "recordings": len(heard),
        "minutes": round(sum(len(some) for _, some in heard) * STEP_S / 60, 1),
        "false": round(float(np.mean(false)), 3),
        "pairs_of_two_kinds": len(kinds),
        "missed_of_two_kinds": round(float(np.mean(kinds)), 4),
        "pairs_of_one_kind": len(alike),
        "missed_of_one_kind": round(float(np.mean(alike)), 3),
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    RESULT.with_suffix(".md").write_text(_markdown(report))
    print(RESULT.with_suffix(".md").read_text())


def _changes(some: Windows, window_s: float) -> int:
    playing = Playing()
    for one in some:
        playing.hear(one, STEP_S, window_s)
    return playing.number - 1


def _passes(some: Windows, others: Windows) -> bool:
    """Whether most of the others would be taken for the same playing as these."""
    mean = replace(
        some[0],
        embedding=np.mean([one.embedding for one in some], axis=0),
        levels=np.mean([one.levels for one in some], axis=0),
    )
    return bool(np.mean([is_other(one, mean) for one in others]) < 0.5)


def _markdown(report: dict[str, float]) -> str:
    return f"""# Whether a change of playing is noticed

{report["recordings"]} validation recordings, {report["minutes"]} minutes of windows.

| error | share | of |
|---|---|---|
| a change was noticed within one recording | {report["false"]:.1%} | {report["recordings"]} \
recordings |
| another kind of instrument passes for the same playing | {report["missed_of_two_kinds"]:.2%} | \
{report["pairs_of_two_kinds"]} pairs |
| another recording of the same kind passes | {report["missed_of_one_kind"]:.1%} | \
{report["pairs_of_one_kind"]} pairs |

Written by `python -m benchmarks.playing`, which tells how it is measured.
"""


if __name__ == "__main__":
    main()
