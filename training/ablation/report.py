"""The ladder as JSON, Markdown and a picture."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bridge.manifest import PluginSpec
from training.ablation import intervals
from training.ablation.picture import draw_ladder
from training.ablation.rungs import DO_NOTHING, RUNGS
from training.ablation.scoring import ERROR, MEASURES, Scores
from training.ablation.settings import AblationSettings
from training.evaluation.intervals import Json, Values
from training.evaluation.markdown import table
from training.evaluation.protocol import MATCHED, RAW
from training.files import write_whole

GAIN = "relative_gain"
_TITLES = {RAW: "MRSTFT", MATCHED: "gain-matched", ERROR: "parameter error"}


def write_report(
    experiment: str,
    scores: Scores,
    plugins: Sequence[PluginSpec],
    s: AblationSettings,
    out: Path,
) -> None:
    """Write `ablation.json`, `ablation.md` and `ablation.png` below `out`."""
    found = {rung.name: scores.values(rung.name, plugins) for rung in RUNGS}
    names = [plugin.id for plugin in plugins]
    report: Json = {
        "experiment": experiment,
        "settings": s.model_dump(),
        "rungs": summarise(found, names),
    }
    write_whole(out / "ablation.json", json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    write_whole(out / "ablation.md", _markdown(report))
    draw_ladder(report["rungs"], out / "ablation.png")


def summarise(found: Mapping[str, Mapping[str, Values]], plugins: Sequence[str]) -> Json:
    """By rung: means, gain over doing nothing, and paired differences from the rung above.

    `found` holds, by rung and measure, values (plugins, cases). Doing nothing sets no parameters,
    so it has no error and nothing is compared with it there.
    """
    nothing = found[DO_NOTHING]
    summary: Json = {}
    for rung in RUNGS:
        values = found[rung.name]
        known = [m for m in MEASURES if (rung.name, m) != (DO_NOTHING, ERROR)]
        entry: Json = {"what": rung.what}
        entry |= {measure: intervals.mean(values[measure]) for measure in known}
        entry[GAIN] = {m: intervals.relative_gain(values[m], nothing[m]) for m in (RAW, MATCHED)}
        entry["plugins"] = {
            plugin: {m: intervals.mean(values[m][[row]]) for m in known}
            for row, plugin in enumerate(plugins)
        }
        if rung.above:
            above = found[rung.above]
            entry["above"] = rung.above
            entry["difference"] = {
                m: intervals.difference(values[m], above[m])
                for m in known
                if (rung.above, m) != (DO_NOTHING, ERROR)
            }
        summary[rung.name] = entry
    return summary


def verdict(difference: Json) -> str:
    """What a paired difference, lower being better, says."""
    if difference["high"] < 0:
        return "better"
    return "worse" if difference["low"] > 0 else "undecided"


def _markdown(report: Json) -> str:
    s, rungs = report["settings"], report["rungs"]
    plugins = s["plugins"]
    said: dict[str, list[str]] = {"better": [], "worse": [], "undecided": []}
    for name, entry in rungs.items():
        if "difference" in entry:
            said[verdict(entry["difference"][RAW])].append(f"*{name}*")
    parts = [
        "# What each ingredient brings",
        "",
        f"Every rung adds one thing to the one it is compared with. {', '.join(plugins)};"
        f" {s['clips']} clips of the pools of `{report['experiment']}` for all rungs but the"
        f" shipped ones ({s['vae_clips']} for the β-VAE); {s['cases']} cases of every plugin, the"
        " same for all: validation audio, published protocol (24 kHz, halves of one recording, one"
        " target in ten clean). Intervals are 95 % (bootstrap over cases). Bold: better with its"
        " whole interval. Lower is better but for the gain. Every predictor is also given the"
        " levels, which pictures do not hold; a picture shows the first 2.75 s. Written by"
        " `dafx-train ablation`.",
        "",
        "![The ladder](ablation.png)",
        "",
        *(f"- *{name}*: {entry['what']}." for name, entry in rungs.items()),
        "",
        _means(rungs),
        "The gain is over doing nothing, in MRSTFT, as a mean over the plugins. Against the rung it"
        " adds one thing to:",
        "",
        _differences(rungs),
        "By MRSTFT "
        + "; ".join(f"{word}: {', '.join(names) or 'none'}" for word, names in said.items())
        + ".",
        "",
        "MRSTFT, and error of the parameters, by plugin:",
        "",
        _by_plugin(rungs, plugins),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _means(rungs: Json) -> str:
    rows = [
        [
            name,
            *(_cell(entry.get(measure)) for measure in (RAW, MATCHED)),
            _cell(entry[GAIN][RAW], 100, 0, "%"),
            _cell(entry.get(ERROR)),
        ]
        for name, entry in rungs.items()
    ]
    return table(["rung", _TITLES[RAW], _TITLES[MATCHED], "gain", _TITLES[ERROR]], rows)


def _differences(rungs: Json) -> str:
    rows = []
    for name, entry in rungs.items():
        if "difference" not in entry:
            continue
        row = [name, entry["above"]]
        for measure in MEASURES:
            found = entry["difference"].get(measure)
            text = _cell(found, signed=True)
            row.append(f"**{text}**" if found and verdict(found) == "better" else text)
        rows.append(row)
    return table(["rung", "against", *(_TITLES[m] for m in MEASURES)], rows)


def _by_plugin(rungs: Json, plugins: Sequence[str]) -> str:
    rows = []
    for name, entry in rungs.items():
        row = [name]
        for plugin in plugins:
            means = entry["plugins"][plugin]
            pair = [f"{means[m]['mean']:.3f}" for m in (RAW, ERROR) if m in means]
            row.append(" / ".join(pair))
        rows.append(row)
    return table(["rung", *plugins], rows)


def _cell(
    found: Json | None, scale: float = 1, digits: int = 3, unit: str = "", signed: bool = False
) -> str:
    if not found:
        return ""
    sign = "+" if signed else ""
    mean, low, high = (f"{scale * found[k]:{sign}.{digits}f}" for k in ("mean", "low", "high"))
    return f"{mean}{' ' + unit if unit else ''} [{low}, {high}]"
