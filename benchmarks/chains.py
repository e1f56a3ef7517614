"""How a rig matches: time, candidates tried, and distances before and after, case by case.

    python -m benchmarks.chains guitar-amp --dry FOLDER [--cases 10] [--budget-s 4] [--seed 0]

FOLDER holds dry recordings; short ones are joined. In a case, other playing than the input's goes
through a chain and is the reference; the input through the same chain is the target, which only the
score knows. The chain is the rig itself in every second case, at a random setting around its start,
and else one of another maker's effects. Writes chains-RIG.json and chains-RIG.md.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bridge.analysis.metrics import HARM, match_rms, mrstft, style_distance
from bridge.analysis.windows import ACTIVE_DB, rms_db
from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.audio.resample import resample, to_mono
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effects import load_chain
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.search.deadline import Deadline
from bridge.search.render_search import Search, warm_up

RATE_HZ = 48_000
SCORED_HZ = 24_000
CLIP_S = 6.0
_PEAK = 0.5
_AROUND_START = 0.22
"""Deviation of normalised values around the start of a chain that makes a reference."""
_LEFT_OUT = 0.5
_OTHERS = {
    "guitar-amp": "mda-amp",
    "mda-amp": "guitar-amp",
    "vocal": "mda-dynamics,mda-multiband,mda-ambience",
}
_AUDIO = {".wav", ".flac", ".ogg", ".aiff", ".mp3"}


@dataclass(frozen=True)
class Case:
    """One match. Distances are MRSTFT at the target's RMS, and differences of spectra in dB."""

    made_by: str
    seconds: float
    candidates: int
    mrstft_before: float
    mrstft_after: float
    style_before_db: float
    style_after_db: float

    @property
    def gain(self) -> float:
        """How much of the distance is taken back."""
        return 1 - self.mrstft_after / max(self.mrstft_before, 1e-6)

    @property
    def harmed(self) -> bool:
        """Whether doing nothing would have been better."""
        return self.mrstft_after > self.mrstft_before + HARM


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rig")
    parser.add_argument("--dry", type=Path, required=True, help="folder of dry recordings")
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--budget-s", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    arguments = parser.parse_args()
    manifest = Library().manifest
    rig = chain_of(arguments.rig, manifest)
    makers = [rig, chain_of(_OTHERS[arguments.rig], manifest)]
    random = np.random.default_rng(arguments.seed)
    clips = _clips(arguments.dry, random, 2 * arguments.cases)
    cases = []
    for number in range(arguments.cases):
        maker = makers[number % 2]
        case = _match(rig, maker, *clips[2 * number : 2 * number + 2], random, arguments.budget_s)
        cases.append(case)
        print(
            f"{case.made_by:40} {case.mrstft_before:6.2f} -> {case.mrstft_after:6.2f}", flush=True
        )
    _write(arguments.rig, arguments.budget_s, cases, arguments.out)


def _match(
    rig: Chain,
    maker: Chain,
    played: Audio,
    other: Audio,
    random: np.random.Generator,
    budget_s: float,
) -> Case:
    effect = load_chain(maker)
    reference = target = np.zeros_like(played)
    while min(rms_db(reference), rms_db(target)) < ACTIVE_DB:
        setting = _around_start(maker, random)
        reference, target = (effect.render(dry, RATE_HZ, setting) for dry in (other, played))
    estimator, ours = Estimator(rig, Library()), load_chain(rig)
    warm_up(estimator)
    deadline = Deadline.after(budget_s)
    analysis = estimator.analyse(reference, RATE_HZ, "reference")
    search = Search(estimator, ours, played, RATE_HZ, analysis)
    search.explore(deadline)
    answer = search.answer(deadline)
    took_s = budget_s - deadline.left_s
    after = answer.apply(ours, played, RATE_HZ)
    return Case(
        made_by=maker.id,
        seconds=round(took_s, 2),
        candidates=len(search.candidates),
        mrstft_before=round(_distance(played, target), 3),
        mrstft_after=round(_distance(after, target), 3),
        style_before_db=round(style_distance((played, RATE_HZ), (reference, RATE_HZ)), 2),
        style_after_db=round(style_distance((after, RATE_HZ), (reference, RATE_HZ)), 2),
    )


def _around_start(chain: Chain, random: np.random.Generator) -> ChainSetting:
    start = np.array(ChainSetting.start(chain).predicted)
    values = np.clip(start + _AROUND_START * random.standard_normal(len(start)), 0, 1)
    left_out = [s.id for s in chain.slots if s.optional and random.random() < _LEFT_OUT]
    return ChainSetting.of_predicted(chain, values.tolist(), left_out)


def _distance(audio: Audio, target: Audio) -> float:
    """Gain-matched MRSTFT, at a target of -20 dBFS."""
    wanted, have = (resample(to_mono(some), RATE_HZ, SCORED_HZ) for some in (target, audio))
    wanted = wanted * np.float32(0.1 / max(float(np.sqrt(np.mean(wanted**2))), 1e-6))
    return mrstft(match_rms(have, wanted), wanted)


def _clips(folder: Path, random: np.random.Generator, count: int) -> list[Audio]:
    """Clips of `CLIP_S` seconds, (1, frames), of the folder's recordings; short ones are joined."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _AUDIO]
    frames, clips, rest = round(CLIP_S * RATE_HZ), [], np.zeros(0, np.float32)
    order = [paths[number] for number in random.permutation(len(paths))]
    while len(clips) < count:
        for path in order:
            audio, rate = read_audio(path)
            rest = np.concatenate([rest, resample(to_mono(audio), rate, RATE_HZ)])
            while len(rest) >= frames and len(clips) < count:
                clip = rest[None, :frames]
                clips.append(clip * (_PEAK / max(float(np.abs(clip).max()), 1e-6)))
                rest = rest[frames:]
            if len(clips) == count:
                break
    return clips


def _write(rig: str, budget_s: float, cases: list[Case], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    gains = [case.gain for case in cases]
    harmed = sum(case.harmed for case in cases)
    lines = [
        f"# {rig}",
        "",
        f"`python -m benchmarks.chains {rig} --dry FOLDER`, {len(cases)} cases, budget"
        f" {budget_s:g} s. MRSTFT at the target's level: mean gain over doing nothing"
        f" {np.mean(gains):.0%}, median {np.median(gains):.0%}; harmed (by more than {HARM})"
        f" {harmed} of {len(cases)}.",
        "",
        "| made by | s | candidates | MRSTFT before | after | spectra, dB, before | after |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {c.made_by} | {c.seconds} | {c.candidates} | {c.mrstft_before} | {c.mrstft_after}"
        f" | {c.style_before_db} | {c.style_after_db} |"
        for c in sorted(cases, key=lambda case: case.gain)
    ]
    (out / f"chains-{rig}.md").write_text("\n".join(lines) + "\n")
    rows = [asdict(case) for case in cases]
    (out / f"chains-{rig}.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
