"""Whether a search keeps its budget: every plugin and rig that is installed, at 1, 3 and 10 s.

    python -m benchmarks.budgets [--budgets 1 3 10] [--rate 48000] [--out docs/results]

The demo's guitar is matched to the demo's reference, and the time is taken from the call to the
answer: analysis of the reference, search and choice, without reading files and loading
models. Each chain
is searched with freshly loaded plugins. Writes budgets.json and budgets.md. Keep the computer
otherwise idle.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.audio.resample import resample
from bridge.chain import Chain, chain_of
from bridge.demo.run import INPUT, REFERENCE
from bridge.effects import load_chain
from bridge.errors import EffectError
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.search.deadline import Deadline
from bridge.search.render_search import Search, warm_up

MOST = 1.2
"""Times its budget that an answer may take."""


@dataclass(frozen=True)
class Kept:
    """One search."""

    chain: str
    budget_s: float
    answered_s: float
    candidates: int

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
    played = _at(INPUT, arguments.rate)
    found = []
    for chain in _chains():
        for budget_s in arguments.budgets:
            found.append(_search(chain, played, arguments.rate, budget_s))
            print(f"{chain.id:24} {budget_s:5.1f} s  {found[-1].answered_s:6.2f} s", flush=True)
    _write(found, arguments.rate, arguments.out)


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


def _search(chain: Chain, played: Audio, rate: int, budget_s: float) -> Kept:
    estimator, effect = Estimator(chain, Library()), load_chain(chain)
    wanted, wanted_rate = read_audio(REFERENCE)
    warm_up(estimator)
    started_s = time.monotonic()
    deadline = Deadline.after(budget_s)
    reference = estimator.analyse(wanted, wanted_rate, "reference")
    search = Search(estimator, effect, played, rate, reference)
    search.explore(deadline)
    search.answer()
    answered_s = time.monotonic() - started_s
    return Kept(chain.id, budget_s, round(answered_s, 3), len(search.candidates))


def _at(path: Path, rate: int) -> Audio:
    audio, own_rate = read_audio(path)
    return resample(audio, own_rate, rate)


def _write(found: list[Kept], rate: int, out: Path) -> None:
    budgets = sorted({one.budget_s for one in found})
    late = [one for one in found if one.share > MOST]
    worst = sorted(found, key=lambda one: -one.share)[:10]
    lines = [
        "# Budgets",
        "",
        f"`python -m benchmarks.budgets` on {os.cpu_count()} cores, host at {rate} Hz: seconds"
        f" until the answer, and candidates tried. {len(late)} of {len(found)} took more than"
        f" {MOST} times their budget.",
        "",
        "| chain | " + " | ".join(f"{b:g} s" for b in budgets) + " |",
        "|---" * (len(budgets) + 1) + "|",
    ]
    for chain in dict.fromkeys(one.chain for one in found):
        cells = [f"{k.answered_s:.2f} s, {k.candidates}" for k in found if k.chain == chain]
        lines.append(f"| {chain} | " + " | ".join(cells) + " |")
    lines += ["", "The ten that took most of their budget:", ""]
    lines += [f"- {one.chain} at {one.budget_s:g} s: {one.share:.2f} of it" for one in worst]
    (out / "budgets.md").write_text("\n".join(lines) + "\n")
    rows = [asdict(one) for one in found]
    (out / "budgets.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
