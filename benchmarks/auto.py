"""Whether `--plugin auto` finds the right kind of effect: a confusion table, and every case.

    python -m benchmarks.auto --corpus data/corpus [--split validation] [--rounds 1] [--budget-s 10]

Contenders are the shipped plugins that have a model and those of `benchmarks/strangers.yaml`, which
no network has heard. Each makes references at random settings, of other playing than what is
matched. A setting that is hardly heard tells nothing of its maker, so it is drawn again until it
moves the playing by `LEAST_MOVE`. Goes on where it was stopped; writes auto.json and auto.md.

Seconds are this process's seconds of computing, so that a busy machine measures the same.
"""

import argparse
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from bridge.analysis.metrics import match_rms, mrstft
from bridge.analysis.windows import rms_db
from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.chain import Chain, ChainSetting
from bridge.effects import ChainEffect, load_chain
from bridge.kinds import family_of
from bridge.library import SHIPPED, Layer, Library
from bridge.manifest import read_manifest
from bridge.search.contest import CONTEST_SHARE, Contest, Ranking
from training.computing import Computing
from training.examples import Clip, ClipSettings, ClipSource

STRANGERS = Path(__file__).parent / "strangers.yaml"
LEAST_MOVE = 0.4
"""MRSTFT, at the target's level, between the playing and what the setting makes of it."""
SCORED_HZ = 24_000
_DRAWS = 40
_STRIDE = 5
"""Makers come in this order, so that a run that was stopped has met all kinds."""
_QUIETEST_DB, _LOUDEST_DB = -50.0, 3.0
_CLIPS = ClipSettings(sample_rates_hz=(48_000,), other_clip_share=0.5, equal_levels=True)
GOALS = {1: 0.80, 3: 0.95}


@dataclass(frozen=True)
class Case:
    """One contest."""

    maker: str
    kind: str
    """The family of the plugin that made the reference."""
    playing: str
    move: float
    ranked: list[str]
    """Contenders, the first one first."""
    kinds: list[str]
    """Their families, each once."""
    distances: list[float]
    """Expected, of the first three."""
    nothing: float
    costs: dict[str, float]
    """By contender: the logarithm of a distance that is probably not exceeded."""
    shares: dict[str, float]
    """By kind: how likely the network of kinds holds it."""
    tried: int
    seconds: float


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus"))
    parser.add_argument("--split", default="validation")
    parser.add_argument("--rounds", type=int, default=1, help="references of each plugin")
    parser.add_argument("--budget-s", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    arguments = parser.parse_args()
    library = Library((SHIPPED, Layer(STRANGERS, SHIPPED.models)))
    known = [plugin for plugin in Library().manifest.plugins if plugin.model]
    chains = [Chain.of_plugin(plugin) for plugin in (*known, *read_manifest(STRANGERS).plugins)]
    clips = ClipSource(_CLIPS, arguments.corpus, arguments.split, arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    record = arguments.out / "auto.json"
    told = {"budget_s": arguments.budget_s, "seed": arguments.seed, "split": arguments.split}
    cases = _known(record, told)
    for number in range(arguments.rounds * len(chains)):
        if number < len(cases):
            continue
        maker = chains[number * _STRIDE % len(chains)]
        random = np.random.default_rng((arguments.seed, number))
        case = _case(library, chains, maker, clips[number], random, arguments.budget_s)
        cases.append(case)
        print(f"{case.maker:24} {case.kind:16} {', '.join(case.ranked[:3])}", flush=True)
        rows = {**told, "cases": [asdict(one) for one in cases]}
        record.write_text(json.dumps(rows, indent=1) + "\n")
    (arguments.out / "auto.md").write_text("\n".join(report(cases, len(chains), told)) + "\n")


def _known(record: Path, told: dict[str, object]) -> list[Case]:
    """Cases of the last run with the same settings."""
    if not record.exists():
        return []
    rows = json.loads(record.read_text())
    cases = rows.pop("cases")
    return [Case(**case) for case in cases] if rows == told else []


def _case(
    library: Library,
    chains: list[Chain],
    maker: Chain,
    clip: Clip,
    random: np.random.Generator,
    budget_s: float,
) -> Case:
    reference, move = _reference(maker, load_chain(maker), clip, random)
    started_s = time.process_time()
    deadline = Computing.after(CONTEST_SHARE * budget_s)
    rate = clip.sample_rate
    ranking = Contest(library, (clip.dry, rate), (reference, rate)).run(chains, deadline)
    kinds = [_kind(contender.chain) for contender in ranking.contenders]
    return Case(
        maker=maker.id,
        kind=_kind(maker),
        playing=clip.kind,
        move=round(move, 3),
        ranked=[contender.chain.id for contender in ranking.contenders],
        kinds=list(dict.fromkeys(kinds)),
        distances=_distances(ranking),
        nothing=round(ranking.nothing, 3),
        costs={one.chain.id: round(one.tried[0].cost, 3) for one in ranking.contenders},
        shares={
            _kind(one.chain): round(one.share, 4)
            for one in ranking.contenders
            if one.share is not None
        },
        tried=ranking.tried,
        seconds=round(time.process_time() - started_s, 2),
    )


def _distances(ranking: Ranking) -> list[float]:
    return [round(one.closeness.expected, 3) for one in ranking.contenders[:3]]


def _kind(chain: Chain) -> str:
    return family_of(chain.slots[0].plugin.kind) or "other"


def _reference(
    chain: Chain, effect: ChainEffect, clip: Clip, random: np.random.Generator
) -> tuple[Audio, float]:
    """Other playing through the plugin, and how far its setting moves the playing."""
    best: tuple[Audio, float] | None = None
    for _ in range(_DRAWS):
        setting = ChainSetting.of_predicted(chain, random.random(len(chain.predicted)).tolist())
        reference, target = (
            effect.render(dry, clip.sample_rate, setting) for dry in (clip.other, clip.dry)
        )
        levels = rms_db(reference), rms_db(target)
        if min(levels) < _QUIETEST_DB or max(levels) > _LOUDEST_DB:
            continue
        move = _distance(clip.dry, target, clip.sample_rate)
        if best is None or move > best[1]:
            best = reference, move
        if move >= LEAST_MOVE:
            break
    if best is None:
        raise SystemExit(f"{chain.id}: {_DRAWS} settings in a row leave silence or noise")
    return best


def _distance(audio: Audio, target: Audio, rate: float) -> float:
    have, wanted = (resample(some[0], rate, SCORED_HZ) for some in (audio, target))
    return mrstft(match_rms(have, wanted), wanted)


def report(cases: list[Case], contenders: int, told: dict[str, object]) -> list[str]:
    """The page."""
    kinds = list(dict.fromkeys(case.kind for case in cases))
    confused = Counter((case.kind, case.kinds[0]) for case in cases)
    found = list(dict.fromkeys([*kinds, *(case.kinds[0] for case in cases)]))
    lines = [
        "# Which plugin made it?",
        "",
        f"`python -m benchmarks.auto`: {len(cases)} references by {contenders} plugins of"
        f" {len(kinds)} kinds, other playing from recordings of the {told['split']} split; a budget"
        f" of {told['budget_s']:g} s, of which the contest takes {CONTEST_SHARE:.0%}; in the mean"
        f" {np.mean([case.seconds for case in cases]):.1f} s of computing and"
        f" {np.mean([case.tried for case in cases]):.0f} settings tried."
        f" {sum(case.move < LEAST_MOVE for case in cases)} of the references move the playing by"
        f" less than {LEAST_MOVE}, whatever was drawn.",
        "",
        "| right kind | all | plugins with a model | strangers | goal |",
        "|---|---|---|---|---|",
    ]
    strangers = {plugin.id for plugin in read_manifest(STRANGERS).plugins}
    for name, most in (("first", 1), ("among the first three plugins", 3)):
        groups = (
            cases,
            [case for case in cases if case.maker not in strangers],
            [case for case in cases if case.maker in strangers],
        )
        shares = [_share(group, most) for group in groups]
        lines.append(f"| {name} | {' | '.join(shares)} | {GOALS[most]:.0%} |")
    by_distance = [
        replace(case, ranked=sorted(case.costs, key=case.costs.__getitem__)) for case in cases
    ]
    lines += [
        "",
        "By expected distances alone, without the network of kinds: first"
        f" {_share(by_distance, 1)}, among the first three {_share(by_distance, 3)}.",
    ]
    lines += [
        "",
        "Rows: what made the reference; columns: the kind that was ranked first.",
        "",
        f"| | {' | '.join(found)} |",
        f"|---|{'---|' * len(found)}",
    ]
    for kind in kinds:
        counts = [str(confused[kind, other] or "") for other in found]
        lines.append(f"| **{kind}** | {' | '.join(counts)} |")
    lines += [
        "",
        "| made by | playing | moves it by | first three, with expected distances | nothing |",
        "|---|---|---|---|---|",
    ]
    for case in cases:
        three = zip(case.ranked, case.distances, strict=False)
        names = ", ".join(f"{name} {distance:.2f}" for name, distance in three)
        lines.append(
            f"| {case.maker} | {case.playing} | {case.move:.2f} | {names} | {case.nothing:.2f} |"
        )
    return lines


def _share(cases: list[Case], most: int) -> str:
    """Of cases in which the right kind is among the first so many plugins."""
    library = Library((SHIPPED, Layer(STRANGERS, SHIPPED.models))).manifest
    right = [
        case.kind in [family_of(library.plugin(name).kind) for name in case.ranked[:most]]
        for case in cases
    ]
    return f"{np.mean(right):.0%} ({sum(right)} of {len(right)})" if right else "-"


if __name__ == "__main__":
    main()
