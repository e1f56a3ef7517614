"""`dafx-bridge discover`: what a host holds."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from bridge.cli.options import JsonOption, echo_json
from bridge.cli.printing import print_table
from bridge.hosts import FoundTrack, discover, listing

EXAMPLES = """\
  dafx-bridge discover --host ardour://127.0.0.1:3819
  dafx-bridge discover --host embedded://127.0.0.1:9001 --json"""


def command(
    host: Annotated[
        str, typer.Option(metavar="URL", help="The host, such as ardour://127.0.0.1:3819.")
    ],
    as_json: JsonOption = False,
) -> None:
    """List a host's tracks, their plugins and parameters with ranges and values.

    The numbers are the host's own; --host URLs take them as well as names.
    """
    with Console(stderr=True).status("asking the host") as status:
        tracks = discover(
            host, lambda done, of: status.update(f"asking the host: {done} of {of} plugins")
        )
    if as_json:
        echo_json(listing(tracks))
        return
    if not tracks:
        typer.echo("the host holds no tracks")
        return
    rows = [row for track in tracks for row in _rows(track)]
    print_table(("track", "plugin", "parameter", "min", "max", "value"), rows)


def _rows(track: FoundTrack) -> Iterator[tuple[str, ...]]:
    """A row for every parameter; what stands above is not said again."""
    name = f"{track.track.key} {track.track.name}"
    if not track.plugins:
        yield name, "", "", "", "", ""
    for found in track.plugins:
        plugin = f"{found.plugin.key} {found.plugin.name}"
        if found.plugin.bypassed:
            plugin += " (bypassed)"
        for parameter in found.parameters:
            numbers = (parameter.min, parameter.max, parameter.value)
            told = ["" if number is None else f"{number:g}" for number in numbers]
            yield name, plugin, f"{parameter.key} {parameter.name}", *told
            name = plugin = ""
        if not found.parameters:
            yield name, plugin, "", "", "", ""
            name = ""
