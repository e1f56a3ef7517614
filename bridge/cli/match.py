"""`dafx-bridge match`: whole files."""

from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bridge.audio.formats import BitDepth
from bridge.chain import Slot
from bridge.cli.options import (
    AUTO,
    AUTO_BUDGET_S,
    BitDepthOption,
    FromHostOption,
    JsonOption,
    PluginOption,
    RigOption,
    chain_from,
    echo_json,
    parameter_rows,
)
from bridge.cli.printing import printable, screen
from bridge.errors import ModelError
from bridge.estimate.answer import Answer
from bridge.estimate.estimator import Estimator
from bridge.estimate.sound_map import Position, load_map
from bridge.library import Library, open_library
from bridge.readings import shown
from bridge.search.beside import WORTH_S, Beside, has_free_core
from bridge.search.contest import Ranking
from bridge.search.offline import MatchResult, match_best, match_files

EXAMPLES = """\
  dafx-bridge match dry.wav reference.wav --plugin mda-overdrive --out wet.wav
  dafx-bridge match dry.flac reference.ogg --plugin mda-overdrive --out wet.wav --json
  dafx-bridge match dry.wav reference.wav --rig guitar-amp --out wet.wav --budget-s 10
  dafx-bridge match dry.wav reference.wav --plugin mda-overdrive --out wet.wav --budget-s 0
  dafx-bridge match dry.wav reference.wav --plugin auto --out wet.wav"""

_BUDGET_S = 3.0
_MAP_CELLS = (32, 10)


def command(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="The dry recording.")],
    reference: Annotated[
        Path, typer.Argument(metavar="REFERENCE", help="A recording with the sound you want.")
    ],
    out: Annotated[
        Path, typer.Option(help="The processed input: a .wav, .flac, .aiff, .ogg or .mp3.")
    ],
    plugin: PluginOption = None,
    rig: RigOption = None,
    from_host: FromHostOption = None,
    budget_s: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=3600,
            help="Seconds until there is an answer, in which settings are tried by rendering them;"
            " 0 takes the network's answer for a single plugin.",
            show_default=f"{_BUDGET_S:g}; {AUTO_BUDGET_S:g} with --plugin {AUTO}",
        ),
    ] = None,
    bit_depth: BitDepthOption = BitDepth.AS_INPUT,
    as_json: JsonOption = False,
) -> None:
    """Find the setting of a plugin or a chain that brings INPUT to the sound of REFERENCE.

    Where REFERENCE sounds as if nothing were there, INPUT stays as it is but for its level.
    The confidence of a parameter is the probability that it is right within a tenth of its range.
    Where settings were tried, it says how far INPUT is from the sound it should have, how far it is
    expected to be with the answer, between which bounds, and how sure it is that this is nearer: 0
    is identical, below 0.15 hardly audible, 1 clearly different, 3 another world. The long-term
    spectra of two recordings differ by so many dB in the mean, whatever they play. On the plugin's
    sound map, a unit square, neighbours sound alike, whatever is played.

    --plugin auto tries all plugins and rigs, tells how far each is expected to be from the sound
    you want, and takes the nearest.
    """
    library = open_library()
    ranking: Ranking | None = None
    if plugin == AUTO and rig is None:
        # It brings the hosts, which no other match needs.
        from bridge.search.suggestion import candidates

        chains = candidates(library, from_host or "")
        budget = AUTO_BUDGET_S if budget_s is None else budget_s
        result, ranking = match_best(source, reference, chains, library, out, budget, bit_depth)
    elif from_host:
        raise typer.BadParameter(f"--from-host goes with --plugin {AUTO}")
    else:
        chain = chain_from(plugin, rig, library)
        budget = _BUDGET_S if budget_s is None else budget_s
        helped = budget >= WORTH_S and has_free_core()
        with Beside(chain, library) if helped else nullcontext() as beside:
            estimator = Estimator(chain, library)
            result = match_files(source, reference, estimator, out, budget, bit_depth, beside)
    places = _places(result, library)
    for line in result.advice:
        typer.echo(f"WARNING: {line}", err=True)
    if as_json:
        told = _report(result) | {"map": _rounded(places)}
        if ranking:
            from bridge.search.suggestion import ranking_rows

            told["ranking"] = ranking_rows(ranking)
        echo_json(told)
    else:
        if ranking:
            from bridge.cli.suggestions import print_ranking

            print_ranking(ranking)
        _print(result, places, out)


def _report(result: MatchResult) -> dict[str, Any]:
    answer = result.answer
    return {
        "chain": answer.setting.chain.id,
        "slots": [
            {
                "slot": slot.id,
                "plugin": slot.plugin.id,
                "bypass": slot.id in answer.setting.bypassed,
            }
            for slot in answer.setting.chain.slots
        ],
        "parameters": _rows(answer),
        "bypass": answer.bypass,
        "gain_db": round(answer.gain_db, 2),
        "closeness": asdict(answer.closeness.rounded()) if answer.closeness else None,
        "verdict": answer.verdict.value,
        "distance": {
            "before": round(result.distance_before, 4),
            "after": round(result.distance_after, 4),
        },
        "advice": result.advice,
        "tried": result.tried,
        "seconds": round(result.seconds, 3),
    }


Places = dict[str, Position]


def _places(result: MatchResult, library: Library) -> Places | None:
    """Where input, reference and prediction lie on the map; None where there is no map."""
    if not result.answer.trained:
        return None
    (slot,) = result.answer.setting.chain.slots
    try:
        sound_map = load_map(slot.plugin, library)
    except ModelError as error:
        typer.echo(f"no sound map: {error}", err=True)
        return None
    (setting,) = result.answer.setting.settings
    return {
        "input": sound_map.locate(result.played),
        "reference": sound_map.locate(result.goal),
        "prediction": sound_map.position_of(setting),
    }


def _rounded(places: Places | None) -> dict[str, list[float]] | None:
    if places is None:
        return None
    return {name: [round(value, 4) for value in place] for name, place in places.items()}


def _drawn(places: Places) -> str:
    """The square in characters; each place is the first letter of its name."""
    cells = [[" "] * _MAP_CELLS[0] for _ in range(_MAP_CELLS[1])]
    for name, place in places.items():
        column, row = (
            min(int(value * count), count - 1)
            for value, count in zip(place, _MAP_CELLS, strict=True)
        )
        cells[-1 - row][column] = name[0].upper()
    edge = "+" + "-" * _MAP_CELLS[0] + "+"
    key = ", ".join(
        f"{name[0].upper()} {name} ({x:.2f}, {y:.2f})" for name, (x, y) in places.items()
    )
    return "\n".join(
        [
            f"sound map, where neighbours sound alike: {key}",
            edge,
            *("|" + "".join(line) + "|" for line in cells),
            edge,
        ]
    )


def _rows(answer: Answer) -> list[dict[str, Any]]:
    """A row for every parameter; what is held, or no network knows, has no confidence."""
    addresses = [parameter.address for parameter in answer.setting.chain.predicted]
    confidence = dict(zip(addresses, answer.confidence, strict=True))
    return [
        row
        | {"confidence": round(confidence[a], 3) if (a := row["address"]) in confidence else None}
        for row in parameter_rows(answer.setting)
    ]


def _print(result: MatchResult, places: Places | None, out: Path) -> None:
    console, setting = screen(), result.answer.setting
    for slot in setting.chain.slots:
        left_out = slot.id in setting.bypassed and not result.answer.bypass
        console.print(_table(result.answer, slot, ", left out" if left_out else ""))
    console.print(result.answer.advice, soft_wrap=True)
    if closeness := result.answer.closeness:
        console.print("\n".join(closeness.sentences), highlight=False, soft_wrap=True)
    console.print(
        f"long-term spectra: {result.distance_before:.2f} dB from the reference's before,"
        f" {result.distance_after:.2f} dB after",
        soft_wrap=True,
    )
    if result.tried:
        console.print(f"{result.tried} settings tried in {result.seconds:.1f} s")
    if places:
        console.print(_drawn(places), highlight=False)
    console.print(f"wrote {printable(str(out))}", soft_wrap=True)


def _table(answer: Answer, slot: Slot, remark: str) -> Table:
    name = slot.plugin.name if slot.id == slot.plugin.id else f"{slot.plugin.name} ({slot.id})"
    table = Table("parameter", "value", "confidence", title=name + remark)
    for row in _rows(answer):
        if row["slot"] == slot.id:
            spec = slot.plugin.parameter(row["symbol"])
            table.add_row(
                spec.name,
                shown(spec, row["value"]),
                _confidence(slot, row["symbol"], row["confidence"]),
            )
    return table


def _confidence(slot: Slot, symbol: str, share: float | None) -> str:
    if not slot.plugin.parameter(symbol).predicted:
        return "held"
    return "-" if share is None else f"{share:.0%}"
