"""`dafx-bridge discover`: what a host holds."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bridge.cli.marks import Marks, marks_of
from bridge.cli.options import AUTO_BUDGET_S, JsonOption, echo_json
from bridge.cli.printing import print_table, printable
from bridge.hosts import FoundTrack, discover, listing
from bridge.library import open_library

EXAMPLES = """\
  dafx-bridge discover --host ardour://127.0.0.1:3819
  dafx-bridge discover --host embedded://127.0.0.1:9001 --json
  dafx-bridge discover --host ardour://127.0.0.1:3819 --suggest --input dry.wav \\
      --reference reference.wav"""


def command(
    host: Annotated[
        str, typer.Option(metavar="URL", help="The host, such as ardour://127.0.0.1:3819.")
    ],
    suggest: Annotated[
        bool,
        typer.Option("--suggest", help="Rank the known ones by how near they come to --reference."),
    ] = False,
    source: Annotated[
        Path | None, typer.Option("--input", help="For --suggest: dry playing.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="For --suggest: a recording with the sound you want.")
    ] = None,
    budget_s: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds that --suggest may take.")
    ] = AUTO_BUDGET_S,
    as_json: JsonOption = False,
) -> None:
    """List a host's tracks, their plugins and parameters with ranges and values.

    The numbers are the host's own; --host URLs take them as well as names. Each plugin is marked:
    known to the bridge, can be added by the command that is told, or cannot be used and why.
    --suggest says which of the known ones, each alone and those of a track together, is expected
    to come nearest to a reference.
    """
    if suggest:
        _suggest(host, source, reference, budget_s, as_json)
        return
    with Console(stderr=True).status("asking the host") as status:
        tracks = discover(
            host, lambda done, of: status.update(f"asking the host: {done} of {of} plugins")
        )
    marks = marks_of(tracks, open_library().manifest)
    if as_json:
        echo_json(_marked(listing(tracks), marks))
        return
    if not tracks:
        typer.echo("the host holds no tracks")
        return
    rows = [row for track in tracks for row in _rows(track)]
    print_table(("track", "plugin", "parameter", "min", "max", "value"), rows)
    for track in tracks:
        for found in track.plugins:
            mark = marks[track.track.key, found.plugin.key]
            typer.echo(printable(f"{track.track.name}/{found.plugin.name}: {mark}"))


def _suggest(
    host: str, source: Path | None, reference: Path | None, budget_s: float, as_json: bool
) -> None:
    if source is None or reference is None:
        raise typer.BadParameter("--suggest needs --input and --reference")
    # The models, which take long to load, are needed for this alone.
    from bridge.cli.suggestions import print_ranking
    from bridge.search.offline import rank_files
    from bridge.search.suggestion import candidates, ranking_rows

    library = open_library()
    ranking = rank_files(source, reference, candidates(library, host), library, budget_s)
    if as_json:
        echo_json(ranking_rows(ranking))
    else:
        print_ranking(ranking)


def _marked(tracks: list[dict[str, Any]], marks: Marks) -> list[dict[str, Any]]:
    for track in tracks:
        for plugin in track["plugins"]:
            plugin["library"] = asdict(marks[track["key"], plugin["key"]])
    return tracks


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
