"""`dafx-bridge add`: make plugins of this computer known to the bridge."""

from typing import Annotated, Any

import typer

from bridge.adding.add import Added, Adding, Outcome
from bridge.cli.options import JsonOption, echo_json
from bridge.cli.printing import printable
from bridge.errors import EffectError
from bridge.library import user_layer

EXAMPLES = """\
  dafx-bridge add http://guitarix.sourceforge.net/plugins/gxts9#ts9sim
  dafx-bridge add ~/.vst3/MyFuzz.vst3
  dafx-bridge add /usr/lib/lv2/zam-plugins"""


def command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE…", help="An LV2 URI of `dafx-bridge scan`, a .vst3 file, or a folder."
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Try plugins in a process of their own, and add what is an effect to your table.

    Some seconds for each. A plugin that crashes, hangs or eats memory there costs nothing, and is
    named. A parameter that is not heard or is dangerous is held at its default, and it is said.
    What is added can be used at once, as `match --plugin ID`; settings are tried by rendering them,
    in a process of its own again. The entries stand in a file that you can change by hand.
    """
    adding = Adding()
    outcomes: list[Outcome] = []
    for source in sources:
        for outcome in adding.add(source):
            outcomes.append(outcome)
            if as_json:
                echo_json(_row(outcome))
            else:
                _print(outcome)
    if not any(isinstance(outcome, Added) for outcome in outcomes):
        raise EffectError("nothing was added; the reasons stand above")
    if not as_json:
        typer.echo(f"The entries stand in {printable(str(user_layer().manifest))}")


def _print(outcome: Outcome) -> None:
    if not isinstance(outcome, Added):
        typer.echo(printable(f"{outcome.name}: cannot be added: {outcome.reason}"))
        return
    turned = ", ".join(spec.symbol for spec in outcome.plugin.predicted)
    typer.echo(printable(f"{outcome.name}: added as {outcome.plugin.id}; turns {turned}"))
    for symbol, reason in outcome.held.items():
        typer.echo(printable(f"  held: {symbol} ({reason})"))


def _row(outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {
        "source": outcome.source,
        "name": outcome.name,
        "added": isinstance(outcome, Added),
        "seconds": round(outcome.seconds, 2),
    }
    if isinstance(outcome, Added):
        turned = [spec.symbol for spec in outcome.plugin.predicted]
        return row | {"id": outcome.plugin.id, "turns": turned, "held": outcome.held}
    return row | {"reason": outcome.reason}
