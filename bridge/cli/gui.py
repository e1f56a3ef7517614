"""`dafx-bridge gui`: the desktop application, where Qt is installed."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.options import folder_named
from bridge.control.client import PORT
from bridge.control.state_folder import make_folder
from bridge.errors import BridgeError

EXAMPLES = """\
  dafx-bridge gui
  dafx-bridge gui --port 9011"""


def command(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="UDP port of the engine on loopback.")
    ] = PORT,
    state: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=folder_named, help="Where the engine keeps its state."),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=folder_named, help="Where the window keeps its own."),
    ] = None,
    owned: Annotated[bool, typer.Option("--owned", hidden=True)] = False,
) -> None:
    """Open the window; an engine is started where none answers on the port.

    Closing the window ends the engine that it has started, unless "Keep following when the window
    is closed" is chosen in the File menu. An engine that ran before goes on.
    """
    try:
        # By its name: the bridge depends on no window, and does without where there is none.
        window = import_module("gui.app")
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        raise BridgeError(f"the window needs {missing}; pip install 'dafx-bridge[gui]'") from None
    except ImportError as error:
        raise BridgeError(
            f"Qt cannot be loaded ({error}); install the system's package for it"
        ) from None
    if state:
        make_folder(state, "--state")
    raise typer.Exit(window.run(port, str(state or ""), settings, owned))
