"""`dafx-bridge host`: the embedded effect host."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.audio.files import require_other_file
from bridge.audio.sinks import DeviceSink, FileSink, NoSink, Sink
from bridge.audio.sources import Source, open_source
from bridge.cli.options import AttachedOption, JsonOption, PluginOption, echo_json, parameter_rows
from bridge.cli.stopping import stop_at_end_of_input, stop_on_signals
from bridge.effect_host.server import EmbeddedHostServer
from bridge.errors import DeviceError
from bridge.hosts.embedded import address_of
from bridge.library import open_library
from bridge.manifest import BYPASS
from bridge.osc import OscSocket

EXAMPLES = """\
  dafx-bridge host --plugin mda-overdrive --input 0 --play 0
  dafx-bridge host --plugin mda-overdrive --input take.wav --out processed.wav
  dafx-bridge host --plugin pedalboard-distortion --port 9002 --json"""

DEFAULT_PORT = 9001


def command(
    plugin: PluginOption,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="UDP port on loopback; 0 takes a free one.")
    ] = DEFAULT_PORT,
    source: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="SOURCE",
            help="Sound device by name or index, 'jack', or a file played as if live.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the result to this WAV.")] = None,
    play: Annotated[
        str | None,
        typer.Option(
            metavar="DEVICE", help="Play the result on this device; mind feedback from speakers."
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=0, max=1e9, help="Stop after so long; else Ctrl-C or end of file."),
    ] = None,
    repeat: Annotated[
        bool, typer.Option("--repeat", help="Play an input file again and again.")
    ] = False,
    attached: AttachedOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run one effect plugin that any OSC program on this computer can turn the knobs of.

    Every parameter has an address, /PLUGIN/SYMBOL: with a number it is set to that real value,
    without one the current value is sent back. /PLUGIN/bypass takes 1 to leave the plugin out and
    0 to bring it back. Prints a line when it is ready, and the final values at the end.
    """
    spec = open_library().manifest.plugin(plugin)
    if source is None and (out or play):
        raise typer.BadParameter("there is nothing to write or play; give --input")
    if out and play:
        raise typer.BadParameter("the result goes to one place; give --out or --play")
    if source and out:
        require_other_file(out, Path(source))
    live_input = open_source(source, repeat=repeat) if source else None
    server = None
    sink: Sink = NoSink()
    try:
        server = EmbeddedHostServer(spec, osc := OscSocket(port))
        if live_input is not None:
            sink = _open_sink(live_input, out, play)
        with stop_on_signals() as stop:
            if attached:
                stop_at_end_of_input(stop)
            if as_json:
                echo_json({"ready": {"plugin": plugin, "port": osc.port}})
            else:
                symbols = [*(p.symbol for p in spec.parameters), BYPASS]
                listed = ", ".join(address_of(spec.id, symbol) for symbol in symbols)
                typer.echo(f"{spec.name} listens on 127.0.0.1:{osc.port}: {listed}")
            try:
                frames = server.run(stop, live_input, sink, seconds)
            except DeviceError:
                # What was played until the device stopped is kept.
                sink.finish()
                raise
            sink.finish()
    finally:
        sink.close()
        if server is not None:
            server.close()
        if live_input is not None:
            live_input.close()
    rows = parameter_rows(server.setting)
    if as_json:
        echo_json({"done": {"frames": frames, "parameters": rows, "bypass": server.bypassed}})
    else:
        values = ", ".join(f"{row['symbol']} {row['value']:.3f} {row['unit']}" for row in rows)
        typer.echo(f"{frames} frames processed; {values}{', bypassed' if server.bypassed else ''}")


def _open_sink(source: Source, out: Path | None, play: str | None) -> Sink:
    if out:
        return FileSink(out, source.sample_rate, source.channels)
    if play:
        return DeviceSink(play, source.sample_rate, source.channels)
    return NoSink()
