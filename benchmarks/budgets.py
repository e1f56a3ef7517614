"""Whether a search keeps its budget, and what it finds in it, for all that is installed.

    python -m benchmarks.budgets [--budgets 1 3 10] [--rate 48000] [--out docs/results]

The demo's guitar is matched to the demo's reference, and the time is taken from the call to the
answer: analysis of the reference, search and choice, without reading files and loading models. Each
chain is searched with freshly loaded plugins. Distances are those of the guitar as the answer makes
it: of its style to the reference, and MRSTFT, half raw and half gain-matched, to the true target,
as the demo knows how its reference was made. A larger budget that ends farther from the target is
told as a breach. Writes budgets.json and budgets.md. Keep the computer otherwise idle.
"""

import argparse
import itertools
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import magnitudes, mrstft_with_gain, style_distance
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.audio.resample import resample
from bridge.chain import Chain, chain_of
from bridge.demo.run import INPUT, REFERENCE, TRUTH
from bridge.effects import load_chain, load_effect
from bridge.errors import EffectError
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.manifest import Setting
from bridge.search.deadline import Deadline
from bridge.search.render_search import Search, warm_up

MOST = 1.2
"""Times its budget that an answer may take."""
WORSE = 0.05
"""How much farther from the target a larger budget may end."""


@dataclass(frozen=True)
class Kept:
    """One search."""

    chain: str
    budget_s: float
    answered_s: float
    candidates: int
    style_db: float
    """To the reference."""
    mrstft: float
    """To the target."""

    @property
    def share(self) -> float:
        """How much of its budget it took."""
        return self.answered_s / self.budget_s


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budgets", type=float, nargs="+", default=[1.0, 3.0, 10.0])
    parser.add_argument("--rate", type=int, default=48_000, help="of the host, in Hz")
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    arguments = parser.parse_args()
    demo = Demo.at(arguments.rate)
    found = []
    for chain in _chains():
        for budget_s in sorted(arguments.budgets):
            one = _search(chain, demo, budget_s)
            found.append(one)
            print(
                f"{chain.id:24} {budget_s:5.1f} s  {one.answered_s:6.2f} s  {one.style_db:5.2f} dB"
                f"  {one.mrstft:6.3f}",
                flush=True,
            )
    _write(found, demo, arguments.out)


@dataclass(frozen=True)
class Demo:
    """The demo's playing, and what it should become; (channels, frames) at the host's rate."""

    rate: int
    played: Audio
    target: Audio

    @classmethod
    def at(cls, rate: int) -> "Demo":
        """For a host of this rate, in Hz."""
        truth = json.loads(TRUTH.read_text())
        plugin = Library().manifest.plugin(truth["plugin"])
        audio, own_rate = read_audio(INPUT)
        played = resample(audio, own_rate, rate)
        setting = Setting.of_values(plugin, truth["values"])
        return cls(rate, played, load_effect(plugin).render(played, rate, setting))

    def distances(self, audio: Audio) -> tuple[float, float]:
        """The style distance to the reference in dB, and MRSTFT to the target."""
        features = FeatureSettings()
        found, target = (
            at_feature_rate(some, self.rate, features) for some in (audio, self.target)
        )
        raw, matched = mrstft_with_gain(found, target, magnitudes(target))
        return style_distance((audio, self.rate), read_audio(REFERENCE)), (raw + matched) / 2


def _chains() -> Iterator[Chain]:
    manifest = Library().manifest
    for name in [*(p.id for p in manifest.plugins), *(rig.id for rig in manifest.rigs)]:
        chain = chain_of(name, manifest)
        try:
            load_chain(chain)
        except EffectError as error:
            print(f"left out: {error}")
        else:
            yield chain


def _search(chain: Chain, demo: Demo, budget_s: float) -> Kept:
    estimator, effect = Estimator(chain, Library()), load_chain(chain)
    wanted, wanted_rate = read_audio(REFERENCE)
    warm_up(estimator)
    started_s = time.monotonic()
    deadline = Deadline.after(budget_s)
    reference = estimator.analyse(wanted, wanted_rate, "reference")
    search = Search(estimator, effect, demo.played, demo.rate, reference)
    search.explore(deadline)
    answer = search.answer(deadline)
    answered_s = time.monotonic() - started_s
    style_db, mrstft = demo.distances(answer.apply(effect, demo.played, demo.rate))
    return Kept(
        chain.id,
        budget_s,
        round(answered_s, 3),
        len(search.candidates),
        round(style_db, 2),
        round(mrstft, 3),
    )


def breaches(found: list[Kept]) -> list[tuple[Kept, Kept]]:
    """Pairs of a smaller and a larger budget of one chain, of which the larger one ends farther."""
    return [
        (less, more)
        for less, more in itertools.combinations(found, 2)
        if less.chain == more.chain and more.mrstft > less.mrstft + WORSE
    ]


def _write(found: list[Kept], demo: Demo, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    budgets = sorted({one.budget_s for one in found})
    late = [one for one in found if one.share > MOST]
    worst = sorted(found, key=lambda one: -one.share)[:10]
    worse = breaches(found)
    style_db, mrstft = demo.distances(demo.played)
    lines = [
        "# Budgets",
        "",
        f"`python -m benchmarks.budgets` on {os.cpu_count()} cores, host at {demo.rate} Hz: seconds"
        f" until the answer, candidates tried, style distance to the reference and MRSTFT to the"
        f" target (doing nothing: {style_db:.2f} dB, {mrstft:.3f}). {len(late)} of {len(found)}"
        f" took more than {MOST} times their budget; {len(worse)} times a larger budget ended"
        f" farther from the target than a smaller one, by more than {WORSE}.",
        "",
        "| chain | " + " | ".join(f"{b:g} s" for b in budgets) + " |",
        "|---" * (len(budgets) + 1) + "|",
    ]
    for chain in dict.fromkeys(one.chain for one in found):
        cells = [
            f"{k.answered_s:.2f} s, {k.candidates}, {k.style_db:.2f} dB, {k.mrstft:.3f}"
            for k in found
            if k.chain == chain
        ]
        lines.append(f"| {chain} | " + " | ".join(cells) + " |")
    lines += ["", "The ten that took most of their budget:", ""]
    lines += [f"- {one.chain} at {one.budget_s:g} s: {one.share:.2f} of it" for one in worst]
    if worse:
        lines += ["", "Farther from the target with more time:", ""]
        lines += [
            f"- {more.chain}: {less.mrstft:.3f} at {less.budget_s:g} s,"
            f" {more.mrstft:.3f} at {more.budget_s:g} s"
            for less, more in worse
        ]
    (out / "budgets.md").write_text("\n".join(lines) + "\n")
    rows = [asdict(one) for one in found]
    (out / "budgets.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
