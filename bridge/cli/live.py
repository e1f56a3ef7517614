"""`dafx-bridge live`: follow live audio."""

import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bridge.audio.files import read_audio, require_sound
from bridge.audio.sources import open_source, parse_channels
from bridge.cli.options import JsonOption, PluginOption, echo_json
from bridge.cli.orders import Orders
from bridge.cli.stopping import stop_on_signals
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Glide
from bridge.engine.live import LiveEngine
from bridge.engine.session import Status, Summary
from bridge.estimate.matcher import Matcher
from bridge.hosts import connect
from bridge.library import open_library
from bridge.search.worker import SearchWorker

EXAMPLES = """\
  dafx-bridge live --reference ref.wav --plugin mda-overdrive --input 0
      --host embedded://127.0.0.1:9001
  dafx-bridge live --reference ref.wav --plugin mda-overdrive --input jack
      --host ardour://127.0.0.1:3819/guitar --amount 0.5 --keep
  dafx-bridge live --reference ref.wav --plugin mda-overdrive --input take.wav
      --host embedded://127.0.0.1:9001 --seconds 30 --json"""


def command(
    reference: Annotated[Path, typer.Option(help="A recording with the sound you want.")],
    plugin: PluginOption,
    source: Annotated[
        str,
        typer.Option(
            "--input",
            metavar="SOURCE",
            help="Sound device by name or index, 'jack', or a file played as if live.",
        ),
    ],
    host: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="The effect host, such as ardour://127.0.0.1:3819/TRACK/PLUGIN, by names or"
            " numbers; `dafx-bridge hosts` lists all kinds.",
        ),
    ],
    channels: Annotated[
        str,
        typer.Option(help="Which of the source's channels: first, or numbers from 1, as 3 or 1,2."),
    ] = "first",
    seconds: Annotated[
        float | None,
        typer.Option(min=0, max=1e9, help="Stop after so long; else Ctrl-C or end of file."),
    ] = None,
    amount: Annotated[
        float, typer.Option(min=0, max=1, help="0 keeps the host's values, 1 takes the prediction.")
    ] = 1.0,
    memory: Annotated[
        float,
        typer.Option(
            min=0,
            help="How long your playing is remembered beyond the window of 5.5 s: steady or quick.",
        ),
    ] = 1.0,
    smoothing: Annotated[
        float, typer.Option(min=0, help="Time constant of the parameters' glide, in seconds.")
    ] = 0.25,
    rendering: Annotated[
        bool,
        typer.Option(
            "--rendering/--no-rendering",
            help="Try settings on your playing in the background, or let the network answer alone.",
        ),
    ] = True,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep/--restore",
            help="At the end leave the values as they are, or give back those from before.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Listen to SOURCE and turn the host's knobs towards the sound of the reference.

    A knob that you turn in the host is left to you. While it runs, a line of input with `arm`, or
    `arm` and parameters, hands such knobs over again; `revert` gives the host back its values from
    before, until `arm`. With --json, one status a line and the summary last.
    """
    matcher = Matcher(open_library().manifest.plugin(plugin))
    audio, rate = read_audio(reference)
    require_sound(audio, reference)
    analysis = matcher.analyse(audio, rate, str(reference))
    settings = LiveSettings(amount, memory, Glide(smoothing, smoothing))
    with ExitStack() as open_ones:
        target = open_ones.enter_context(connect(host, matcher.plugin))
        live_input = open_ones.enter_context(open_source(source, parse_channels(channels)))
        decider = open_ones.enter_context(SearchWorker(matcher.plugin)) if rendering else None
        engine = open_ones.enter_context(
            LiveEngine(live_input, matcher, analysis, target, settings, decider)
        )
        show = _json_status if as_json else _print_status
        orders = Orders()

        def attend(status: Status) -> None:
            show(status)
            for order in orders.poll():
                _obey(engine, order)

        with stop_on_signals() as stop:
            try:
                summary = engine.run(stop, seconds, attend)
            finally:
                if not keep and not engine.revert():
                    typer.echo("WARNING: the host is gone, and keeps what it was sent", err=True)
    if as_json:
        echo_json({"summary": _figures(summary)})
    else:
        figures = _figures(summary)
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        typer.echo(clear, nl=False, err=True)
        typer.echo("  ".join(f"{name} {value}" for name, value in figures.items()))


def _obey(engine: LiveEngine, order: list[str]) -> None:
    match order:
        case ["arm", *symbols]:
            engine.arm(symbols)
        case ["revert"]:
            engine.revert()
        case _:
            typer.echo(f"{' '.join(order)!r} is not known; say arm, arm SYMBOL or revert", err=True)


def _figures(summary: Summary) -> dict[str, float]:
    return {
        "hops": summary.hops,
        "skipped_hops": summary.skipped_hops,
        "predictions": summary.predictions,
        "sends": summary.sends,
        "lost": summary.lost,
        "decisions": summary.decisions,
        "decision_s": round(summary.decision_s, 2),
        "compute_p50_ms": round(summary.percentile_ms(50), 2),
        "compute_p99_ms": round(summary.percentile_ms(99), 2),
        "compute_max_ms": round(summary.percentile_ms(100), 2),
    }


def _json_status(status: Status) -> None:
    echo_json(asdict(status))


def _print_status(status: Status) -> None:
    values = "  ".join(f"{symbol} {value:.3f}" for symbol, value in status.values.items())
    line = (
        f"{status.time_s:7.1f} s  {status.state:11}  {status.level_db:6.1f} dBFS"
        f"  latency {status.latency_ms:5.2f} ms  {status.sends_per_s:3d} sends/s"
        f"  {status.decisions:3d} decisions  {'bypassed  ' if status.bypass else ''}{values}"
        f"{'  yours: ' + ' '.join(status.yielded) if status.yielded else ''}"
        f"{'  looking for the host' if status.host_lost else ''}"
    )
    clear = "\r\033[K" if sys.stderr.isatty() else ""
    if status.fault:
        typer.echo(f"{clear}WARNING: {status.fault}", err=True)
    if clear:
        typer.echo(f"{clear}{line}", nl=False, err=True)
    elif status.time_s % 1 < 0.25:
        typer.echo(line, err=True)
