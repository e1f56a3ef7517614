"""Opened plugins that wait to be used again, where a reset is shown to make them as new.

No threads; every function may be called from any. What a trial has shown is remembered in this
process and in a file of the user's cache folder; that file is read once, and written where a new
answer comes. Where it cannot be read or written, trials are made again in the next process.
"""

import hashlib
import json
from collections import deque
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from bridge.kept_answers import keep_answers, read_answers
from bridge.manifest import PluginSpec

MOST_IDLE = 4
"""Opened plugins of one kind that are kept for the next stream."""
_FILE = "resets.json"


def fingerprint(plugin: PluginSpec, path: Path, version: str) -> str:
    """What an answer holds for: the plugin's file or bundle, its parameters, who hosts it."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    stamps = [(str(p.resolve()), p.stat().st_mtime_ns, p.stat().st_size) for p in files]
    ranges = [(p.symbol, p.min, p.max, p.scale) for p in plugin.parameters]
    return hashlib.sha256(json.dumps([stamps, ranges, version]).encode()).hexdigest()


@cache
def idle(_fingerprint: str) -> deque[Any]:
    """The opened plugins of that fingerprint that nobody uses; the longest idle one goes first.

    They are whatever the format hosts; only the effects of that fingerprint put them there.
    """
    return deque(maxlen=MOST_IDLE)


def reset_is_fresh(of: str, trial: Callable[[], bool]) -> bool:
    """Whether a reset makes a plugin of that fingerprint as new; where unknown, by a trial.

    It counts as no until the trial is over: a plugin that crashes in it does so once.
    """
    answers = _answers()
    if of not in answers:
        answers[of] = False
        keep_answers(_FILE, answers)
        answers[of] = trial()
        keep_answers(_FILE, answers)
    return answers[of]


@cache
def _answers() -> dict[str, bool]:
    """What is known, by fingerprint."""
    kept = read_answers(_FILE)
    return {of: answer for of, answer in kept.items() if isinstance(answer, bool)}
