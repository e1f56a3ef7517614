"""Whether the knobs come to rest while the same is played, and get nearer the longer it is.

    python -m benchmarks.steady [--data data] [--case NAME ...]

The live engine follows a minute of one playing, in a loop, and then another one. Its clock is the
recording's: settings are tried without a deadline and their outcome comes as late as a search that
takes all of its budget, so that the figures do not depend on the machine.

*Wander* is the largest minus the smallest normalised value of a knob between 10 s and the end of
the first minute. *Distance* is the MRSTFT of the playing through the setting of that moment from
the same through what made the reference, half of it raw and half gain-matched. *Half* and *all* are
the seconds from the change of playing until half and nine tenths of the way to the new setting are
done, as `benchmarks.adaptation` counts them; beside them those of the network alone.

Writes docs/results/steady.json and .md.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bridge.analysis.metrics import magnitudes, mrstft_with_gain
from bridge.analysis.windows import active_share
from bridge.arrays import Audio, Floats
from bridge.audio.files import read_audio
from bridge.audio.resample import resample
from bridge.chain import Chain, ChainSetting
from bridge.demo.run import INPUT, REFERENCE, TRUTH
from bridge.effects import load_chain
from bridge.engine.live import LiveEngine
from bridge.estimate.answer import Answer
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.search.deadline import Deadline
from bridge.search.decisions import Decisions
from bridge.search.requests import Outcome, Request
from bridge.search.worker import BUDGET_S
from tests.doubles import BlockSource, MemoryHost
from training.corpus.stems import load_index

RESULT = Path("docs/results/steady.json")
RATE = 48_000
HOP_S = 0.2
"""Longer than while playing, and so quicker to run."""
STEADY_S, OTHER_S = 60.0, 24.0
FROM_S = 10.0
EARLY_S, LATE_S = 6.0, 30.0
AFTER_S = (3.0, 6.0, 12.0, 24.0)
"""Seconds after the change of playing at which the distance is taken."""
SETTLED_S = 4.0
HALF, ALL = 0.5, 0.9
LEAST_S, SOUNDING = 16.0, 0.8
"""How long a recording must be, and how much of it must sound."""
CLIP_S = 11.0
"""How much of a playing distances are taken on."""


@dataclass(frozen=True)
class Case:
    """A plugin that follows, two playings, and what made the reference."""

    name: str
    plugin: str
    steady: Audio
    """(1, frames) at `RATE`, as is `other`."""
    other: Audio
    reference: Audio
    truth: ChainSetting
    """Of the chain that made the reference; it may be another one."""


@dataclass(frozen=True)
class Followed:
    """What there was at every hop."""

    chain: Chain
    settings: tuple[ChainSetting, ...]
    """Where the knobs and the bypasses were."""
    answers: tuple[Answer | None, ...]
    decisions: Sequence[Mapping[str, float | bool | list[float]]]

    def at(self, second: float) -> ChainSetting:
        """The setting at this time."""
        return self.settings[min(round(second / HOP_S), len(self.settings)) - 1]

    def knobs(self, from_s: float, until_s: float) -> Floats:
        """The predicted parameters, normalised, (hops, parameters)."""
        hops = slice(round(from_s / HOP_S), round(until_s / HOP_S))
        return np.array([setting.predicted for setting in self.settings[hops]])

    def changes(self, from_s: float, until_s: float, switches: bool = False) -> int:
        """How often the answer was another one than at the hop before, or its bypasses were."""
        hops = slice(round(from_s / HOP_S), round(until_s / HOP_S))
        told = [answer.setting for answer in self.answers[hops] if answer]
        pairs = pairwise(told)
        if switches:
            return sum(one.bypassed != next_.bypassed for one, next_ in pairs)
        return sum(one != next_ for one, next_ in pairs)

    def seconds_until(self, share: float) -> float | None:
        """From the change of playing until so much of the way is done; None where there is none."""
        before = self.knobs(STEADY_S - SETTLED_S, STEADY_S).mean(axis=0)
        after = self.knobs(STEADY_S + OTHER_S - SETTLED_S, STEADY_S + OTHER_S).mean(axis=0)
        length = float(np.linalg.norm(after - before))
        if length < 0.1:
            return None
        along = (self.knobs(STEADY_S, STEADY_S + OTHER_S) - before) @ (after - before) / length
        return float((np.flatnonzero(along >= share * length)[0] + 1) * HOP_S)


class DecisionsOfClock:
    """Decides at once and tells it a whole budget later, by a clock that its owner turns."""

    def __init__(self, decisions: Decisions) -> None:
        self.now_s = 0.0
        self.told: list[dict[str, float | bool | list[float]]] = []
        """What came of every request."""
        self._decisions = decisions
        self._outcome: tuple[float, Outcome] | None = None

    @property
    def idle(self) -> bool:
        """Whether a request would be taken."""
        return self._outcome is None

    def submit(self, request: Request) -> None:
        """Decide, without a deadline."""
        outcome = self._decisions.decide(request, Deadline())
        if (answer := outcome.answer) and answer.closeness:
            told: dict[str, float | bool | list[float]] = {
                "asked_s": round(self.now_s, 1),
                "playing": request.playing,
                "whole": request.whole,
                "excerpts": len(self._decisions.memory.excerpts),
                "now": round(answer.closeness.now, 3),
                "expected": round(answer.closeness.expected, 3),
                "dry": answer.bypass,
                "setting": [round(value, 3) for value in answer.setting.predicted],
            }
            print(told, flush=True)
            self.told.append(told)
        self._outcome = self.now_s + BUDGET_S, outcome

    def poll(self) -> Outcome | None:
        """The outcome, once it is time."""
        if self._outcome is None or self.now_s < self._outcome[0]:
            return None
        outcome, self._outcome = self._outcome[1], None
        return outcome


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--case", nargs="*", help="only these, by name; others stay")
    arguments = parser.parse_args()
    cases = [_demo(arguments.data / "corpus"), *_of_corpus(arguments.data / "corpus")]
    for case in cases:
        if not arguments.case or case.name in arguments.case:
            _write(case.name, _measured(case))
    print(RESULT.with_suffix(".md").read_text())


def _write(name: str, measured: Mapping[str, Any]) -> None:
    """Put one case in the place of what was measured of it before."""
    report = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    report[name] = measured
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    RESULT.with_suffix(".md").write_text(_markdown(report))


def follow(case: Case, library: Library, searching: bool = True) -> Followed:
    """Follow the one playing and then the other, hop by hop, with a host in memory."""
    chain = Chain.of_plugin(library.manifest.plugin(case.plugin))
    estimator = Estimator(chain, library)
    decider = DecisionsOfClock(Decisions(chain, library)) if searching else None
    played = np.concatenate([_looped(case.steady, STEADY_S), _looped(case.other, OTHER_S)], axis=1)
    hop = round(HOP_S * RATE)
    source = BlockSource(np.split(played, range(hop, played.shape[1], hop), axis=1), RATE)
    host = MemoryHost(ChainSetting.start(chain).all_values)
    reference = estimator.analyse(case.reference, RATE, "reference")
    settings: list[ChainSetting] = []
    answers: list[Answer | None] = []
    with LiveEngine(source, estimator, reference, host, decider=decider) as engine:
        while not source.finished:
            now_s = (len(settings) + 1) * HOP_S
            if decider:
                decider.now_s = now_s
            engine.hop(now_s)
            assert engine.control
            settings.append(engine.control.setting)
            answers.append(engine.answer)
    decisions = decider.told if decider else []
    return Followed(chain, tuple(settings), tuple(answers), decisions)


def _measured(case: Case) -> dict[str, Any]:
    library = Library()
    found, alone = follow(case, library), follow(case, library, searching=False)
    end_s = STEADY_S + OTHER_S
    return {
        "plugin": case.plugin,
        "wander": _wander(found),
        "wander_of_the_network": _wander(alone),
        "moves_before": found.changes(0, FROM_S),
        "moves": found.changes(FROM_S, STEADY_S),
        "switches": found.changes(FROM_S, STEADY_S, switches=True),
        "distance": {
            "nothing": _distance(case, case.steady, None),
            **{f"{s:.0f} s": _distance(case, case.steady, found.at(s)) for s in (EARLY_S, LATE_S)},
            "60 s": _distance(case, case.steady, found.at(STEADY_S)),
            "network, 60 s": _distance(case, case.steady, alone.at(STEADY_S)),
        },
        "after_the_change": {
            "nothing": _distance(case, case.other, None),
            "0 s": _distance(case, case.other, found.at(STEADY_S)),
            **{f"{s:.0f} s": _distance(case, case.other, found.at(STEADY_S + s)) for s in AFTER_S},
            "network, 24 s": _distance(case, case.other, alone.at(end_s)),
        },
        "adaptation_s": {
            "half": found.seconds_until(HALF),
            "all": found.seconds_until(ALL),
            "network, half": alone.seconds_until(HALF),
            "network, all": alone.seconds_until(ALL),
        },
        "settings": {
            f"{s:.0f} s": _told(found.at(s)) for s in (EARLY_S, FROM_S, LATE_S, STEADY_S, end_s)
        },
        "decisions": found.decisions,
    }


def _wander(followed: Followed) -> dict[str, float]:
    ways = np.ptp(followed.knobs(FROM_S, STEADY_S), axis=0)
    names = [parameter.spec.symbol for parameter in followed.chain.predicted]
    return {name: round(float(way), 3) for name, way in zip(names, ways, strict=True)}


def _told(setting: ChainSetting) -> dict[str, float]:
    return {address: round(value, 3) for address, value in setting.all_values.items()}


def _distance(case: Case, dry: Audio, setting: ChainSetting | None) -> float:
    clip = dry[:, : round(CLIP_S * RATE)]
    target = load_chain(case.truth.chain).render(clip, RATE, case.truth)[0]
    wet = clip if setting is None or setting.dry else _rendered(setting, clip)
    return round(sum(mrstft_with_gain(wet[0], target, magnitudes(target))) / 2, 3)


def _rendered(setting: ChainSetting, audio: Audio) -> Audio:
    return load_chain(setting.chain).render(audio, RATE, setting)


def _looped(audio: Audio, seconds: float) -> Audio:
    missing = max(round(seconds * RATE) - audio.shape[1], 0)
    return np.pad(audio, ((0, 0), (0, missing)), mode="wrap")[:, : round(seconds * RATE)]


def _demo(corpus: Path) -> Case:
    truth = json.loads(TRUTH.read_text())
    setting = _setting(truth["plugin"], truth["values"])
    steady, reference = (_at_rate(*read_audio(path)) for path in (INPUT, REFERENCE))
    (other,) = _recordings(corpus, "keys", 1)
    return Case("demo", truth["plugin"], steady, other, reference, setting)


def _of_corpus(corpus: Path) -> list[Case]:
    """One plugin that can reach the reference, and one that cannot."""
    guitar, second = _recordings(corpus, "guitar", 2)
    bass, _ = _recordings(corpus, "bass", 2)
    (speech,) = _recordings(corpus, "speech", 1)
    combo = _setting("mda-combo", {"drive": 0.7, "bias": 0.4})
    driven = _setting("mda-overdrive", {"drive": 0.7, "muffle": 0.5, "output": 0.5})
    return [
        Case("guitar", "mda-combo", guitar, bass, _wet(combo, second), combo),
        Case("out of reach", "mda-dynamics", second, speech, _wet(driven, guitar), driven),
    ]


def _wet(truth: ChainSetting, dry: Audio) -> Audio:
    return _rendered(truth, dry[:, : round(CLIP_S * RATE)])


def _setting(plugin: str, values: Mapping[str, float]) -> ChainSetting:
    chain = Chain.of_plugin(Library().manifest.plugin(plugin))
    addresses = {f"{chain.slots[0].id}/{symbol}": value for symbol, value in values.items()}
    return ChainSetting.of_values(chain, addresses)


def _recordings(corpus: Path, kind: str, count: int) -> Sequence[Audio]:
    """The first long ones of the test split of this kind that sound throughout."""
    stems = [s for s in load_index(corpus, "test") if s.kind == kind and s.seconds >= LEAST_S]
    recordings = (_at_rate(*read_audio(corpus / "test" / stem.path)) for stem in stems)
    sounding = (audio for audio in recordings if active_share(audio[0], RATE) >= SOUNDING)
    return list(islice(sounding, count))


def _at_rate(audio: Audio, rate: int) -> Audio:
    return np.stack([resample(channel, rate, RATE) for channel in audio[:1]])


def _markdown(report: Mapping[str, Any]) -> str:
    lines = [
        "# Whether the knobs come to rest",
        "",
        f"{STEADY_S:.0f} s of one playing, then {OTHER_S:.0f} s of another, through the live engine"
        f" on the recording's clock. *Wander*: largest minus smallest normalised value of the knob"
        f" that moves most, from {FROM_S:.0f} s on; in brackets the network alone. *Moves*:"
        " decisions that changed the setting in that time, and bypasses switched. *Distance*:"
        " MRSTFT from the true target, half of it raw and half gain-matched.",
        "",
        "Written by `python -m benchmarks.steady`, which tells how it is measured.",
        "",
        "| case | plugin | wander | moves | switches | nothing | 6 s | 30 s | 60 s | network |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, told in report.items():
        wander, alone = (max(told[k].values()) for k in ("wander", "wander_of_the_network"))
        lines.append(
            f"| {name} | {told['plugin']} | {wander:.3f} ({alone:.3f}) | {told['moves']} |"
            f" {told['switches']} | {' | '.join(str(d) for d in told['distance'].values())} |"
        )
    lines += [
        "",
        "After the change of playing: distance by seconds since then, and seconds until half and"
        " nine tenths of the way are done, in brackets those of the network alone.",
        "",
        "| case | nothing | 0 s | 3 s | 6 s | 12 s | 24 s | network | half | all |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, told in report.items():
        way = told["adaptation_s"]
        lines.append(
            f"| {name} | {' | '.join(str(d) for d in told['after_the_change'].values())} |"
            f" {way['half']} ({way['network, half']}) | {way['all']} ({way['network, all']}) |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
