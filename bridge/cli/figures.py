"""`dafx-bridge figures`: pictures of the latent space."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.errors import BridgeError
from bridge.manifest import load_manifest

EXAMPLES = """\
  dafx-bridge figures
  dafx-bridge figures --plugin mda-leslie --audio riff.wav --out /tmp/figures"""

_DEFAULT = ("mda-overdrive", "mda-delay", "mda-ambience", "mda-combo")


def command(
    plugin: Annotated[
        list[str] | None,
        typer.Option(
            help="Plugin id of the manifest; again for more.", show_default=", ".join(_DEFAULT)
        ),
    ] = None,
    audio: Annotated[
        list[Path] | None,
        typer.Option(
            help="A dry recording to draw from; again for more.",
            show_default="three short ones that come with the bridge",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("docs/figures"),
) -> None:
    """Draw what the latent space holds, from the exported models; takes a minute or two.

    For each plugin: what each parameter does in the latent space (interpolation), where settings
    lie by their sound (domain), and its sound map. For all together the effect map.
    """
    try:
        from bridge.figures.hearing import clips_of
        from bridge.figures.run import draw_all
    except ImportError as error:
        missing = (error.name or "a library").split(".")[0]
        raise BridgeError(
            f"figures are drawn with matplotlib, scikit-learn and umap-learn, and {missing} is"
            " missing: pip install 'dafx-bridge[figures]'"
        ) from None
    manifest = load_manifest()
    chosen = [manifest.plugin(name) for name in plugin or _DEFAULT]
    clips = clips_of(audio or ())
    try:
        for path in draw_all(manifest, chosen, clips, out):
            typer.echo(f"wrote {path}")
    except OSError as error:
        raise BridgeError(f"{out}: cannot be written ({error}); give another --out") from None
