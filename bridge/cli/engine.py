"""`dafx-bridge engine`: the live engine behind its control surface."""

from pathlib import Path
from typing import Annotated

import typer
from platformdirs import PlatformDirs

from bridge.cli.options import AttachedOption, JsonOption, echo_json, folder_named
from bridge.cli.stopping import stop_at_end_of_input, stop_on_signals
from bridge.control import PORT
from bridge.control.logs import logging_to
from bridge.control.oscquery import OscQuery
from bridge.control.service import Service
from bridge.control.state_folder import state_folder
from bridge.library import open_library

EXAMPLES = """\
  dafx-bridge engine
  dafx-bridge engine --port 9010 --query-port 9011 --json"""

LOG = "engine.log"


def command(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="UDP port on loopback; 0 takes a free one.")
    ] = PORT,
    query_port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="TCP port for OSCQuery on loopback; 0: a free one."),
    ] = PORT,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=folder_named,
            help="Where settings and log are kept; else in the system's folder for it.",
        ),
    ] = None,
    attached: AttachedOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run the live engine and steer it over OSC; what it was set to is remembered.

    docs/control-surface.md lists the addresses; any OSC controller on this computer can use them.
    """
    dirs = PlatformDirs("dafx-bridge", appauthor=False)
    folder = state or Path(dirs.user_config_dir)
    log = (state or Path(dirs.user_log_dir)) / LOG
    with (
        state_folder(folder),
        logging_to(log),
        Service(port, open_library(), folder, log) as service,
        OscQuery(query_port, service.surface) as query,
        stop_on_signals() as stop,
    ):
        if attached:
            stop_at_end_of_input(stop)
        ports = {"port": service.surface.port, "query_port": query.port}
        if as_json:
            echo_json({"ready": ports})
        else:
            typer.echo(
                f"the engine listens on 127.0.0.1:{ports['port']} (OSC), and tells its addresses"
                f" on http://127.0.0.1:{ports['query_port']} (OSCQuery); Ctrl-C ends it"
            )
        service.list_choices()
        service.run(stop)
