"""How near a search comes with plugins that were just added: no network has heard them.

    python -m benchmarks.added [URI…] [--corpus data/corpus] [--cases 12] [--budget-s 3]

The plugins are those of `ADDED`, of Debian's packages, unpacked below `--folder` and added as
`dafx-bridge add` does. Each makes references of other playing at random settings. A setting that is
hardly heard leaves nothing to gain, so it is drawn again; one reference in ten is dry. Goes on
where it was stopped. Writes added.json, with every case, and added.md.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.outcome import Outcome
from benchmarks.packages.unpacked import environment, unpacked
from bridge.adding.add import Added, Adding
from bridge.analysis.metrics import HARM
from bridge.errors import AudioError
from bridge.library import SHIPPED, Layer, Library
from bridge.manifest import PluginSpec, read_manifest
from training.examples import ClipSettings, ClipSource
from training.learning.judging import answered, distances, first_found, question

_GUITARIX = "http://guitarix.sourceforge.net/plugins/"
_CALF = "http://calf.sourceforge.net/plugins/"
_INVADA = "http://invadarecords.com/plugins/lv2/"
ADDED = {
    "zam-plugins": {
        "urn:zamaudio:ZamTube": "amplifier",
        "urn:zamaudio:ZamComp": "compressor",
        "urn:zamaudio:ZamEQ2": "equalizer",
        "urn:zamaudio:ZamDelay": "delay",
        "urn:zamaudio:ZamGate": "noise gate",
    },
    "x42-plugins": {
        "http://gareus.org/oss/lv2/darc#mono": "compressor",
        "http://gareus.org/oss/lv2/dpl#mono": "limiter",
    },
    "guitarix-lv2": {
        f"{_GUITARIX}gx_bmp_#_bmp_": "fuzz",
        f"{_GUITARIX}gx_flanger#_flanger": "flanger",
        f"{_GUITARIX}gx_phaser#_phaser": "phaser",
        f"{_GUITARIX}gx_tremolo#_tremolo": "tremolo",
        f"{_GUITARIX}gx_reverb_stereo#_reverb_stereo": "reverb",
        f"{_GUITARIX}gxautowah#wah": "wah",
    },
    "dpf-plugins-lv2": {"http://distrho.sf.net/plugins/MVerb": "reverb"},
    "invada-studio-plugins-lv2": {
        f"{_INVADA}tube/mono": "distortion",
        f"{_INVADA}filter/lpf/mono": "filter",
    },
    "fomp": {"http://drobilla.net/plugins/fomp/cs_chorus1": "chorus"},
    "calf-plugins": {
        f"{_CALF}Crusher": "bit crusher",
        f"{_CALF}RotarySpeaker": "rotary speaker",
        f"{_CALF}RingModulator": "ring modulator",
    },
}
"""By package: LV2 URIs, and what kind of effect each is."""
_CLIPS = ClipSettings(sample_rates_hz=(48_000,), other_clip_share=0.5, equal_levels=True)
_TOLD = 0.01
"""How much farther than doing nothing is worth a line."""
_UNPACKED = "DAFX_BENCHMARK_UNPACKED"


@dataclass(frozen=True)
class Case(Outcome):
    """Distances to the target at its level, MRSTFT: 0 is identical."""

    plugin: str
    nothing: float
    answer: float
    nothing_raw: float
    """Half of it raw."""
    answer_raw: float
    dry: bool
    seconds: float


@dataclass(frozen=True)
class _Job:
    layer: Layer
    plugin: PluginSpec
    corpus: Path
    budget_s: float


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("uris", nargs="*", metavar="URI")
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus"))
    parser.add_argument("--cases", type=int, default=12)
    parser.add_argument("--budget-s", type=float, default=3.0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/dafx-bridge-packages"))
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    arguments = parser.parse_args()
    _find_packages(arguments.folder)
    arguments.out.mkdir(parents=True, exist_ok=True)
    record = arguments.out / "added.json"
    rows: list[dict[str, object]] = json.loads(record.read_text()) if record.exists() else []
    kinds = {uri: kind for package in ADDED.values() for uri, kind in package.items()}
    layer = Layer(arguments.folder / "added.yaml", SHIPPED.models)
    for uri in arguments.uris or kinds:
        if any(row["uri"] == uri for row in rows):
            continue
        plugin = _added(uri, layer)
        if plugin is None:
            continue
        job = _Job(layer, plugin, arguments.corpus, arguments.budget_s)
        cases = first_found(partial(_case, job), arguments.cases, arguments.processes)
        row = {"uri": uri, "kind": kinds.get(uri, plugin.kind), "name": plugin.name}
        rows.append({**row, "cases": [asdict(case) for case in cases]})
        record.write_text(json.dumps(rows, indent=1) + "\n")
        gains = [case.gain for case in cases if not case.dry]
        print(f"{plugin.name:32} {np.mean(gains):5.0%}", flush=True)
        (arguments.out / "added.md").write_text("\n".join(report(rows, arguments.budget_s)) + "\n")


def _find_packages(folder: Path) -> None:
    """Start again where LV2 plugins and their libraries are found: both are read at the start."""
    if _UNPACKED in os.environ:
        return
    found = [environment(unpacked(package, folder)) for package in ADDED]
    paths = {
        name: os.pathsep.join(one[name] for one in found)
        for name in ("LV2_PATH", "LD_LIBRARY_PATH")
    }
    told = os.environ | paths | {_UNPACKED: "1"}
    os.execve(sys.executable, [sys.executable, "-m", "benchmarks.added", *sys.argv[1:]], told)


def _added(uri: str, layer: Layer) -> PluginSpec | None:
    for outcome in Adding(layer).add(uri):
        if isinstance(outcome, Added):
            return next(p for p in read_manifest(layer.manifest).plugins if p.formats.lv2 == uri)
        print(f"{uri}: {outcome.reason}", flush=True)
    return None


def _case(job: _Job, index: int) -> Case | None:
    """None where there is nothing to gain, or nothing to hear."""
    clips = ClipSource(_CLIPS, job.corpus, "test", 0)
    asked = question(job.plugin, clips, index)
    if asked is None:
        return None
    example, nothing = asked
    started_s = time.monotonic()
    side = job.plugin, Library((SHIPPED, job.layer))
    try:
        answer = answered(side, example, job.budget_s)
    except AudioError:
        return None
    seconds = time.monotonic() - started_s
    (found,) = distances([answer], example.target, example.sample_rate)
    dry = example.truth is None
    return Case(job.plugin.id, nothing[1], found[1], nothing[0], found[0], dry, round(seconds, 2))


def report(rows: list[dict[str, object]], budget_s: float) -> list[str]:
    """The page."""
    table = [(str(row["name"]), str(row["kind"]), _read(row)) for row in rows]
    every = [case for _, _, cases in table for case in cases]
    wet = [case.gain for case in every if not case.dry]
    means = [np.mean([case.gain for case in cases if not case.dry]) for _, _, cases in table]
    kinds = {kind for _, kind, _ in table}
    lines = [
        "# Plugins that were just added",
        "",
        f"`python -m benchmarks.added`: {len(table)} plugins of {len(kinds)} kinds, {len(every)}"
        f" references of test audio, a search of {budget_s:g} s of computing"
        " and no network. Gain: how much of the distance to the target (MRSTFT at its level) is"
        f" taken back, of references that are not dry; its mean is {np.mean(means):.0%}, its"
        f" median {np.median(wet):.0%}. Harmed, farther than doing nothing by {HARM:g}:"
        f" {np.mean([case.harmed for case in every]):.1%}.",
        "",
        "| plugin | kind | cases | gain, mean | median | worst | best | harmed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, kind, cases in table:
        gains = [case.gain for case in cases if not case.dry]
        lines.append(
            f"| {name} | {kind} | {len(cases)} | {np.mean(gains):.0%} | {np.median(gains):.0%}"
            f" | {min(gains):.0%} | {max(gains):.0%}"
            f" | {sum(case.harmed for case in cases)} |"
        )
    worst = sorted(every, key=lambda case: case.nothing - case.answer)[:10]
    lines += ["", "Farther than doing nothing, the ten worst:", ""]
    lines += [
        f"- {case.plugin}: {case.nothing:.2f} → {case.answer:.2f}" + " (dry)" * case.dry
        for case in worst
        if case.answer > case.nothing + _TOLD
    ]
    return lines


def _read(row: dict[str, object]) -> list[Case]:
    cases = row["cases"]
    if not isinstance(cases, list):
        raise TypeError(f"added.json: {row['uri']} has no list of cases")
    return [Case(**case) for case in cases]


if __name__ == "__main__":
    main()
