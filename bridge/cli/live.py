"""`dafx-bridge live`: follow live audio."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Annotated

import typer
from platformdirs import PlatformDirs

from bridge.chain import Chain, Slot
from bridge.cli.engine import LOG
from bridge.cli.heard import Heard
from bridge.cli.options import (
    JsonOption,
    PluginOption,
    RigOption,
    chain_from,
    echo_json,
    require_words,
)
from bridge.cli.orders import Orders
from bridge.cli.printing import printable
from bridge.cli.stopping import stop_on_signals
from bridge.control.kept_values import Preset
from bridge.control.service import Service
from bridge.drive.settings import LiveSettings
from bridge.engine.live import STATUS_S
from bridge.engine.session import Status, Summary
from bridge.errors import BridgeError
from bridge.library import open_library
from bridge.readings import shown

EXAMPLES = """\
  dafx-bridge live --reference ref.wav --plugin mda-overdrive --input 0
      --host embedded://127.0.0.1:9001
  dafx-bridge live --reference ref.wav --rig guitar-amp --input jack
      --host ardour://127.0.0.1:3819/guitar --amount 0.5 --keep
  dafx-bridge live --reference ref.wav --plugin mda-overdrive,mda-delay --input take.wav
      --host embedded://127.0.0.1:9001 --seconds 30 --json"""

_FIRST = LiveSettings()
_MANY_SKIPPED = 0.05
"""Of the hops; fewer are not felt."""


def command(
    reference: Annotated[Path, typer.Option(help="A recording with the sound you want.")],
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
    plugin: PluginOption = None,
    rig: RigOption = None,
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
    ] = _FIRST.amount,
    averaging: Annotated[
        float,
        typer.Option(
            min=0,
            max=60,
            help="How long your playing is remembered beyond the window of 5.5 s: steady or quick.",
        ),
    ] = _FIRST.averaging_s,
    smoothing: Annotated[
        float,
        typer.Option(min=0, max=60, help="Time constant of the parameters' glide, in seconds."),
    ] = _FIRST.glide.attack_s,
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
    `arm` and parameters or slots, hands such knobs over again; `revert` gives the host back its
    values from before, until `arm`. With --json, one status a line and the summary last.
    In the end it tells the values found, and how near it has come.
    """
    for option, text in (("--input", source), ("--host", host)):
        require_words(option, text)
    library = open_library()
    chain = chain_from(plugin, rig, library)
    preset = Preset(
        {
            "/source": (source,),
            "/source/channels": (channels,),
            "/reference": (str(reference),),
            "/chain": (chain.id,),
            "/host": (host,),
            "/amount": (amount,),
            "/averaging": (averaging,),
            "/smoothing": (smoothing,),
            "/attack": (smoothing,),
            "/rendering": (int(rendering),),
        },
        restore=not keep,
    )
    show = _json_status if as_json else _Line(chain).show
    orders = Orders()
    dirs = PlatformDirs("dafx-bridge", appauthor=False)
    folder, log = Path(dirs.user_config_dir), Path(dirs.user_log_dir) / LOG
    with Service(0, library, folder, log, preset) as service:
        service.get_ready()
        for sentence in service.reference_advice:
            typer.echo(f"WARNING: {reference}: {sentence}", err=True)
        for sentence in service.host_advice:
            typer.echo(f"WARNING: {printable(sentence)}", err=True)
        heard = Heard()

        def attend(status: Status) -> None:
            heard.take(status)
            show(status)
            for order in orders.poll():
                _obey(service, order)

        with stop_on_signals() as stop:
            try:
                summary = service.run(stop, seconds, attend)
            finally:
                if not keep and not service.revert():
                    typer.echo("WARNING: the host is gone, and keeps what it was sent", err=True)
    if as_json:
        echo_json({"summary": _figures(summary) | _outcome(summary)})
    else:
        typer.echo(_clear(), nl=False, err=True)
        for line in _found(chain, heard.last):
            typer.echo(line)
        typer.echo(_in_words(summary, chain))
        for line in _troubles(summary):
            typer.echo(line)
    if not (summary.predictions or stop.is_set()):
        # A status is told only so often, so the last one is a little old.
        early = seconds is None or heard.time_s < seconds - 2 * STATUS_S
        heard.explain(source, by_itself=early)


def _obey(service: Service, order: list[str]) -> None:
    try:
        match order:
            case ["arm", *names]:
                service.arm(names)
            case ["revert"]:
                service.revert()
            case _:
                known = "arm, arm PARAMETER or revert"
                typer.echo(f"{' '.join(order)!r} is not known; say {known}", err=True)
    except BridgeError as error:
        typer.echo(f"{_clear()}WARNING: {printable(str(error))}", err=True)


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


def _found(chain: Chain, last: Status | None) -> Iterator[str]:
    """The values that were found, a line a parameter; none where nothing was."""
    if last is None or not last.confidence:
        return
    for parameter in chain.parameters:
        slot, spec = parameter.slot, parameter.spec
        if slot.id not in last.bypass and parameter.address in last.values:
            value = shown(spec, last.values[parameter.address])
            yours = "  (yours)" if parameter.address in last.yielded else ""
            yield f"{parameter.address}  {value}{yours}"
    if last.bypass:
        yield f"bypassed: {', '.join(last.bypass)}"


def _troubles(summary: Summary) -> Iterator[str]:
    """What made following worse than it could be."""
    if summary.lost:
        yield f"audio was lost {summary.lost} times, as nobody read in time"
    if summary.skipped_hops > _MANY_SKIPPED * summary.hops:
        yield (
            f"{summary.skipped_hops} of {summary.hops + summary.skipped_hops} hops were skipped:"
            " this computer is too busy; try --no-rendering"
        )


def _outcome(summary: Summary) -> dict[str, object]:
    """How near the last decision comes; null where nobody knows."""
    closeness = summary.closeness
    return {"closeness": closeness and asdict(closeness), "verdict": summary.verdict}


def _in_words(summary: Summary, chain: Chain) -> str:
    if summary.verdict is None:
        return "how near it is: unknown, as no setting was tried"
    sentences = summary.closeness.sentences if summary.closeness else ()
    return "; ".join((summary.verdict.text(chain), *sentences))


def _json_status(status: Status) -> None:
    echo_json(asdict(status))


class _Line:
    """One line about a chain, for people: in a terminal always the same one."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def show(self, status: Status) -> None:
        """Print it, and a fault on a line of its own."""
        if status.fault:
            typer.echo(f"{_clear()}WARNING: {printable(status.fault)}", err=True)
        if sys.stderr.isatty():
            typer.echo(f"{_clear()}{self._text(status)}", nl=False, err=True)
        elif status.time_s % 1 < 0.25:
            typer.echo(self._text(status), err=True)

    def _text(self, status: Status) -> str:
        return (
            f"{status.time_s:7.1f} s  {status.state:11}  {status.level_db:6.1f} dBFS"
            f"  latency {status.latency_ms:5.2f} ms  {status.sends_per_s:3d} sends/s"
            f"  {status.decisions:3d} decisions  {_distance(status)}{self._slots(status)}"
            f"{'  yours: ' + ' '.join(status.yielded) if status.yielded else ''}"
            f"{'  looking for the host' if status.host_lost else ''}"
        )

    def _slots(self, status: Status) -> str:
        """Values where they fit into a line, else how sure each slot is; and what is left out."""
        if len(self._chain.slots) == 1:
            shown = [(p.spec.symbol, status.values.get(p.address)) for p in self._chain.parameters]
        else:
            shown = [(slot.id, _confidence(slot, status)) for slot in self._chain.slots]
        told = "  ".join(f"{name} {value:.3f}" for name, value in shown if value is not None)
        bypassed = f"bypassed: {' '.join(status.bypass)}  " if status.bypass else ""
        return f"{bypassed}{'' if len(self._chain.slots) == 1 else 'confidence: '}{told}"


def _distance(status: Status) -> str:
    """How far the playing is, and is expected to be; empty where nobody knows."""
    told = status.closeness
    return f"distance {told.now:.2f} to {told.expected:.2f}  " if told else ""


def _confidence(slot: Slot, status: Status) -> float | None:
    """The mean of its parameters'; None where there is none yet."""
    own = [slot.address(spec.symbol) for spec in slot.plugin.predicted]
    shares = [status.confidence[address] for address in own if address in status.confidence]
    return fmean(shares) if shares else None


def _clear() -> str:
    """What takes away the line that a terminal shows."""
    return "\r\033[K" if sys.stderr.isatty() else ""
