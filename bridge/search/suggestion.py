"""Which plugins and rigs suit what was played live: a contest in a process of its own.

Three parties. Who asks keeps a `SeparateContest` and may close it at any time, which never waits. A
thread of a pool runs it, and blocks until the child (`bridge.search.child`) has told its ranking or
is gone. The child reads the reference, loads every plugin and renders.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from math import inf
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from typing_extensions import override

from bridge.analysis.windows import MOST_WINDOWS
from bridge.arrays import Audio
from bridge.audio.files import require_peak
from bridge.audio.recording import read_recording
from bridge.chain import Chain
from bridge.closing import Closing
from bridge.errors import BridgeError, HostError
from bridge.estimate.ears import Ears
from bridge.hosts import discover
from bridge.hosts.known import chains_of
from bridge.library import Library
from bridge.search.child import PATIENCE_S, start_child
from bridge.search.contest import Contender, Contest, Ranking, everything
from bridge.search.deadline import Deadline
from bridge.system import Pipe

MOST_RANKED, MOST_LEFT_OUT, LONGEST_REASON = 50, 150, 120
"""So much of a ranking, and so many characters of a reason, fit into one datagram."""


@dataclass(frozen=True)
class Question:
    """What is ranked, and for what."""

    played: Audio
    """(channels, frames)."""
    sample_rate: float
    reference: Path
    budget_s: float
    """From when playing and reference are analysed."""
    begin_s: float = 0.0
    end_s: float = inf
    """Where the part of the reference that counts begins and ends."""
    host: str = ""
    """URL of a host, of whose tracks only the plugins are ranked; empty: the whole library."""


def candidates(library: Library, host: str = "") -> list[Chain]:
    """All plugins and rigs of the library, or those that the host at a URL holds.

    Raises HostError where it holds none that is known, or does not answer.
    """
    manifest = library.manifest
    if not host:
        return everything(manifest)
    chains = chains_of(discover(host), manifest)
    if not chains:
        raise HostError(
            f"{host} holds no plugin that the library knows; `dafx-bridge discover --host {host}`"
            " tells which can be added"
        )
    return chains


def answered(question: Question, library: Library) -> Ranking:
    """Blocking: the ranking. Raises AudioError for a recording that cannot be used, HostError as
    `candidates` does."""
    chains, ears = candidates(library, question.host), Ears(library)
    name, piece_s = str(question.reference), ears.newest.features.window_s
    wanted = read_recording(
        question.reference, MOST_WINDOWS, piece_s, question.begin_s, question.end_s
    )
    require_peak(wanted.peak, question.reference)
    played, goal = (question.played, question.sample_rate), (wanted.mono, wanted.sample_rate)
    contest = Contest(library, played, goal, name, ears)
    contest.warm_up()
    return contest.run(chains, Deadline.after(question.budget_s))


def ranking_rows(ranking: Ranking) -> dict[str, Any]:
    """A ranking for JSON: the likeliest first."""
    return {
        "nothing": round(ranking.nothing, 3),
        "chains": [contender_row(contender) for contender in ranking.contenders],
        "left_out": dict(ranking.left_out),
    }


def contender_row(contender: Contender) -> dict[str, Any]:
    """One of them; `cost` is what they are ranked by."""
    near = contender.closeness.rounded()
    return {
        "chain": contender.chain.id,
        "name": contender.chain.name,
        "kind_probability": None if contender.share is None else round(contender.share, 3),
        "cost": round(contender.cost, 3),
        "expected": near.expected,
        "low": near.low,
        "high": near.high,
        "better": near.better,
        "tried": contender.count,
    }


class SeparateContest(Closing):
    """One question, put to a process of its own."""

    def __init__(self, question: Question, library: Library) -> None:
        """Nothing is started yet."""
        self._question, self._library = question, library
        self._child: BaseProcess | None = None
        self._closed = False

    def run(self) -> str:
        """Blocking, once: the ranking as JSON, as `ranking_rows` has it but for what is too much
        for a datagram; or why there is none as {"error": …}."""
        child, pipe = start_child("suggestions", _rank, self._library)
        self._child = child
        if self._closed:
            # It was closed while the child was started.
            child.kill()
        try:
            return self._told(pipe)
        except (EOFError, OSError):
            return _failed("the process that tries them has died; ask again")
        finally:
            child.kill()
            child.join()
            pipe.close()

    @override
    def close(self) -> None:
        """Kill it; what runs it is done soon. Never waits."""
        self._closed = True
        if child := self._child:
            child.kill()

    def _told(self, pipe: Pipe) -> str:
        pipe.send(self._question)
        within_s = self._question.budget_s + PATIENCE_S
        if pipe.poll(within_s):
            return str(pipe.recv())
        return _failed(f"it took over {within_s:.0f} s")


def _rank(pipe: Pipe, library: Library) -> None:
    """The child's work."""
    question: Question = pipe.recv()
    try:
        told = json.dumps(_cut(ranking_rows(answered(question, library))))
    except BridgeError as error:
        told = json.dumps({"error": str(error)})
    # Whatever goes wrong here must reach the player as one line.
    except Exception as error:
        lines = str(error).splitlines() or [type(error).__name__]
        told = _failed(lines[0])
    pipe.send(told)


def _failed(why: str) -> str:
    return json.dumps({"error": f"the plugins could not be ranked: {why}"})


def _cut(rows: Mapping[str, Any]) -> dict[str, Any]:
    left_out = islice(rows["left_out"].items(), MOST_LEFT_OUT)
    return {
        "nothing": rows["nothing"] if rows["chains"] else None,
        "chains": rows["chains"][:MOST_RANKED],
        "left_out": {name: reason[:LONGEST_REASON] for name, reason in left_out},
    }
