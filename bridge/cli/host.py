"""`dafx-bridge host`: the embedded effect host."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.audio.files import require_other_file
from bridge.audio.formats import BitDepth, format_of
from bridge.audio.sinks import DeviceSink, FileSink, NoSink, Sink
from bridge.audio.sources import Source, open_source
from bridge.chain import ChainSetting
from bridge.cli.options import (
    AttachedOption,
    BitDepthOption,
    JsonOption,
    PluginOption,
    RigOption,
    chain_from,
    echo_json,
    parameter_rows,
    require_words,
)
from bridge.cli.stopping import stop_at_end_of_input, stop_on_signals
from bridge.effect_host.server import EmbeddedHostServer
from bridge.errors import DeviceError
from bridge.library import open_library
from bridge.osc import OscSocket

EXAMPLES = """\
  dafx-bridge host --plugin mda-overdrive --input 0 --play 0
  dafx-bridge host --plugin mda-overdrive,mda-delay --input take.wav --out processed.wav
  dafx-bridge host --rig guitar-amp --jack
  dafx-bridge host --plugin pedalboard-distortion --port 9002 --json"""

DEFAULT_PORT = 9001


def command(
    plugin: PluginOption = None,
    rig: RigOption = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="UDP port on loopback; 0 takes a free one.")
    ] = DEFAULT_PORT,
    jack: Annotated[
        bool,
        typer.Option("--jack", help="As an insert: the same as --input jack --play jack."),
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="SOURCE",
            help="Sound device by name or index, 'jack', or a file played as if live.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the result: a .wav, .flac, .aiff, .ogg or .mp3.")
    ] = None,
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
    silent: Annotated[
        bool, typer.Option("--silent", help="Start unheard; /play 1 lets it be heard.")
    ] = False,
    bit_depth: BitDepthOption = BitDepth.AS_INPUT,
    attached: AttachedOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run a chain of effect plugins whose knobs any OSC program on this computer can turn.

    Every parameter has an address, /SLOT/SYMBOL: with a number it is set to that real value,
    without one the current value is sent back. A plugin's slot is its id, or its name in the rig.
    /SLOT/bypass takes 1 to leave the plugin out and 0 to bring it back. /chain with a text, such as
    mda-overdrive,mda-delay, exchanges the chain while it plays; /play 0 silences it, /level takes
    its level in dB. Prints a line when it is ready, and the final values at the end.
    """
    library = open_library()
    chain = chain_from(plugin, rig, library)
    if jack:
        if source or out or play:
            raise typer.BadParameter("--jack chooses input and output; leave the others away")
        source = play = "jack"
    for option, text in (("--input", source), ("--play", play)):
        if text is not None:
            require_words(option, text)
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
        server = EmbeddedHostServer(chain, library, osc := OscSocket(port))
        if live_input is not None:
            sink = _open_sink(live_input, out, play, bit_depth)
        with stop_on_signals() as stop:
            if attached:
                stop_at_end_of_input(stop)
            if as_json:
                slots = [{"slot": slot.id, "plugin": slot.plugin.id} for slot in chain.slots]
                echo_json({"ready": {"plugin": chain.id, "port": osc.port, "chain": slots}})
            else:
                addresses = ", ".join(f"/{name}" for name in ChainSetting.start(chain).all_values)
                typer.echo(f"{chain.name} listens on 127.0.0.1:{osc.port}: {addresses}")
            try:
                frames = server.run(stop, live_input, sink, seconds, not silent)
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
    if isinstance(sink, FileSink):
        for sentence in sink.advice:
            typer.echo(f"WARNING: {out}: {sentence}", err=True)
    _tell_end(frames, server.setting, as_json)


def _tell_end(frames: int, setting: ChainSetting, as_json: bool) -> None:
    rows = parameter_rows(setting)
    bypassed = [slot.id for slot in setting.chain.slots if slot.id in setting.bypassed]
    if as_json:
        plugin = setting.chain.id
        done = {"plugin": plugin, "frames": frames, "parameters": rows, "bypassed": bypassed}
        echo_json({"done": done})
        return
    values = ", ".join(
        f"{row['address']} {row['value']:.3f} {row['unit']}".rstrip() for row in rows
    )
    left_out = f"; bypassed: {', '.join(bypassed)}" if bypassed else ""
    typer.echo(f"{frames} frames processed; {values}{left_out}")


def _open_sink(source: Source, out: Path | None, play: str | None, depth: BitDepth) -> Sink:
    if out:
        kind = format_of(out, depth, source.subtype)
        return FileSink(out, source.sample_rate, source.channels, kind)
    if play:
        return DeviceSink(play, source.sample_rate, source.channels)
    return NoSink()
