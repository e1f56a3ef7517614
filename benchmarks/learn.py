"""What `dafx-bridge learn` brings to plugins that have no network: a row each.

    python -m benchmarks.learn [ID…] [--table benchmarks/strangers.yaml] [--minutes 15]

The plugins are those of a table as users have it, by itself all of `benchmarks/strangers.yaml`.
Models and pools go below `--work`, never into the user's own folder. What is in learn.json for the
same minutes is not learned again. Writes learn.json, with every case, and learn.md.
"""

import argparse
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bridge.library import SHIPPED, Layer, Library
from bridge.manifest import PluginSpec, read_manifest
from training.learning import Wish, learn

STRANGERS = Path(__file__).parent / "strangers.yaml"


def main() -> None:
    """Learn and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--table", type=Path, default=STRANGERS)
    parser.add_argument("--audio", type=Path, action="append", default=[])
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path("runs/learn"))
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    layer = Layer(arguments.work / "plugins_manifest.yaml", arguments.work / "models")
    shutil.copyfile(arguments.table, layer.manifest)
    library = Library((SHIPPED, layer))
    plugins = [
        plugin
        for plugin in read_manifest(arguments.table).plugins
        if not arguments.ids or plugin.id in arguments.ids
    ]
    arguments.out.mkdir(parents=True, exist_ok=True)
    record = arguments.out / "learn.json"
    rows: list[dict[str, Any]] = json.loads(record.read_text()) if record.exists() else []
    for plugin in plugins:
        if any((row["plugin"], row["minutes"]) == (plugin.id, arguments.minutes) for row in rows):
            continue
        wish = Wish(
            plugin=plugin,
            library=library,
            layer=layer,
            cache=arguments.work / "cache",
            minutes=arguments.minutes,
            audio=tuple(arguments.audio),
            workers=arguments.workers,
        )
        rows.append(_row(wish, plugin))
        record.write_text(json.dumps(rows, indent=1) + "\n")
        (arguments.out / "learn.md").write_text("\n".join(report(rows)) + "\n")


def _row(wish: Wish, plugin: PluginSpec) -> dict[str, Any]:
    learned = learn(wish, lambda line: print(f"{plugin.id}: {line}", flush=True))
    verdict = learned.verdict
    return {
        "plugin": plugin.id,
        "kind": plugin.kind,
        "minutes": wish.minutes,
        "seconds": round(learned.seconds),
        "clips": learned.clips,
        "kept": learned.kept is not None,
        "gains": verdict.gains,
        "harmed": verdict.harmed,
        "cases": [asdict(case) for case in verdict.cases],
    }


def report(rows: list[dict[str, Any]]) -> list[str]:
    """The page."""
    better = sum(row["gains"][1] > row["gains"][0] for row in rows)
    kept = sum(row["kept"] for row in rows)
    lines = [
        "# What learning brings",
        "",
        f"`python -m benchmarks.learn`: {len(rows)} plugins. With the network the search comes"
        f" nearer on {better} of them; {kept} are kept. Gain: how much of the distance to the"
        " target (MRSTFT, half raw and half at the target's level) a search of 3 s takes back, on"
        " clips that were held back; harmed: doing nothing would have been better.",
        "",
        "| plugin | kind | minutes | took, s | clips | cases | gain, search alone"
        " | with the network | nearer, farther | harmed, alone | with it | kept |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        alone, learned = (
            np.array([case[k] for case in row["cases"]]) for k in ("alone", "learned")
        )
        nearer = f"{(learned < alone).sum()}, {(learned > alone).sum()}"
        lines.append(
            f"| {row['plugin']} | {row['kind']} | {row['minutes']:g} | {row['seconds']}"
            f" | {row['clips']} | {len(alone)} | {row['gains'][0]:.0%} | {row['gains'][1]:.0%}"
            f" | {nearer} | {row['harmed'][0]:.0%} | {row['harmed'][1]:.0%}"
            f" | {'yes' if row['kept'] else 'no'} |"
        )
    return lines


if __name__ == "__main__":
    main()
