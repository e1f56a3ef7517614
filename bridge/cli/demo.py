"""`dafx-bridge demo`: the main job without sound card or DAW."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bridge.cli.options import JsonOption, echo_json, folder_named
from bridge.cli.printing import printable, screen
from bridge.demo.run import run_demo
from bridge.errors import BridgeError

EXAMPLES = """\
  dafx-bridge demo
  dafx-bridge demo --out /tmp/demo --json"""


def command(
    out: Annotated[
        Path, typer.Option(metavar="DIR", parser=folder_named, help="Folder for the results.")
    ] = Path("demo"),
    as_json: JsonOption = False,
) -> None:
    """Match a bundled guitar to a bundled reference, live, and show the result.

    A dry recording plays as the live input of `dafx-bridge live` and of the embedded effect host,
    each in a process of its own, joined by OSC. In about 25 s the folder holds processed.wav,
    picture.png and report.json.
    """
    try:
        from bridge.demo.picture import draw
    except ImportError:
        raise BridgeError(
            "the demo draws a picture with matplotlib: pip install 'dafx-bridge[demo]'"
        ) from None
    if not as_json:
        typer.echo("playing 18 s of guitar into the bridge and the effect host …")
    try:
        out.mkdir(parents=True, exist_ok=True)
        result = run_demo(out)
        draw(result, out / "picture.png")
    except OSError as error:
        raise BridgeError(f"{out}: cannot be written ({error}); give another --out") from None
    if as_json:
        echo_json(result.report)
        return
    table = Table("parameter", "predicted", "true", "unit", title=result.truth.plugin.name)
    for symbol, row in result.report["parameters"].items():
        name = result.truth.plugin.parameter(symbol).name
        table.add_row(name, f"{row['predicted']:.3f}", f"{row['true']:.3f}", row["unit"])
    console = screen()
    console.print(table)
    distance = result.report["distance"]
    console.print(
        f"distance to the reference: {distance['before']:.2f} dB before,"
        f" {distance['after']:.2f} dB after, {distance['true_parameters']:.2f} dB with the true"
        " parameters"
    )
    console.print(
        f"wrote processed.wav, picture.png and report.json to {printable(str(out))}", soft_wrap=True
    )
