"""`dafx-bridge learn`: a predictor for a plugin of the user's own. Training code does the work."""

import sys
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from platformdirs import user_cache_path

from bridge.cli.options import JsonOption, echo_json
from bridge.errors import BridgeError
from bridge.library import open_library, user_layer

EXAMPLES = """\
  dafx-bridge learn my-fuzz
  dafx-bridge learn my-fuzz --audio ~/recordings/dry --minutes 60"""

_TRAINING = "training.learning"
_REMEDY = (
    "learning needs the training code, which is part of a checkout of dafx-bridge, and its"
    " packages: pip install '.[train]' there"
)


def command(
    plugin_id: Annotated[
        str, typer.Argument(metavar="ID", help="Plugin id of `dafx-bridge plugins`.")
    ],
    audio: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of your own dry recordings, beside those that come along; again for more.",
            show_default="none",
        ),
    ] = None,
    minutes: Annotated[
        float, typer.Option(min=1, max=10_000, help="How long it may take, about, on two cores.")
    ] = 15.0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many processes render.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Teach the bridge a plugin: it listens to many settings and trains a network on them.

    The network is kept only where searches with it come nearer on recordings that were held back.
    A run that was stopped goes on where it was. What is kept lies with your own plugins.
    """
    try:
        # By its name: the bridge does not depend on training.
        learning = import_module(_TRAINING)
    except ModuleNotFoundError as error:
        raise BridgeError(f"{_REMEDY} ({error})") from None
    library = open_library()
    wish = learning.Wish(
        plugin=library.manifest.plugin(plugin_id),
        library=library,
        layer=user_layer(),
        cache=user_cache_path("dafx-bridge", appauthor=False) / "learning",
        minutes=minutes,
        audio=tuple(audio or ()),
        workers=workers,
    )
    # Training tells its progress on standard output, which is the answer's here.
    with redirect_stdout(sys.stderr):
        learned = learning.learn(wish, lambda line: typer.echo(line, err=True))
    if as_json:
        echo_json(_report(plugin_id, learned))
    else:
        _print(plugin_id, learned)


def _report(plugin_id: str, learned: Any) -> dict[str, Any]:
    verdict = learned.verdict
    return {
        "plugin": plugin_id,
        "kept": str(learned.kept) if learned.kept else None,
        "clips": learned.clips,
        "cases": len(verdict.cases),
        "gain": {"before": round(verdict.gains[0], 4), "learned": round(verdict.gains[1], 4)},
        "harmed": {"before": round(verdict.harmed[0], 4), "learned": round(verdict.harmed[1], 4)},
        "seconds": round(learned.seconds, 1),
        "rows": [[round(value, 4) for value in vars(case).values()] for case in verdict.cases],
    }


def _print(plugin_id: str, learned: Any) -> None:
    verdict = learned.verdict
    (before, after), (harmed, harmed_after) = verdict.gains, verdict.harmed
    typer.echo(
        f"on {len(verdict.cases)} held-back clips a search takes back {before:.0%} of the distance"
        f" as it was, and {after:.0%} with the network; harmed {harmed:.0%} and {harmed_after:.0%}"
    )
    if learned.kept:
        typer.echo(f"kept: {plugin_id} uses it from now on ({learned.kept})")
    else:
        typer.echo("not kept: the search is as good without it; more --minutes or --audio may help")
